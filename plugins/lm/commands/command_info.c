/* command_info.c - `leti model info DIR`: what a model is.
 *
 * Opens the whole model, so that a folder which passes here opens everywhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/architectures.h"
#include "commands/command.h"
#include "commands/command_json.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static const struct argp_child children[] = { COMMAND_CHILD_MODEL, { 0 } };
static const struct argp argp = {
    .parser = parse,
    .children = children,
    .doc = "Opens the model and prints its shape, its number of parameters and its special tokens."
           "\vExamples:\n"
           "  leti model info MODEL\n"
           "  leti model info MODEL --json",
};

static size_t count_parameters(const struct lm_model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_tensors; i++)
        n += (size_t)(m->tensors[i].rows * m->tensors[i].cols);
    return n;
}

static void print_ints(const struct lm_model *m, const char *format, const char *between)
{
    const struct lm_config *c = &m->config;
    const struct {
        const char *name;
        int64_t value;
    } rows[] = {
        { "parameters", (int64_t)count_parameters(m) },
        { "layers", c->n_layers },
        { "d_model", c->d_model },
        { "heads", c->n_heads },
        { "kv_heads", c->n_kv_heads },
        { "head_dim", c->head_dim },
        { "d_ff", c->d_ff },
        { "vocab_size", c->vocab_size },
        { "max_positions", c->max_positions },
        { "bos", c->bos },
        { "eos", c->eos },
        { "tokens", lm_tokenizer_size(m->tokenizer) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        printf(format, rows[i].name, (long long)rows[i].value);
        fputs(between, stdout);
    }
}

/* Some files name thousands: of more than `most` only their number follows. */
static void print_specials(const struct lm_model *m, const char *format, const char *between,
                           int32_t most)
{
    int32_t left = 0;
    bool first = true;
    for (int32_t id = 0; id < lm_tokenizer_size(m->tokenizer); id++) {
        if (!lm_tokenizer_is_special(m->tokenizer, id))
            continue;
        if (--most < 0) {
            left++;
            continue;
        }
        size_t size;
        const char *name = lm_tokenizer_bytes(m->tokenizer, id, &size);
        fputs(first ? "" : between, stdout);
        printf(format, id);
        json_put_text(stdout, name, size);
        first = false;
    }
    if (left > 0)
        printf("%s%d more", between, left);
}

static void print_json(const struct lm_model *m, const char *path, double seconds)
{
    printf("{\"path\": ");
    json_put_text(stdout, path, strlen(path));
    printf(", \"architecture\": \"%s\", ", lm_architectures[m->config.arch].class_name);
    print_ints(m, "\"%s\": %lld", ", ");
    printf("\"rope_theta\": ");
    json_put_float(stdout, m->config.rope_theta);
    printf(", \"norm_eps\": ");
    json_put_float(stdout, m->config.norm_eps);
    printf(", \"tied\": %s, \"special_tokens\": [", m->config.tied ? "true" : "false");
    print_specials(m, "{\"id\": %d, \"text\": ", "}, ", INT32_MAX);
    printf("}], \"load_seconds\": %.6f}\n", seconds);
}

static void print(const struct lm_model *m, const char *path, double seconds)
{
    printf("%-14s  %s\n%-14s  %s%s\n", "path", path, "architecture",
           lm_architectures[m->config.arch].class_name,
           m->config.tied ? ", head tied to the embedding" : "");
    print_ints(m, "%-14s  %lld", "\n");
    printf("%-14s  %g\n%-14s  %g\n%-14s  ", "rope_theta", (double)m->config.rope_theta, "norm_eps",
           (double)m->config.norm_eps, "special_tokens");
    print_specials(m, "%d ", ", ", 16);
    printf("\n%-14s  %.3f s\n", "opened in", seconds);
}

int command_info(int argc, char **argv)
{
    struct command_model a = { 0 };
    struct leti_error err;
    struct lm_model *model;
    command_parse(&argp, argc, argv, &a);
    double start = command_clock();
    if (!command_open(&a, &model, &err))
        return command_fail(&err);
    (a.json ? print_json : print)(model, a.path, command_clock() - start);
    lm_model_close(model);
    return 0;
}
