/* command_info.c - `leti model info DIR`: what a model is.
 *
 * Opens the whole model, so that a folder which passes here opens everywhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "command_json.h"

struct arguments {
    bool json;
    const char *dir;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->dir)
            argp_usage(state);
        a->dir = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->dir)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = { COMMAND_JSON, { 0 } };
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DIR",
    .doc = "Opens the model folder DIR and prints its shape, its number of parameters and its "
           "special tokens.",
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

static void print_specials(const struct lm_model *m, const char *format, const char *between)
{
    bool first = true;
    for (int32_t id = 0; id < lm_tokenizer_size(m->tokenizer); id++) {
        if (!lm_tokenizer_is_special(m->tokenizer, id))
            continue;
        size_t size;
        const char *name = lm_tokenizer_bytes(m->tokenizer, id, &size);
        fputs(first ? "" : between, stdout);
        printf(format, id);
        json_put_text(stdout, name, size);
        first = false;
    }
}

static void print_json(const struct lm_model *m, const char *dir, double seconds)
{
    printf("{\"path\": ");
    json_put_text(stdout, dir, strlen(dir));
    printf(", \"architecture\": \"LlamaForCausalLM\", ");
    print_ints(m, "\"%s\": %lld", ", ");
    printf("\"rope_theta\": ");
    json_put_float(stdout, m->config.rope_theta);
    printf(", \"norm_eps\": ");
    json_put_float(stdout, m->config.norm_eps);
    printf(", \"tied\": %s, \"special_tokens\": [", m->config.tied ? "true" : "false");
    print_specials(m, "{\"id\": %d, \"text\": ", "}, ");
    printf("}], \"load_seconds\": %.6f}\n", seconds);
}

static void print(const struct lm_model *m, const char *dir, double seconds)
{
    printf("%-14s  %s\n%-14s  LlamaForCausalLM%s\n", "path", dir, "architecture",
           m->config.tied ? ", head tied to the embedding" : "");
    print_ints(m, "%-14s  %lld", "\n");
    printf("%-14s  %g\n%-14s  %g\n%-14s  ", "rope_theta", (double)m->config.rope_theta, "norm_eps",
           (double)m->config.norm_eps, "special_tokens");
    print_specials(m, "%d ", ", ");
    printf("\n%-14s  %.3f s\n", "opened in", seconds);
}

int command_info(int argc, char **argv)
{
    struct arguments a = { 0 };
    struct leti_error err;
    struct lm_model *model;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    double start = command_clock();
    if (!lm_model_open(a.dir, &model, &err))
        return command_fail(&err);
    (a.json ? print_json : print)(model, a.dir, command_clock() - start);
    lm_model_close(model);
    return 0;
}
