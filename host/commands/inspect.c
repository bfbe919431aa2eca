/* inspect - `leti inspect NAME`: what a plugin is and which options it has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>

#include "base/json_text.h"
#include "commands/commands.h"
#include "commands/show_options.h"
#include "registry/host_options.h"
#include "registry/plugin.h"

struct arguments {
    bool json;
    const char *name;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->name)
            argp_usage(state);
        arguments->name = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "json", 'j', NULL, 0, "Print one JSON object", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "NAME",
    .doc = "Prints what the plugin NAME (or the file NAME, with a slash) is, and its options: "
           "type, default, what is allowed, meaning.",
};

static bool is_deterministic(const struct leti_plugin *desc)
{
    return desc->kind == LETI_EVALUATOR && desc->evaluator.deterministic;
}

static void show(struct text *out, const struct plugin *plugin)
{
    const struct leti_plugin *desc = plugin->desc;
    text_printf(out, "%s %s: %s%s\n", desc->name, desc->version, kind_name(desc->kind),
                is_deterministic(desc) ? ", deterministic" : "");
    text_printf(out, "%s\n%s\n", desc->summary, plugin->path);
    text_add(out, desc->options ? "\nits options\n" : "");
    show_table(out, desc->options);
    text_printf(out, "\noptions of every %s\n", kind_name(desc->kind));
    show_table(out, host_options(desc->kind));
}

static void show_json(struct text *out, const struct plugin *plugin)
{
    const struct leti_plugin *desc = plugin->desc;
    text_add(out, "{\"name\": ");
    json_text_string(out, desc->name);
    text_printf(out, ", \"kind\": \"%s\", \"version\": ", kind_name(desc->kind));
    json_text_string(out, desc->version);
    text_add(out, ", \"summary\": ");
    json_text_string(out, desc->summary);
    text_add(out, ", \"path\": ");
    json_text_string(out, plugin->path);
    text_printf(
        out, ", \"deterministic\": %s, \"options\": ", is_deterministic(desc) ? "true" : "false");
    show_table_json(out, desc->options);
    text_add(out, ", \"host_options\": ");
    show_table_json(out, host_options(desc->kind));
    text_add(out, "}\n");
}

int command_inspect(int argc, char **argv)
{
    struct arguments arguments = { 0 };
    struct leti_error err;
    struct plugin plugin;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bool is_path = strchr(arguments.name, '/') != NULL;
    if (!(is_path ? plugin_open : plugin_find)(arguments.name, &plugin, &err))
        return command_fail("inspect", &err);
    struct text out = { 0 };
    (arguments.json ? show_json : show)(&out, &plugin);
    fputs(text_string(&out), stdout);
    text_free(&out);
    plugin_close(&plugin);
    return 0;
}
