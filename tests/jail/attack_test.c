/* attack_test - every program in the folder attacks is judged as its first lines say, leaves no
 * trace on the machine, and does nothing to the program after it.
 *
 * A program's comments before its first other line say, each on a line of its own:
 *
 *     # What it tries, in words.
 *     # expect: timeout|memory "what the feedback holds"
 *     # tests: assert f(1) == 2
 *     # option: timeout=1
 *     # open: why it is judged wrongly so far
 *
 * expect gives the reasons that are right; the text may be left out. Lines of tests are appended
 * to the program, by default the one above. What is open is told, and must still leave nothing. An
 * argument picks programs by a pattern ("exit_*").
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "leftover.h"

/* In the name of whatever the programs try to leave, and the port that they try to listen on. */
#define MARK "leti-attack"
#define PORT ":B809 "    /* 47113, as /proc/net has it */
#define BAIT "leti-bait" /* what they look for: a file in /tmp, and an abstract socket */

enum { LINE_MAX_ = 512, GROWTH_KIB = 16 << 10, PATIENCE_MS = 5000 };

/* ---- the programs ---- */

struct attack {
    char *name, *text;
    size_t size;
    char reasons[LINE_MAX_], says[LINE_MAX_], options[LINE_MAX_], tests[4096];
    bool open;
};

static struct attack *attacks;
static size_t n_attacks;

static void append(char *out, size_t size, const char *line, size_t n)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%.*s\n", (int)n, line);
}

/* timeout|memory "text" */
static bool parse_expect(struct attack *attack, const char *line, size_t n)
{
    const char *quote = memchr(line, '"', n);
    size_t size = quote ? (size_t)(quote - line) : n;
    while (size > 0 && line[size - 1] == ' ')
        size--;
    snprintf(attack->reasons, sizeof attack->reasons, "|%.*s|", (int)size, line);
    if (!quote)
        return size > 0;
    const char *end = memrchr(line, '"', n);
    snprintf(attack->says, sizeof attack->says, "%.*s", (int)(end - quote) - 1, quote + 1);
    return size > 0 && end > quote;
}

static bool parse_line(struct attack *attack, const char *line, size_t n)
{
    static const char expect[] = "# expect: ", tests[] = "# tests: ", option[] = "# option: ",
                      hole[] = "# open: ";
    if (n >= sizeof expect && strncmp(line, expect, sizeof expect - 1) == 0)
        return parse_expect(attack, line + sizeof expect - 1, n - (sizeof expect - 1));
    if (n >= sizeof tests && strncmp(line, tests, sizeof tests - 1) == 0)
        append(attack->tests, sizeof attack->tests, line + sizeof tests - 1,
               n - (sizeof tests - 1));
    if (n >= sizeof option && strncmp(line, option, sizeof option - 1) == 0)
        append(attack->options, sizeof attack->options, line + sizeof option - 1,
               n - (sizeof option - 1));
    attack->open = attack->open || strncmp(line, hole, sizeof hole - 1) == 0;
    return true;
}

static bool parse(struct attack *attack)
{
    for (const char *line = attack->text, *end; *line == '#'; line = end + 1) {
        end = strchr(line, '\n');
        if (!end || !parse_line(attack, line, (size_t)(end - line)))
            return false;
    }
    if (!attack->tests[0])
        strcpy(attack->tests, "assert f(1) == 2\n");
    return attack->reasons[0] != '\0';
}

static bool load(struct attack *attack, const char *folder, const char *name)
{
    char path[8192];
    size_t room = 1 << 16;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    attack->name = strdup(name);
    attack->text = calloc(1, room);
    bool ok = file && attack->name && attack->text;
    if (ok)
        attack->size = fread(attack->text, 1, room - 1, file);
    if (file)
        fclose(file);
    return ok && attack->size > 0 && attack->size < room - 1 && parse(attack);
}

/* Those with the same options stand together: they share an evaluator. */
static int by_options(const void *a, const void *b)
{
    const struct attack *x = a, *y = b;
    int order = strcmp(x->options, y->options);
    return order ? order : strcmp(x->name, y->name);
}

static int is_program(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && strcmp(entry->d_name + n - 3, ".py") == 0;
}

static bool load_all(void)
{
    char folder[4096];
    struct dirent **entries;
    const char *source = getenv("LETI_SOURCE_DIR");
    snprintf(folder, sizeof folder, "%s/tests/jail/attacks", source ? source : ".");
    int n = scandir(folder, &entries, is_program, alphasort);
    attacks = n > 0 ? calloc((size_t)n, sizeof *attacks) : NULL;
    for (int i = 0; attacks && i < n; i++) {
        if (!load(&attacks[n_attacks++], folder, entries[i]->d_name)) {
            fprintf(stderr, "%s: cannot be read, or expects nothing\n", entries[i]->d_name);
            return false;
        }
        free(entries[i]);
    }
    if (!attacks) {
        fprintf(stderr, "%s: no programs\n", folder);
        return false;
    }
    free(entries);
    qsort(attacks, n_attacks, sizeof *attacks, by_options);
    return true;
}

static void unload_all(void)
{
    for (size_t i = 0; i < n_attacks; i++) {
        free(attacks[i].name);
        free(attacks[i].text);
    }
    free(attacks);
}

/* ---- what is on the machine ---- */

struct traces {
    size_t processes, descriptors, their_descriptors, files, sysv, keys, sockets;
    size_t warden_kib;
    char mounts[1 << 16], warden_mounts[1 << 16];
};

static void traces_take(struct traces *out)
{
    pid_t family[FAMILY_MAX];
    memset(out, 0, sizeof *out);
    out->processes = find_family(family);
    out->descriptors = count_entries("/proc/self/fd", NULL);
    /* The warden is the child of our child, which waits for it outside of its namespaces. Its own
     * children are programs. */
    for (size_t i = 0; i < 2 && i < out->processes; i++)
        out->their_descriptors += count_descriptors(family[i]);
    out->files = count_entries("/tmp", MARK) + count_entries("/var/tmp", MARK) +
                 count_entries("/dev/shm", MARK) + count_entries("/dev/mqueue", MARK);
    out->sysv = count_lines("/proc/sysvipc/shm", NULL) + count_lines("/proc/sysvipc/sem", NULL) +
                count_lines("/proc/sysvipc/msg", NULL);
    out->keys = count_lines("/proc/keys", MARK);
    out->sockets = count_lines("/proc/net/unix", MARK) + count_lines("/proc/net/tcp", PORT) +
                   count_lines("/proc/net/udp", PORT);
    if (!read_mounts(getpid(), out->mounts, sizeof out->mounts))
        out->mounts[0] = '\0';
    if (out->processes >= 2) {
        out->warden_kib = private_kib(family[1]);
        if (!read_mounts(family[1], out->warden_mounts, sizeof out->warden_mounts))
            out->warden_mounts[0] = '\0';
    }
}

/* What there is more of, or NULL. */
static const char *traces_compare(const struct traces *before, const struct traces *after)
{
    return after->processes > before->processes                   ? "processes"
           : after->descriptors > before->descriptors             ? "descriptors of the host"
           : after->their_descriptors > before->their_descriptors ? "descriptors of the warden"
           : after->files > before->files                         ? "files"
           : after->sysv > before->sysv                           ? "System V objects"
           : after->keys > before->keys                           ? "keys"
           : after->sockets > before->sockets                     ? "sockets"
           : after->warden_kib > before->warden_kib + GROWTH_KIB  ? "memory of the warden"
           : strcmp(after->mounts, before->mounts) != 0           ? "mounts of the host"
           : strcmp(after->warden_mounts, before->warden_mounts)  ? "mounts of the warden"
                                                                  : NULL;
}

/* What is left, or NULL. The kernel may be at the end of a process and the warden at the start of
 * the next, so this waits; and what was there before only looks like more while it is unsettled,
 * so that the least that was ever seen counts. */
static const char *traces_left(struct traces *least)
{
    static struct traces now;
    const char *what = NULL;
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        traces_take(&now);
        what = traces_compare(least, &now);
        if (!what) {
            least->descriptors = now.descriptors;
            least->their_descriptors = now.their_descriptors;
            return NULL;
        }
        poll(NULL, 0, 10);
    }
    return what;
}

/* ---- the evaluator ---- */

static struct {
    struct fake_host fake;
    bool started;
    char options[LINE_MAX_];
    struct traces least;
} evaluator;

/* Passes where nothing of the program before it is to be seen. */
static const char ordinary[] = "import os, signal, sys, threading\n"
                               "assert os.listdir('.') == []\n"
                               "assert not os.environ\n"
                               "assert len(os.listdir('/tmp')) == 0\n"
                               "with open('mine', 'w') as file:\n    file.write('x' * 100000)\n"
                               "assert threading.active_count() == 1\n"
                               "assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL\n"
                               "assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)\n"
                               "assert os.umask(0o22) == 0o22\n"
                               "assert sys.getrecursionlimit() == 1000\n"
                               "def f(x):\n    return x + 1\n";

static void assert_ordinary_passes(void)
{
    struct leti_verdict v = judge(&evaluator.fake, ordinary, "assert f(1) == 2\n");
    if (v.outcome != LETI_PASSED)
        fail_msg("an ordinary program is judged %s:\n%s", v.reason, v.feedback.data);
}

static void evaluator_close(void)
{
    if (evaluator.started)
        fake_close(&evaluator.fake, true);
    evaluator.started = false;
}

/* Sets the options, NAME=VALUE each on a line, in place: the evaluator keeps the values. */
static bool set_options(char *lines)
{
    for (char *line = lines, *end; *line; line = end + 1) {
        char *equals = strchr(line, '=');
        end = strchr(line, '\n');
        if (!equals || !end)
            return false;
        *equals = *end = '\0';
        if (!fake_set(&evaluator.fake, line, equals + 1))
            return false;
    }
    return true;
}

static void evaluator_open(const char *options)
{
    static char values[LINE_MAX_];
    if (evaluator.started && strcmp(evaluator.options, options) == 0)
        return;
    evaluator_close();
    snprintf(values, sizeof values, "%s", options);
    snprintf(evaluator.options, sizeof evaluator.options, "%s", options);
    assert_true(fake_open(&evaluator.fake, PLUGIN));
    if (!set_options(values) || !fake_start(&evaluator.fake))
        fail_msg("%s%s", options, evaluator.fake.said);
    evaluator.started = true;
    assert_ordinary_passes();
    assert_ordinary_passes();
    traces_take(&evaluator.least);
}

/* ---- the tests ---- */

static bool is_expected(const struct attack *attack, const char *reason)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "|%s|", reason);
    return strstr(attack->reasons, wanted) != NULL;
}

static enum leti_outcome outcome_of(const char *reason)
{
    return strcmp(reason, "passed") == 0           ? LETI_PASSED
           : strcmp(reason, "infrastructure") == 0 ? LETI_INFRA
                                                   : LETI_FAILED;
}

static void is_judged_rightly_and_leaves_nothing(void **state)
{
    const struct attack *attack = *state;
    evaluator_open(attack->options);
    struct leti_problem problem = { .id = attack->name,
                                    .prompt = bytes_of(""),
                                    .tests = bytes_of(attack->tests) };
    struct leti_verdict v =
        fake_judge(&evaluator.fake, &problem, (struct leti_bytes){ attack->text, attack->size });
    bool right = is_expected(attack, v.reason) && v.outcome == outcome_of(v.reason) &&
                 strstr(v.feedback.data, attack->says);
    char *said = strdup(v.feedback.data), *reason = strdup(v.reason);
    assert_true(said && reason && v.feedback.size <= 64 << 10);
    assert_ordinary_passes();
    const char *left = traces_left(&evaluator.least);
    if (left)
        evaluator_close(); /* the next one starts clean */
    if (attack->open)
        print_message("%s: %s\n", attack->name, right ? "closed by now" : "open");
    else if (!right)
        fail_msg("expected %s \"%s\", is %s:\n%s", attack->reasons, attack->says, reason, said);
    free(said);
    free(reason);
    if (left)
        fail_msg("leaves %s", left);
}

static int bait = -1;

/* Another test may have laid out the same at the same time. */
static int group_setup(void **state)
{
    (void)state;
    struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0" BAIT };
    int file = open("/tmp/" BAIT, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0)
        close(file);
    bait = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bait < 0 || (bind(bait, (struct sockaddr *)&name, sizeof name) != 0 && errno != EADDRINUSE))
        return -1;
    /* Whoever is orphaned below us becomes our child, and is counted. */
    return access("/tmp/" BAIT, R_OK) == 0 && setenv("LETI_BAIT", BAIT, 1) == 0 &&
                   prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
               ? 0
               : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    char byte;
    evaluator_close();
    bool untouched = recv(bait, &byte, 1, MSG_DONTWAIT) < 0;
    close(bait);
    (void)unlink("/tmp/" BAIT); /* it may be another user's */
    return untouched ? 0 : -1;
}

static int run(void)
{
    struct CMUnitTest *tests = calloc(n_attacks, sizeof *tests);
    if (!tests)
        return 1;
    for (size_t i = 0; i < n_attacks; i++)
        tests[i] = (struct CMUnitTest){ .name = attacks[i].name,
                                        .test_func = is_judged_rightly_and_leaves_nothing,
                                        .initial_state = &attacks[i] };
    int rc = _cmocka_run_group_tests("attacks", tests, n_attacks, group_setup, group_teardown);
    free(tests);
    return rc;
}

/* The programs are read first: an ordinary user may have no way to them. */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    if (!load_all())
        return 1;
    int rc = run_as_asked(run);
    unload_all();
    return rc;
}
