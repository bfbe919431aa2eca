/* crew.c - every thread has its own activations; a part of the rows is what one thread computes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/crew.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"

/* Rows a thread for which it is worth to read all weights by itself, and how many more if they come
 * from memory each time; multiplications a layer for which it is worth that threads meet at every
 * operation. */
enum {
    ROWS_A_THREAD = 2 * LM_ROWS,
    FROM_MEMORY = 4,
    LARGE_MODEL = 8 << 20 /* parameters */,
    LARGE_LAYER = 1 << 24,
};

struct part {
    struct lm_forward *forward;
    struct lm_sampler_scratch scratch;
    bool ok;
    struct leti_error err;
};

struct lm_crew {
    const struct lm_model *model;
    struct lm_weights weights;
    struct lm_products *products;
    int32_t allowed;
    float *hidden; /* [max_draws][C] */
    float *logits; /* [max_draws rounded up to LM_ROWS][V] */
    int32_t n_parts;
    struct part *parts; /* [n_parts], one a thread */
};

static bool create_part(const struct lm_crew *crew, struct lm_kv_cache *cache,
                        int32_t max_positions, int32_t max_rows, struct part *part,
                        struct leti_error *err)
{
    size_t V = (size_t)crew->model->config.vocab_size;
    return lm_forward_create(crew->model, &crew->weights, crew->products, cache, max_positions,
                             max_rows, &part->forward, err) &&
           lm_buffer(V, sizeof(float), &part->scratch.weights, err) &&
           lm_buffer(V, sizeof(struct lm_candidate), &part->scratch.candidates, err);
}

bool lm_crew_create(const struct lm_model *model, struct lm_kv_cache *cache, int32_t max_positions,
                    int32_t max_prefill, int32_t max_draws, int32_t allowed, struct lm_crew **out,
                    struct leti_error *err)
{
    size_t rows = (size_t)lm_rows(max_draws), C = (size_t)model->config.d_model;
    int32_t max_rows = max_prefill > max_draws ? max_prefill : max_draws;
    struct lm_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return leti_error_set(err, "out of memory");
    crew->model = model;
    lm_weights_init(&crew->weights, false);
    crew->allowed = allowed;
    crew->n_parts = omp_get_max_threads();
    crew->parts = calloc((size_t)crew->n_parts, sizeof *crew->parts);
    if (!crew->parts) {
        leti_error_set(err, "out of memory for %d threads", crew->n_parts);
        goto fail;
    }
    if (!lm_products_create(&crew->products, err) || !lm_weights_update(&crew->weights, model, err))
        goto fail;
    if (model->batch_invariant)
        lm_products_make_invariant(crew->products);
    for (int32_t i = 0; i < crew->n_parts; i++)
        if (!create_part(crew, cache, max_positions, max_rows, &crew->parts[i], err))
            goto fail;
    if (!lm_buffer(rows, C * sizeof(float), &crew->hidden, err) ||
        !lm_buffer(rows, (size_t)model->config.vocab_size * sizeof(float), &crew->logits, err))
        goto fail;
    *out = crew;
    return true;
fail:
    lm_crew_destroy(crew);
    return false;
}

void lm_crew_destroy(struct lm_crew *crew)
{
    if (!crew)
        return;
    for (int32_t i = 0; crew->parts && i < crew->n_parts; i++) {
        lm_forward_destroy(crew->parts[i].forward);
        free(crew->parts[i].scratch.weights);
        free(crew->parts[i].scratch.candidates);
    }
    free(crew->parts);
    lm_weights_clear(&crew->weights);
    lm_products_destroy(crew->products);
    free(crew->hidden);
    free(crew->logits);
    free(crew);
}

/* Whether so many rows are shared out, a part to each thread. */
static bool in_parts(const struct lm_crew *crew, int32_t rows)
{
    int32_t least = ROWS_A_THREAD * (crew->model->n_params > LARGE_MODEL ? FROM_MEMORY : 1);
    return crew->n_parts > 1 && rows / least >= crew->n_parts;
}

/* Threads that share out each operation on so many rows. (A few rows take as long as one, which
 * is the time to read the weights.) */
static int threads_together(const struct lm_crew *crew, int32_t rows)
{
    double layer = (double)crew->model->n_params / crew->model->config.n_layers;
    return layer * (rows > 8 ? rows : 8) < LARGE_LAYER ? 1 : crew->n_parts;
}

static bool all_well(const struct lm_crew *crew, int32_t parts, struct leti_error *err)
{
    for (int32_t i = 0; i < parts; i++)
        if (!crew->parts[i].ok)
            return leti_error_set(err, "%s", crew->parts[i].err.text);
    return true;
}

/* ---- prompts ---- */

/* The prompts of part i are those that begin within its share of the tokens. */
static void prefill_part(struct part *part, const struct lm_prefill *prompts, int32_t n, int64_t i,
                         int64_t parts, int64_t tokens)
{
    int32_t first = 0, end;
    int64_t at = 0;
    for (; first < n && at * parts < i * tokens; first++)
        at += prompts[first].n;
    for (end = first; end < n && at * parts < (i + 1) * tokens; end++)
        at += prompts[end].n;
    part->ok =
        first == end || lm_forward_prefill(part->forward, prompts + first, end - first, &part->err);
}

bool lm_crew_prefill(struct lm_crew *crew, const struct lm_prefill *prompts, int32_t n,
                     struct leti_error *err)
{
    int32_t tokens = 0;
    for (int32_t i = 0; i < n; i++)
        tokens += prompts[i].n;
    int32_t parts = n >= crew->n_parts && in_parts(crew, tokens) ? crew->n_parts : 1;
    if (parts > 1) {
#pragma omp parallel for schedule(static, 1) num_threads(parts)
        for (int32_t i = 0; i < parts; i++)
            prefill_part(&crew->parts[i], prompts, n, i, parts, tokens);
    } else {
        omp_set_num_threads(threads_together(crew, tokens));
        prefill_part(&crew->parts[0], prompts, n, 0, 1, tokens);
        omp_set_num_threads(crew->n_parts);
    }
    return all_well(crew, parts, err);
}

/* ---- draws ---- */

static void draw(const struct lm_crew *crew, struct lm_draw *draw, const float *logits,
                 struct lm_sampler_scratch *scratch)
{
    draw->token = lm_sample_token(logits, crew->model->config.vocab_size, crew->allowed,
                                  draw->sampling, draw->u, scratch, &draw->logprob);
}

/* The rows from first to end, whose number is whole multiples of LM_ROWS but for the last. */
static bool logits_of(const struct lm_crew *crew, struct part *part, const struct lm_decode *decode,
                      int32_t n_decode, const struct lm_draw *draws, int32_t first, int32_t end)
{
    size_t C = (size_t)crew->model->config.d_model, V = (size_t)crew->model->config.vocab_size;
    int32_t fresh = n_decode < first ? first : n_decode < end ? n_decode : end;
    float *hidden = crew->hidden + (size_t)first * C;
    if (fresh > first &&
        !lm_forward_decode(part->forward, decode + first, fresh - first, hidden, &part->err))
        return false;
    for (int32_t i = fresh; i < end; i++)
        memcpy(crew->hidden + (size_t)i * C, draws[i].hidden, C * sizeof *hidden);
    return lm_forward_logits(part->forward, hidden, end - first, crew->logits + (size_t)first * V,
                             &part->err);
}

static void draw_part(const struct lm_crew *crew, struct part *part, const struct lm_decode *decode,
                      int32_t n_decode, struct lm_draw *draws, int32_t first, int32_t end)
{
    size_t V = (size_t)crew->model->config.vocab_size;
    part->ok = logits_of(crew, part, decode, n_decode, draws, first, end);
    for (int32_t i = first; part->ok && i < end; i++)
        draw(crew, &draws[i], crew->logits + (size_t)i * V, &part->scratch);
}

static void draw_together(struct lm_crew *crew, const struct lm_decode *decode, int32_t n_decode,
                          struct lm_draw *draws, int32_t n)
{
    size_t V = (size_t)crew->model->config.vocab_size;
    struct part *first = &crew->parts[0];
    int threads = threads_together(crew, n);
    omp_set_num_threads(threads);
    first->ok = logits_of(crew, first, decode, n_decode, draws, 0, n);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int32_t i = 0; i < (first->ok ? n : 0); i++)
        draw(crew, &draws[i], crew->logits + (size_t)i * V,
             &crew->parts[omp_get_thread_num()].scratch);
    omp_set_num_threads(crew->n_parts);
}

bool lm_crew_draw(struct lm_crew *crew, const struct lm_decode *decode, int32_t n_decode,
                  struct lm_draw *draws, int32_t n, struct leti_error *err)
{
    int32_t parts = crew->n_parts, blocks = lm_rows(n) / LM_ROWS;
    if (!in_parts(crew, n)) {
        draw_together(crew, decode, n_decode, draws, n);
        return all_well(crew, 1, err);
    }
#pragma omp parallel for schedule(static, 1) num_threads(parts)
    for (int32_t i = 0; i < parts; i++) {
        int32_t first = blocks * i / parts * LM_ROWS, end = blocks * (i + 1) / parts * LM_ROWS;
        draw_part(crew, &crew->parts[i], decode, n_decode, draws, first, end < n ? end : n);
    }
    return all_well(crew, parts, err);
}
