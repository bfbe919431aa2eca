/* evaluator.python - runs a Python program with its tests in a jail, and says what Python says.
 *
 * This file is the stage itself: options in, verdicts out. interpreter.c starts the zygote, an
 * interpreter that has everything imported; zygote.c, child.c and jail.c run inside it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "interpreter.h"
#include "protocol.h"

struct evaluator {
    const char *python, *isolation;
    double timeout;
    int64_t memory, output, disk, files;
    struct leti_list preload;

    const struct leti_host *host;
    struct settings settings;
    char *path; /* of the interpreter */
    struct interpreter interpreter;
};

/* ---- the text that is run ---- */

/* The line, from 1, after n texts. Python ends a line at a line feed, a carriage return, or one
 * after the other, be the texts' border between them. */
static uint32_t line_after(const struct leti_bytes *text, size_t n)
{
    uint32_t line = 1;
    char before = '\0';
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < text[i].size; j++) {
            char c = text[i].data[j];
            line += c == '\r' || (c == '\n' && before != '\r');
            before = c;
        }
    return line;
}

static struct leti_bytes prompt_to_run(const struct leti_problem *problem)
{
    for (size_t i = 0; i < problem->n_extra; i++)
        if (strcmp(problem->extra[i].key, "run_prompt") == 0)
            return problem->extra[i].value;
    return problem->prompt;
}

/* ---- verdicts ---- */

static const char *reason_of(enum ending ending)
{
    static const char *const reasons[] = {
        [ENDING_NONE] = "infrastructure", [ENDING_PASSED] = "passed",
        [ENDING_EXCEPTION] = "exception", [ENDING_MEMORY] = "memory",
        [ENDING_EXITED] = "exited",       [ENDING_SUSPICIOUS] = "suspicious",
        [ENDING_TIMEOUT] = "timeout",     [ENDING_OUTPUT] = "output",
        [ENDING_KILLED] = "killed",       [ENDING_BROKEN] = "infrastructure",
    };
    return reasons[ending <= ENDING_BROKEN ? ending : ENDING_BROKEN];
}

static char *copy_text(const struct leti_host *host, const char *text, size_t size)
{
    char *copy = host->alloc(host, size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static void verdict_broken(const struct leti_host *host, const char *why, struct leti_verdict *out)
{
    size_t size = strlen(why);
    *out = (struct leti_verdict){ .outcome = LETI_INFRA,
                                  .reason = reason_of(ENDING_BROKEN),
                                  .exception = "",
                                  .feedback = { copy_text(host, why, size), size } };
}

static void verdict_from(const struct leti_host *host, const struct result *result,
                         struct leti_verdict *out)
{
    const char *exception = (const char *)(result + 1);
    const char *feedback = exception + result->exception_size;
    enum leti_outcome outcome = LETI_FAILED;
    if (result->ending == ENDING_PASSED)
        outcome = LETI_PASSED;
    if (result->ending == ENDING_NONE || result->ending >= ENDING_BROKEN)
        outcome = LETI_INFRA;
    *out = (struct leti_verdict){
        .outcome = outcome,
        .reason = reason_of((enum ending)result->ending),
        .exception = copy_text(host, exception, result->exception_size),
        .feedback = { copy_text(host, feedback, result->feedback_size), result->feedback_size },
        .seconds = (double)result->ns / 1e9,
    };
}

/* ---- the stage ---- */

static bool start_interpreter(struct evaluator *self, struct leti_error *err)
{
    return interpreter_start(self->path, &self->preload, &self->settings, &self->interpreter, err);
}

/* A program that needs what every program needs: modules that are not loaded yet, its folder. */
static bool probe(struct evaluator *self, struct leti_error *err)
{
    static const char text[] = "import colorsys";
    static const char write[] = "\nimport tempfile\nwith tempfile.TemporaryFile() as file:\n"
                                "    file.write(b'x')\n";
    struct leti_bytes parts[] = { { text, sizeof text - 1 }, { write, sizeof write - 1 } };
    struct program program = { .tests_from = sizeof text - 1, .tests_line = 1 };
    struct result *result;
    size_t n = self->settings.namespaces ? 2 : 1; /* without them there is no folder to write to */
    if (!interpreter_run(&self->interpreter, &self->settings, &program, parts, n, &result, err))
        return false;
    bool ok = result->ending == ENDING_PASSED;
    if (!ok)
        leti_error_set(err, "a trivial program fails in the jail (%s): %.*s",
                       reason_of((enum ending)result->ending), (int)result->feedback_size,
                       (const char *)(result + 1) + result->exception_size);
    free(result);
    return ok;
}

static enum leti_status start(void *instance, const struct leti_host *host)
{
    struct evaluator *self = instance;
    struct leti_error err;
    self->host = host;
    self->interpreter.socket = -1;
    self->settings = (struct settings){
        .namespaces = strcmp(self->isolation, "namespaces") == 0,
        .files = (uint32_t)self->files,
        .timeout_ns = (uint64_t)(self->timeout * 1e9),
        .memory_bytes = (uint64_t)self->memory << 20,
        .output_bytes = (uint64_t)self->output << 20,
        .disk_bytes = (uint64_t)self->disk << 20,
    };
    if (!self->settings.namespaces)
        host->log(host, LETI_LOG_WARN,
                  "isolation is \"process\": programs run with limits and cannot write files, "
                  "open sockets or start processes, but they can read this machine's files");
    if (interpreter_find(self->python, &self->path, &err) && start_interpreter(self, &err) &&
        probe(self, &err)) {
        host->log(host, LETI_LOG_INFO, "runs programs with %s", self->path);
        return LETI_OK;
    }
    interpreter_stop(&self->interpreter);
    free(self->path);
    return host->fail(host, "%s", err.text);
}

static void stop(void *instance)
{
    struct evaluator *self = instance;
    interpreter_stop(&self->interpreter);
    free(self->path);
}

static enum leti_status evaluate(void *instance, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *self = instance;
    struct leti_error err;
    struct leti_bytes prompt = prompt_to_run(sample->problem);
    struct leti_bytes text[] = { prompt, sample->program, { "\n", 1 }, sample->problem->tests };
    size_t before = prompt.size + sample->program.size + 1;
    if (before + sample->problem->tests.size > MESSAGE_MAX - sizeof(struct program)) {
        static const char why[] = "the program is longer than 64 MiB\n";
        *out = (struct leti_verdict){ .outcome = LETI_FAILED,
                                      .reason = reason_of(ENDING_MEMORY),
                                      .exception = "",
                                      .feedback = { why, sizeof why - 1 } };
        return LETI_OK;
    }
    struct result *result;
    struct program program = { .tests_from = (uint32_t)before, .tests_line = line_after(text, 3) };
    if (self->interpreter.pid == 0 && !start_interpreter(self, &err)) {
        verdict_broken(self->host, err.text, out);
        return LETI_OK;
    }
    if (!interpreter_run(&self->interpreter, &self->settings, &program, text, 4, &result, &err)) {
        interpreter_stop(&self->interpreter); /* the next sample starts another */
        verdict_broken(self->host, err.text, out);
        return LETI_OK;
    }
    verdict_from(self->host, result, out);
    free(result);
    return LETI_OK;
}

/* Modules that short programs use, and that import nothing which would show. */
#define PRELOAD                                                                                    \
    "math\ncmath\nre\nsys\nos\nstring\ncollections\nitertools\nfunctools\noperator\nheapq\n"       \
    "bisect\nrandom\ncopy\ntyping\ndatetime\ndecimal\nfractions\nstatistics\ntime\njson"

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct evaluator, python, "python3",
                  "interpreter that runs the programs, CPython 3.8 or later: a path, or a name "
                  "that is looked up in PATH"),
    LETI_OPT_REAL(struct evaluator, timeout, "5", 0.01, 3600,
                  "wall-clock limit of one program, in seconds"),
    LETI_OPT_INT(struct evaluator, memory, "1024", 64, 1 << 20,
                 "address space of one program, in MiB"),
    LETI_OPT_INT(struct evaluator, output, "16", 1, 1 << 20,
                 "what a program may write to stdout and stderr, in MiB"),
    LETI_OPT_INT(struct evaluator, disk, "64", 1, 1 << 20,
                 "what a program may write to files in its working folder, in MiB"),
    LETI_OPT_INT(struct evaluator, files, "64", 8, 65536, "files that a program may have open"),
    LETI_OPT_CHOICE(struct evaluator, isolation, "namespaces", "namespaces|process",
                    "what keeps programs in: namespaces of their own, or, where the machine "
                    "does not allow these, limits and a system call filter alone"),
    LETI_OPT_LIST(struct evaluator, preload, PRELOAD, 0, 256,
                  "modules that are imported once instead of by every program"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = "evaluator.python",
    .version = "0.1.0",
    .summary = "runs Python programs with their tests in a jail; feedback is the traceback",
    .instance_size = sizeof(struct evaluator),
    .options = options,
    .start = start,
    .stop = stop,
    .evaluator = { .evaluate = evaluate, .deterministic = true },
};
