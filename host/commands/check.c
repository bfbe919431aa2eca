/* check - `leti check PIPELINE`: is it right, and what does it say?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>

#include "base/plain.h"
#include "commands/commands.h"
#include "commands/graph.h"
#include "script/pipeline.h"

struct arguments {
    const char *file;
    struct overrides overrides;
    bool offline;
    void (*show)(struct text *, const struct graph *);
};

enum { KEY_SET = 256, KEY_DOT, KEY_OFFLINE };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'j':
        arguments->show = graph_json;
        return 0;
    case KEY_DOT:
        arguments->show = graph_dot;
        return 0;
    case KEY_OFFLINE:
        arguments->offline = true;
        return 0;
    case KEY_SET:
        return overrides_add(&arguments->overrides, "%s", arg) ? 0 : ENOMEM;
    case ARGP_KEY_ARG:
        if (arguments->file)
            argp_usage(state);
        arguments->file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "set", KEY_SET, "NAME=VALUE", 0, OVERRIDES_HELP, 0 },
    { "offline", KEY_OFFLINE, NULL, 0,
      "Data sets and cached files need not be there either: what is not is said in a note, and "
      "its problems are not read",
      0 },
    { "dot", KEY_DOT, NULL, 0, "Print the graph for Graphviz", 0 },
    { "json", 'j', NULL, 0, "Print one JSON object", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "PIPELINE",
    .doc = "Checks the pipeline as a run would, reads its problems, and prints its stages with "
           "the options in force. Models need not be there.",
};

/* What is for people may hold any name; the other forms escape by rules of their own. */
static void print(const struct arguments *arguments, const struct graph *graph)
{
    struct text out = { 0 }, plain = { 0 };
    arguments->show(&out, graph);
    if (arguments->show == graph_text)
        plain_text(&plain, (struct leti_bytes){ text_string(&out), out.size });
    fputs(text_string(arguments->show == graph_text ? &plain : &out), stdout);
    text_free(&out);
    text_free(&plain);
}

int command_check(int argc, char **argv)
{
    struct arguments arguments = { .show = graph_text };
    struct leti_error err;
    struct pipeline *pipeline = NULL;
    struct graph graph = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bool ok =
        (arguments.offline ? pipeline_read_offline : pipeline_read)(
            arguments.file, arguments.overrides.items, arguments.overrides.n, &pipeline, &err) &&
        graph_open(pipeline, &graph, &err);
    if (ok)
        print(&arguments, &graph);
    graph_close(&graph);
    pipeline_close(pipeline);
    overrides_free(&arguments.overrides);
    return ok ? 0 : command_fail("check", &err);
}
