/* main - the program leti: finds the command and runs it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "registry/plugin.h"

enum { USAGE = 2, MOST_COMMANDS = 64 };

static void print_help(FILE *out)
{
    fprintf(out, "Usage: leti COMMAND [ARGUMENT...]\n\n"
                 "Trains a language model on what the interpreter says of its programs.\n\n");
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-9s %s\n", c->name, c->summary);
    fprintf(out,
            "\n`leti COMMAND --help` says more of each; `leti --version` prints the version.\n");
}

static int refuse_command(const char *name)
{
    const char *names[MOST_COMMANDS];
    size_t n = 0;
    for (const struct command *c = commands; c->name && n < MOST_COMMANDS; c++)
        names[n++] = c->name;
    const char *nearest = nearest_name(name, names, n);
    if (nearest)
        fprintf(stderr, "leti: no command \"%s\"; did you mean \"%s\"?\n", name, nearest);
    else
        fprintf(stderr, "leti: no command \"%s\"; `leti --help` lists them\n", name);
    return USAGE;
}

static int run_command(int argc, char **argv)
{
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, argv[1]))
            continue;
        char name[64];
        snprintf(name, sizeof name, "leti %s", c->name);
        argv[1] = name;
        return c->run(argc - 1, argv + 1);
    }
    return refuse_command(argv[1]);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        print_help(stdout);
    else if (!strcmp(argv[1], "--version"))
        printf("leti %s\n", leti_version);
    else
        return run_command(argc, argv);
    return 0;
}

int main(int argc, char **argv)
{
    argp_err_exit_status = USAGE;
    /* Stages share the cores: a plugin's threads that wait by spinning would take the time of
     * those they wait for. GNU's may spin for some tenths of a millisecond, which is what one
     * product of a model takes. Libraries read it when a plugin loads them. */
    if (!getenv("OMP_WAIT_POLICY"))
        setenv("GOMP_SPINCOUNT", "10000", 0);
    setenv("OMP_WAIT_POLICY", "passive", 0);
    int status = run(argc, argv);
    if ((fflush(stdout) || ferror(stdout)) && !status) {
        perror("leti: cannot write the output");
        status = 1;
    }
    return status;
}
