/* leti-lua - runs the user's Lua file once, and its function in a copy of itself for each sample.
 *
 * A hook of Lua's ends what runs too long, but none is called inside of a library function, and
 * string.find can take for ever. So there is a timer, too, whose signal ends the process; who waits
 * for that tells of it. That also makes each call start from the same state.
 *
 *     main       receives the setup, and waits
 *     `- server  runs the file, receives samples, and waits
 *        `- copy    makes one call
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "protocol.h"
#include "state.h"

enum { LATER_NS = 100 * 1000000 }; /* the timer comes after the hook, which can say where */

/* ---- ends ---- */

/* Ends this process, by SIGPROF, when it has used so much more processor time; 0: never. */
static bool set_timer(uint64_t ns, struct leti_error *err)
{
    struct itimerval timer = { .it_value = { .tv_sec = (time_t)(ns / 1000000000),
                                             .tv_usec = (suseconds_t)(ns % 1000000000 / 1000) } };
    return setitimer(ITIMER_PROF, &timer, NULL) == 0 ||
           leti_error_set(err, "setitimer: %s", strerror(errno));
}

/* Dies with its parent. */
static void follow(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        _exit(1);
}

/* Waits for the child. False: it did not end well, and *err says how. */
static bool await(const struct state *state, pid_t pid, struct leti_error *err)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return leti_error_set(err, "waitpid: %s", strerror(errno));
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 0 ||
               leti_error_set(err, "%s: ended with status %d", state->file, WEXITSTATUS(status));
    if (WTERMSIG(status) == SIGPROF)
        return leti_error_set(err, "%s: timed out after %g s of processor time", state->file,
                              (double)state->setup.timeout_ns / 1e9);
    return leti_error_set(err, "%s: killed by signal %d (%s)", state->file, WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
}

/* ---- one sample ---- */

static void say(struct sheet *sheet, const char *text)
{
    size_t size = strlen(text);
    memcpy(sheet->feedback, text, size);
    sheet->answer.feedback_size = (uint32_t)size;
    sheet->answer.exception[0] = '\0';
    sheet->answer.n_scores = 0;
    strcpy(sheet->answer.reason, "infrastructure");
    sheet->answer.outcome = ANSWER_BROKEN;
}

/* In the copy. */
__attribute__((noreturn)) static void judge(struct state *state, const struct unpacked *unpacked)
{
    struct leti_error err;
    bool ok = set_timer(state->setup.timeout_ns + LATER_NS, &err) &&
              state_judge(state, &unpacked->sample, &unpacked->problem, &err);
    double seconds = (double)state_clock_ns() / 1e9;
    if (!set_timer(0, &err) || !ok)
        say(state->sheet, err.text);
    state->sheet->answer.seconds = seconds;
    _exit(0);
}

static bool run_copy(struct state *state, const struct unpacked *unpacked, struct leti_error *err)
{
    pid_t server = getpid();
    memset(&state->sheet->answer, 0, sizeof state->sheet->answer);
    pid_t pid = fork();
    if (pid < 0)
        return leti_error_set(err, "fork: %s", strerror(errno));
    if (pid == 0) {
        follow(server);
        judge(state, unpacked);
    }
    return await(state, pid, err);
}

static bool serve_one(struct state *state, const char *payload, size_t size, struct leti_error *err)
{
    struct unpacked unpacked;
    if (!exchange_unpack(payload, size, &unpacked, err))
        return false;
    if (!run_copy(state, &unpacked, err))
        say(state->sheet, err->text);
    free(unpacked.extra);
    const struct sheet *sheet = state->sheet;
    struct part parts[] = { { &sheet->answer, sizeof sheet->answer },
                            { sheet->feedback, sheet->answer.feedback_size },
                            { sheet->printed, sheet->answer.printed_size } };
    return message_send(HELPER_SOCKET, MESSAGE_RESULT, parts, 3, err);
}

/* ---- the server ---- */

static bool receive_setup(struct state *state, struct leti_error *err)
{
    char *message;
    size_t size;
    if (!message_receive(HELPER_SOCKET, INT64_MAX, MESSAGE_SETTINGS, &message, &size, err))
        return false;
    struct setup *setup = &state->setup;
    if (size < sizeof *setup)
        return leti_error_set(err, "a setup of %zu bytes", size);
    memcpy(setup, message, sizeof *setup);
    if (setup->function_size > size - sizeof *setup)
        return leti_error_set(err, "a setup that makes no sense");
    const char *function = message + sizeof *setup;
    state->function = strndup(function, setup->function_size);
    state->file = function + setup->function_size; /* the message stays */
    return state->function || leti_error_set(err, "no memory");
}

static bool share_sheet(struct state *state, struct leti_error *err)
{
    state->sheet =
        mmap(NULL, sizeof *state->sheet, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return state->sheet != MAP_FAILED || leti_error_set(err, "mmap: %s", strerror(errno));
}

static bool run_file(struct state *state, struct leti_error *err)
{
    return set_timer(state->setup.timeout_ns + LATER_NS, err) && state_open(state, err) &&
           set_timer(0, err);
}

static void serve(struct state *state, struct leti_error *err)
{
    char *message;
    size_t size;
    bool ok = true;
    while (ok && message_receive(HELPER_SOCKET, INT64_MAX, MESSAGE_PROGRAM, &message, &size, err)) {
        ok = serve_one(state, message, size, err);
        free(message);
    }
}

static void send_failure(const struct leti_error *err)
{
    struct leti_error ignored;
    struct part text = { err->text, strlen(err->text) };
    (void)message_send(HELPER_SOCKET, MESSAGE_FAILED, &text, 1, &ignored);
}

__attribute__((noreturn)) static void be_server(struct state *state)
{
    struct leti_error err;
    if (!share_sheet(state, &err) || !run_file(state, &err)) {
        send_failure(&err);
        _exit(0);
    }
    struct part printed = { state->sheet->printed, state->sheet->answer.printed_size };
    if (message_send(HELPER_SOCKET, MESSAGE_READY, &printed, 1, &err))
        serve(state, &err);
    _exit(0);
}

int main(void)
{
    struct state state = { 0 };
    struct leti_error err;
    pid_t self = getpid();
    if (!receive_setup(&state, &err)) {
        send_failure(&err);
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        follow(self);
        be_server(&state);
    }
    if (pid < 0)
        leti_error_set(&err, "fork: %s", strerror(errno));
    if (pid < 0 || !await(&state, pid, &err))
        send_failure(&err);
    return 0;
}
