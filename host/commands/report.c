/* report - `leti report RUN...`: runs as one HTML file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <argp.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/path.h"
#include "commands/commands.h"

struct arguments {
    const char **folders; /* borrow argv's strings */
    size_t n;
    const char *file;
    bool json;
};

static error_t add_folder(struct arguments *arguments, const char *folder)
{
    const char **folders =
        reallocarray(arguments->folders, arguments->n + 1, sizeof *arguments->folders);
    if (!folders)
        return ENOMEM;
    arguments->folders = folders;
    folders[arguments->n++] = folder;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->file = arg;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return add_folder(arguments, arg);
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "output", 'o', "FILE", 0, "Where to write; report.html in the first run's folder unless said",
      0 },
    { "json", 'j', NULL, 0, "Print {\"report\": FILE, \"runs\": N}", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "RUN...",
    .doc = "Writes one HTML file about one or several runs, and prints its name: pass@1 against "
           "gradient steps and time, pass@k, why programs failed, losses, where the time went, "
           "problems before and after, texts that were trained on, and every setting.\v"
           "The file holds all that it needs and can be mailed or put on a web server. Runs that "
           "differ in nothing but their seed are drawn as their mean and their spread; one that "
           "repeats a seed is marked, and counts for neither; a folder that is named twice is one "
           "run. A run that still goes on may be reported on: what is done is shown.",
};

static void print_result(const struct arguments *arguments, const char *file, size_t n_runs)
{
    struct text line = { 0 };
    if (arguments->json) {
        text_add(&line, "{\"report\": ");
        json_text_string(&line, file);
        text_printf(&line, ", \"runs\": %zu}", n_runs);
    }
    puts(arguments->json ? text_string(&line) : file);
    text_free(&line);
}

int command_report(int argc, char **argv)
{
    struct arguments arguments = { 0 };
    struct leti_error err;
    size_t n_runs = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    char *file =
        arguments.file ? strdup(arguments.file) : path_join(arguments.folders[0], "report.html");
    bool written = file ? report_write(arguments.folders, arguments.n, file, &n_runs, &err)
                        : leti_error_set(&err, "out of memory");
    if (written)
        print_result(&arguments, file, n_runs);
    free(file);
    free(arguments.folders);
    return written ? 0 : command_fail("report", &err);
}
