/* main.c - the program leti-model: what can be done with a model alone.
 *
 * `leti model ...` becomes this program. It finds nothing by itself: every command names the
 * folder of the model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"

static const struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "info", "shape, size and tokens of a model", command_info },
    { "tokenize", "text to token ids, and back", command_tokenize },
    { "logits", "what the model expects after each token", command_logits },
    { "loss", "loss and perplexity of texts", command_loss },
    { "sample", "continues a prompt", command_sample },
    { "convert", "writes a model in another type", command_convert },
    { "bench", "tokens per second, training and sampling", command_bench },
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: leti model COMMAND MODEL [ARGUMENT...]\n\n"
            "Works with a model alone: MODEL is a Hugging Face model folder or a GGUF file.\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n`leti model COMMAND --help` says more of each.\n");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "leti model: a command is missing; `leti model --help` lists them\n");
        return COMMAND_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "-h")) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "leti model %s", commands[i].name);
        argv[1] = name;
        return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "leti model: no command \"%s\"; `leti model --help` lists them\n", argv[1]);
    return COMMAND_USAGE;
}

/* OpenMP reads its settings when it is loaded, before main: what it shall find then, a program
 * can only set for itself by starting anew. Threads that wait by spinning would take the time of
 * those that they wait for, but for some tenths of a millisecond GNU's may. */
static void let_threads_sleep(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") || setenv("OMP_WAIT_POLICY", "passive", 1) != 0 ||
        setenv("GOMP_SPINCOUNT", "10000", 0) != 0)
        return;
    execv("/proc/self/exe", argv); /* where there is no /proc it goes on as it is, only slower */
}

int main(int argc, char **argv)
{
    let_threads_sleep(argv);
    argp_err_exit_status = COMMAND_USAGE;
    int status = run(argc, argv);
    if ((fflush(stdout) || ferror(stdout)) && status == 0) {
        perror("leti model: cannot write the output");
        status = 1;
    }
    return status;
}
