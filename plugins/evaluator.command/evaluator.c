/* evaluator.command - compiles and runs programs of any language in a jail; exit status 0 passes.
 *
 * This file is the stage itself: options in, verdicts out. leti-jail, which main.c and what is
 * beside it make, is where programs run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "helper.h"
#include "jail.h"
#include "jailer.h"
#include "job.h"
#include "languages.h"
#include "template.h"

struct evaluator {
    const char *language, *file, *compile, *run, *template;
    double timeout, compile_timeout;
    int64_t memory, output, disk, files, processes;
    bool reserve;
    struct leti_list paths;

    const struct leti_host *host;
    struct job job;               /* what is the same for every program */
    char *words[2], *programs[2]; /* memory of the two commands */
    char *helper, *shown;         /* its path; folders to show, one a line */
    struct jailer jailer;
};

/* ---- commands ---- */

static const char *or_else(const char *text, const char *preset)
{
    return *text ? text : preset;
}

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Whether the program, a path without links, is in sight where it is to run. */
static bool check_sight(const struct evaluator *self, const struct command *command,
                        struct leti_error *err)
{
    static const char *const shown[] = { "/usr", "/bin", "/sbin", "/lib" };
    bool found = command->path[0] != '/';
    for (size_t i = 0; i < sizeof shown / sizeof *shown && !found; i++)
        found = is_below(command->path, shown[i]);
    for (size_t i = 0; i < self->paths.n && !found; i++) {
        char *folder = realpath(self->paths.items[i], NULL);
        found = folder && is_below(command->path, folder);
        free(folder);
    }
    return found || leti_error_set(err,
                                   "%s is %s, which the jail does not show: add a folder that "
                                   "it is in to paths",
                                   command->arguments[0], command->path);
}

/* Adds to an error how the program may be had. */
static bool add_package(const struct language *language, struct leti_error *err)
{
    return leti_error_set(err, "%s%s%s%s%s", err->text, *language->package ? "; for " : "",
                          *language->package ? language->name : "",
                          *language->package ? ": apt-get install " : "", language->package);
}

/* Splits a command line and finds its program. */
static bool prepare(const struct evaluator *self, const char *line, const struct language *language,
                    struct command *out, char **words, char **program, struct leti_error *err)
{
    static const struct filling names[] = {
        { "{file}", "" }, { "{program}", "" }, { "{tests}", "" }, { "{dir}", "" }
    };
    if (!command_split(line, out, words, err))
        return false;
    if (!out->path || !command_check(out, names, 4, err))
        return !out->path;
    if (command_find(out, program, err))
        return check_sight(self, out, err);
    return add_package(language, err);
}

/* The language's own program; its commands may name it for a shell alone. */
static bool check_installed(const struct language *language, struct leti_error *err)
{
    struct command command = { .arguments = { language->program }, .n = 1 };
    char *path = NULL;
    bool ok =
        !*language->program || command_find(&command, &path, err) || add_package(language, err);
    free(path);
    return ok;
}

static bool prepare_all(struct evaluator *self, struct leti_error *err)
{
    const struct language *language = language_find(self->language);
    if (!*self->run && !check_installed(language, err))
        return false;
    self->job.file = or_else(self->file, language->file);
    const char *run = or_else(self->run, language->run);
    if (!*self->job.file || !*run)
        return leti_error_set(err, "language is \"%s\", so that file and run must be set",
                              language->name);
    if (strchr(self->job.file, '/') || self->job.file[0] == '.')
        return leti_error_set(err, "file: \"%s\" must be the name of a file, without a folder",
                              self->job.file);
    self->job.compile_ns = (uint64_t)(self->compile_timeout * 1e9);
    self->job.run_ns = (uint64_t)(self->timeout * 1e9);
    self->job.output_bytes = (uint64_t)self->output << 20;
    self->job.memory_bytes = (uint64_t)self->memory << 20;
    return prepare(self, or_else(self->compile, language->compile), language, &self->job.compile,
                   &self->words[0], &self->programs[0], err) &&
           prepare(self, run, language, &self->job.run, &self->words[1], &self->programs[1], err);
}

/* The folders that are to be shown, one a line. */
static bool join_paths(struct evaluator *self, struct leti_error *err)
{
    size_t size = 1;
    for (size_t i = 0; i < self->paths.n; i++) {
        const char *path = self->paths.items[i];
        if (path[0] != '/' || strchr(path, '\n') || access(path, F_OK) != 0)
            return leti_error_set(err, "paths: %s must be an absolute path to what exists", path);
        size += strlen(path) + 1;
    }
    char *to = self->shown = malloc(size);
    if (!to)
        return leti_error_set(err, "no memory");
    for (size_t i = 0; i < self->paths.n; i++) {
        to = stpcpy(to, self->paths.items[i]);
        *to++ = '\n';
    }
    *to = '\0';
    return true;
}

/* ---- one program ---- */

static struct leti_bytes bytes_of(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* The message for these parts; *payload (malloc) is the caller's. */
static bool make_message(const struct evaluator *self, const struct parts *parts,
                         struct leti_bytes input, char **payload, size_t *size,
                         struct leti_error *err)
{
    struct leti_bytes both = { .data = NULL };
    struct job job = self->job;
    job.input = input;
    bool ok = template_fill(self->template, parts, &job.text, err) &&
              template_fill("{prompt}{program}", parts, &both, err);
    if (ok) {
        const struct filling fillings[] = { { "{file}", job.file },
                                            { "{program}", both.data },
                                            { "{tests}", parts->tests.data },
                                            { "{dir}", JAIL_WORK } };
        command_fill(&self->job.compile, fillings, 4, &job.compile);
        command_fill(&self->job.run, fillings, 4, &job.run);
        ok = job_pack(&job, payload, size, err);
    }
    free((char *)both.data);
    free((char *)job.text.data);
    return ok;
}

static enum leti_status evaluate(void *instance, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *self = instance;
    const struct leti_problem *problem = sample->problem;
    struct leti_error err;
    struct parts parts = { jailer_extra(problem, "run_prompt", problem->prompt), sample->program,
                           problem->tests };
    struct leti_bytes input = jailer_extra(problem, "stdin", bytes_of(""));
    char *payload;
    size_t size;
    if (!make_message(self, &parts, input, &payload, &size, &err)) {
        struct leti_bytes why = bytes_of(err.text);
        char *copy = self->host->alloc(self->host, why.size + 1);
        memcpy(copy, why.data, why.size + 1);
        *out = (struct leti_verdict){ .outcome = LETI_FAILED,
                                      .reason = "memory",
                                      .exception = "",
                                      .feedback = { copy, why.size } };
        return LETI_OK;
    }
    struct part part = { payload, size };
    jailer_judge(&self->jailer, &part, 1, out);
    free(payload);
    return LETI_OK;
}

/* ---- the stage ---- */

static bool start_warden(void *evaluator, struct launched *out, struct leti_error *err)
{
    struct evaluator *self = evaluator;
    char *argv[] = { self->helper, NULL }, *env[] = { NULL };
    return launch_warden(self->helper, argv, env, &self->jailer.settings, bytes_of(self->shown),
                         out, err);
}

/* A program that passes in a language whose programs we know. */
static bool probe(struct evaluator *self, struct leti_error *err)
{
    const struct language *language = language_find(self->language);
    if (!language->good || *self->file || *self->compile || *self->run)
        return true; /* the first program will tell */
    struct parts parts = { bytes_of(""), bytes_of(language->good), bytes_of("") };
    char *payload;
    size_t size;
    if (!make_message(self, &parts, bytes_of(""), &payload, &size, err))
        return false;
    struct part part = { payload, size };
    bool ok = jailer_probe(&self->jailer, &part, 1, err);
    free(payload);
    return ok;
}

static bool open_jail(struct evaluator *self, struct leti_error *err)
{
    const struct jail_options options = { .isolation = "namespaces",
                                          .timeout = self->timeout,
                                          .memory = self->memory,
                                          .output = self->output,
                                          .disk = self->disk,
                                          .files = self->files };
    if (!jailer_open(&self->jailer, self->host, &options, start_warden, self, err))
        return false;
    /* leti-jail keeps the two limits of time; the warden is behind it. */
    struct settings *settings = &self->jailer.settings;
    settings->timeout_ns = self->job.compile_ns + self->job.run_ns + 1000000000;
    settings->processes = (uint32_t)self->processes;
    settings->reserve = self->reserve || language_find(self->language)->reserves;
    return true;
}

static void free_all(struct evaluator *self)
{
    for (size_t i = 0; i < 2; i++) {
        free(self->words[i]);
        free(self->programs[i]);
    }
    free(self->helper);
    free(self->shown);
}

static enum leti_status start(void *instance, const struct leti_host *host)
{
    struct evaluator *self = instance;
    struct leti_error err;
    self->host = host;
    bool opened = prepare_all(self, &err) && join_paths(self, &err) &&
                  helper_find("leti-jail", &self->helper, &err) && open_jail(self, &err);
    if (opened && probe(self, &err))
        return LETI_OK;
    if (opened)
        jailer_close(&self->jailer);
    free_all(self);
    return host->fail(host, "%s", err.text);
}

static void stop(void *instance)
{
    struct evaluator *self = instance;
    jailer_close(&self->jailer);
    free_all(self);
}

static const struct leti_option options[] = {
    LETI_OPT_CHOICE(struct evaluator, language, "custom", LANGUAGES,
                    "ready settings for file, compile and run; what is set here comes first"),
    LETI_OPT_TEXT(struct evaluator, file, "", "name of the file that the text is written to"),
    LETI_OPT_TEXT(struct evaluator, compile, "",
                  "command that compiles it; {file}, {program}, {tests} and {dir} are replaced"),
    LETI_OPT_TEXT(struct evaluator, run, "", "command that runs it, with the same words"),
    LETI_OPT_TEXT(struct evaluator, template, "{prompt}{program}\n{tests}\n",
                  "the text, of which {prompt}, {program} and {tests} are replaced"),
    LETI_OPT_REAL(struct evaluator, timeout, "5", 0.01, 3600,
                  "wall-clock limit of the run, in seconds"),
    LETI_OPT_REAL(struct evaluator, compile_timeout, "30", 0.01, 3600,
                  "wall-clock limit of the compiler, in seconds"),
    LETI_OPT_INT(struct evaluator, memory, "1024", 64, 1 << 20, "memory of each process, in MiB"),
    LETI_OPT_INT(struct evaluator, output, "16", 1, 1 << 20,
                 "what may be written to stdout and stderr, in MiB"),
    LETI_OPT_INT(struct evaluator, disk, "64", 1, 1 << 20,
                 "what may be written to files in the working folder, in MiB"),
    LETI_OPT_INT(struct evaluator, files, "64", 16, 65536, "files that a process may have open"),
    LETI_OPT_INT(struct evaluator, processes, "64", 4, 4096,
                 "processes and threads that may run at once"),
    LETI_OPT_BOOL(struct evaluator, reserve, "false",
                  "the language's runtime reserves far more address space than it uses, so that "
                  "memory counts what can be written to"),
    LETI_OPT_LIST(struct evaluator, paths, "", 0, 64, "folders and files to show, read-only"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = "evaluator.command",
    .version = "0.1.0",
    .summary = "compiles and runs programs of any language in a jail; exit status 0 passes",
    .instance_size = sizeof(struct evaluator),
    .options = options,
    .start = start,
    .stop = stop,
    .evaluator = { .evaluate = evaluate, .deterministic = true },
};
