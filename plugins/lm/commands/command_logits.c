/* command_logits.c - `leti model logits DIR`: what the model expects after each token.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "commands/command_json.h"
#include "train/decoder.h"

struct arguments {
    struct command_model model;
    struct command_text text;
    bool last;
    int64_t top;
};

enum { LAST = 256, TOP };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->model;
        state->child_inputs[1] = &a->text;
        return 0;
    case LAST:
        a->last = true;
        return 0;
    case TOP:
        a->top = command_int(state, "--top", arg, 1, 1000);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "last", LAST, NULL, 0, "The last position alone", 0 },
    { "top", TOP, "N", 0, "Show the N likeliest next tokens (5; without --json)", 0 },
    { 0 },
};
static const struct argp_child children[] = { COMMAND_CHILD_MODEL, COMMAND_CHILD_TEXT, { 0 } };
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Computes the logits after every token of a text. With --json a line has position, "
           "token and all logits; without, the likeliest next tokens and their probabilities."
           "\vExamples:\n"
           "  leti model logits MODEL --prompt 'def f(x):' --top 3\n"
           "  leti model logits MODEL --ids 5,6,7 --last --json",
};

static int32_t likeliest(const float *logits, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++) {
        if (logits[i] > logits[best])
            best = i;
    }
    return best;
}

/* Spoils the logits: each one that was shown is minus infinity afterwards. */
static void print_top(const struct lm_model *m, float *logits, int64_t top)
{
    int32_t V = m->config.vocab_size;
    double largest = logits[likeliest(logits, V)], sum = 0;
    for (int32_t i = 0; i < V; i++)
        sum += exp(logits[i] - largest);
    for (int64_t k = 0; k < top && k < V; k++) {
        int32_t id = likeliest(logits, V);
        size_t size;
        const char *token = lm_tokenizer_bytes(m->tokenizer, id, &size);
        printf(k ? ", " : "  ->  ");
        json_put_text(stdout, token, size);
        printf(" %.4f", exp(logits[id] - largest) / sum);
        logits[id] = -INFINITY;
    }
    putchar('\n');
}

static void print(const struct arguments *a, const struct lm_model *m, const struct lm_ids *ids,
                  float *logits)
{
    size_t V = (size_t)m->config.vocab_size;
    for (size_t i = a->last ? ids->n - 1 : 0; i < ids->n; i++) {
        if (a->model.json) {
            printf("{\"position\": %zu, \"token\": %d, \"logits\": ", i, ids->ids[i]);
            json_put_floats(stdout, logits + i * V, V);
            printf("}\n");
            continue;
        }
        size_t size;
        const char *token = lm_tokenizer_bytes(m->tokenizer, ids->ids[i], &size);
        printf("%5zu %7d  ", i, ids->ids[i]);
        json_put_text(stdout, token, size);
        print_top(m, logits + i * V, a->top);
    }
}

static bool compute(const struct arguments *a, const struct lm_model *m, const struct lm_ids *ids,
                    struct leti_error *err)
{
    if (ids->n == 0 || ids->n > (size_t)m->config.max_positions)
        return leti_error_set(err, "the text has %zu tokens, allowed are 1 to %d", ids->n,
                              m->config.max_positions);
    size_t size = ids->n * (size_t)m->config.vocab_size * sizeof(float);
    float *logits = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!logits)
        return leti_error_set(err, "no memory for the logits of %zu tokens", ids->n);
    const struct lm_batch batch = { ids->ids, NULL, (const int32_t[]){ 0, (int32_t)ids->n }, 1 };
    struct lm_decoder *decoder = NULL;
    bool ok = lm_decoder_create(&m->config, (int64_t)ids->n, &decoder, err) &&
              lm_decoder_logits(decoder, m, &batch, logits, err);
    if (ok)
        print(a, m, ids, logits);
    lm_decoder_destroy(decoder);
    free(logits);
    return ok;
}

int command_logits(int argc, char **argv)
{
    struct arguments a = { .top = 5 };
    struct leti_error err;
    struct lm_model *model;
    struct lm_ids ids = { 0 };
    command_parse(&argp, argc, argv, &a);
    if (!command_open(&a.model, &model, &err))
        return command_fail(&err);
    bool ok = command_read_ids(&a.text, model->tokenizer, model->config.vocab_size, &ids, &err) &&
              compute(&a, model, &ids, &err);
    free(ids.ids);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
