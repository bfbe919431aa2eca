/* plugins - `leti plugins`: which stage plugins are installed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/log.h"
#include "commands/commands.h"
#include "registry/plugin.h"

struct arguments {
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    struct arguments *arguments = state->input;
    if (key == ARGP_KEY_ARG)
        argp_usage(state);
    if (key != 'j')
        return ARGP_ERR_UNKNOWN;
    arguments->json = true;
    return 0;
}

static const struct argp_option argp_options[] = {
    { "json", 'j', NULL, 0, "Print one JSON object a line", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .doc = "Lists the stage plugins: name, kind, version, and what each does.",
};

static void say_broken(const char *why)
{
    log_line(LETI_LOG_WARN, "%s", why);
}

static void print_plugin(const struct leti_plugin *desc)
{
    printf("%-20s %-10s %-8s %s\n", desc->name, kind_name(desc->kind), desc->version,
           desc->summary);
}

static void print_json(const struct leti_plugin *desc)
{
    const char *const keys[] = { "{\"name\": ", ", \"kind\": ", ", \"version\": ",
                                 ", \"summary\": " };
    const char *const values[] = { desc->name, kind_name(desc->kind), desc->version,
                                   desc->summary };
    struct text line = { 0 };
    for (size_t i = 0; i < 4; i++) {
        text_add(&line, keys[i]);
        json_text_string(&line, values[i]);
    }
    printf("%s}\n", text_string(&line));
    text_free(&line);
}

int command_plugins(int argc, char **argv)
{
    struct arguments arguments = { 0 };
    struct leti_error err;
    struct plugin *plugins;
    size_t n;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!plugin_list(&plugins, &n, say_broken, &err))
        return command_fail("plugins", &err);
    for (size_t i = 0; i < n; i++) {
        (arguments.json ? print_json : print_plugin)(plugins[i].desc);
        plugin_close(&plugins[i]);
    }
    free(plugins);
    return 0;
}
