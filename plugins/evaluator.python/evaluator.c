/* evaluator.python - runs a Python program with its tests in a jail, and says what Python says.
 *
 * This file is the stage itself: options in, verdicts out. interpreter.c starts the zygote, an
 * interpreter that has everything imported; zygote.c and child.c run inside it. The jail is that
 * of every evaluator that runs programs (../jail).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "interpreter.h"
#include "jailer.h"
#include "program.h"
#include "protocol.h"

struct evaluator {
    struct jail_options jail;
    const char *python, *prelude;
    struct leti_list preload, paths;

    char *path; /* of the interpreter */
    struct jailer jailer;
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

/* ---- the stage ---- */

static bool start_zygote(void *evaluator, struct launched *out, struct leti_error *err)
{
    const struct evaluator *self = evaluator;
    struct leti_bytes prelude = { self->prelude, strlen(self->prelude) };
    return interpreter_start(self->path, &self->paths, &self->preload, &self->jailer.settings,
                             prelude, out, err);
}

/* A program that needs what every program needs: modules that are not loaded yet, its folder. */
static bool probe(struct evaluator *self, struct leti_error *err)
{
    static const char text[] = "import colorsys";
    static const char write[] = "\nimport tempfile\nwith tempfile.TemporaryFile() as file:\n"
                                "    file.write(b'x')\n";
    struct program program = { .tests_from = sizeof text - 1, .tests_line = 1 };
    struct part parts[] = { { &program, sizeof program },
                            { text, sizeof text - 1 },
                            { write, sizeof write - 1 } };
    /* Without namespaces there is no folder to write to. */
    return jailer_probe(&self->jailer, parts, self->jailer.settings.namespaces ? 3 : 2, err);
}

static enum leti_status start(void *instance, const struct leti_host *host)
{
    struct evaluator *self = instance;
    struct leti_error err;
    if (interpreter_find(self->python, &self->path, &err) &&
        jailer_open(&self->jailer, host, &self->jail, start_zygote, self, &err)) {
        if (probe(self, &err)) {
            host->log(host, LETI_LOG_INFO, "runs programs with %s", self->path);
            return LETI_OK;
        }
        jailer_close(&self->jailer);
    }
    free(self->path);
    return host->fail(host, "%s", err.text);
}

static void stop(void *instance)
{
    struct evaluator *self = instance;
    jailer_close(&self->jailer);
    free(self->path);
}

static enum leti_status evaluate(void *instance, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *self = instance;
    const struct leti_problem *problem = sample->problem;
    struct leti_bytes setup = jailer_extra(problem, "setup", (struct leti_bytes){ "", 0 });
    struct leti_bytes prompt = jailer_extra(problem, "run_prompt", problem->prompt);
    struct leti_bytes text[] = { prompt, sample->program, { "\n", 1 }, problem->tests };
    size_t before = prompt.size + sample->program.size + 1;
    if (setup.size + before + problem->tests.size > MESSAGE_MAX - sizeof(struct program)) {
        static const char why[] = "the program is longer than 64 MiB\n";
        *out = (struct leti_verdict){ .outcome = LETI_FAILED,
                                      .reason = "memory",
                                      .exception = "",
                                      .feedback = { why, sizeof why - 1 } };
        return LETI_OK;
    }
    struct program program = { .setup_size = (uint32_t)setup.size,
                               .tests_from = (uint32_t)before,
                               .tests_line = line_after(text, 3) };
    struct part parts[6] = { { &program, sizeof program }, { setup.data, setup.size } };
    for (size_t i = 0; i < 4; i++)
        parts[i + 2] = (struct part){ text[i].data, text[i].size };
    jailer_judge(&self->jailer, parts, 6, out);
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
    JAIL_OPTIONS(struct evaluator, jail),
    LETI_OPT_LIST(struct evaluator, preload, PRELOAD, 0, 256,
                  "modules that are imported once instead of by every program"),
    LETI_OPT_TEXT(struct evaluator, prelude, "",
                  "Python code that runs before every program, in the same namespace"),
    LETI_OPT_LIST(struct evaluator, paths, "", 0, 64,
                  "folders in front of sys.path, which programs can read"),
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
