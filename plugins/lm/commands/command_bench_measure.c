/* command_bench_measure.c - the phases of `leti model bench`.
 *
 * Each looks first how long a little takes, and chooses from that a size whose warm-up and one
 * repeat fit into the time; then it repeats until the time is over.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "commands/command.h"
#include "commands/command_bench.h"
#include "train/decoder.h"
#include "generate/engine.h"
#include "ops/random.h"

enum { PEAK_SIZE = 1536, PEAK_ROUNDS = 64, MOST_REPEATS = 1000 };

static int32_t at_most(double value, int32_t limit)
{
    return value < limit ? (int32_t)value : limit;
}

static int32_t at_least(int32_t value, int32_t limit)
{
    return value > limit ? value : limit;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the seconds of the repeats; tokens: of one. */
static void summarise(double *seconds, int32_t n, double tokens, struct bench_result *out)
{
    qsort(seconds, (size_t)n, sizeof *seconds, ascending);
    double median = n % 2 ? seconds[n / 2] : (seconds[n / 2 - 1] + seconds[n / 2]) / 2;
    out->repeats = n;
    out->tokens_per_second = tokens / median;
    out->slowest = tokens / seconds[n - 1];
    out->fastest = tokens / seconds[0];
}

/* ---- operations ---- */

static float *zeros(size_t n)
{
    float *array = aligned_alloc(64, (n * sizeof *array + 63) / 64 * 64);
    if (array)
        memset(array, 0, n * sizeof *array);
    return array;
}

static int64_t memory_so_far(void)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? (int64_t)used.ru_maxrss * 1024 : 0;
}

/* Operations a second of one large product with weights, the fastest of several: what the machine
 * has to give. */
static bool measure_peak(const struct bench_sizes *sizes, const struct lm_model *model, double *out,
                         struct leti_error *err)
{
    const size_t n = PEAK_SIZE;
    struct lm_products *products = NULL;
    struct lm_weight *weight = NULL;
    float *w = zeros(n * n), *x = zeros(n * n), *y = zeros(n * n);
    double best = INFINITY, begin = command_clock();
    bool ok = ((w && x && y) || leti_error_set(err, "no memory for a product")) &&
              lm_products_create(&products, err) &&
              lm_weight_create(PEAK_SIZE, PEAK_SIZE, model->precision, false, &weight, err);
    if (ok)
        lm_weight_set(weight, w);
    for (int round = 0; ok && round < PEAK_ROUNDS; round++) {
        double start = command_clock();
        if (round >= 2 && start - begin > sizes->seconds / 10)
            break;
        ok = lm_linear(products, weight, x, y, 0.0f, PEAK_SIZE, err);
        best = fmin(best, command_clock() - start);
    }
    lm_weight_destroy(weight);
    lm_products_destroy(products);
    free(w);
    free(x);
    free(y);
    *out = 2.0 * PEAK_SIZE * PEAK_SIZE * PEAK_SIZE / best;
    return ok;
}

static int64_t count_parameters(const struct lm_model *m)
{
    int64_t n = 0;
    for (size_t i = 0; i < m->n_tensors; i++)
        n += m->tensors[i].rows * m->tensors[i].cols;
    return n;
}

/* What a phase says at its end, however it measured: before the peak is, which takes memory of its
 * own. */
static bool finish(const struct bench_sizes *sizes, const struct lm_model *model,
                   struct bench_result *out, struct leti_error *err)
{
    out->parameters = count_parameters(model);
    out->memory_bytes = memory_so_far();
    return measure_peak(sizes, model, &out->peak_operations, err);
}

/* Elements of the matrices that every token is multiplied with: embeddings are only looked up. */
static double product_elements(const struct lm_model *m)
{
    double n = 0;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        bool looked_up =
            t->offset == m->positions || (t->offset == m->embedding && !m->config.tied);
        if (t->rows > 1 && !looked_up)
            n += (double)t->rows * (double)t->cols;
    }
    return n;
}

/* Of one forward pass over a sequence of n tokens; the causal half of its scores, without regard to
 * windows. */
static double attention_operations(const struct lm_config *c, double n)
{
    return 4.0 * 0.5 * n * (n + 1) * c->n_heads * c->head_dim * c->n_layers;
}

/* ---- generating ---- */

struct generating {
    struct lm_engine *engine;
    int32_t *prompts; /* one behind the other */
    uint64_t *seeds;
    int32_t batch, samples, prompt; /* samples of one prompt; tokens of one */
    struct leti_error *err;
};

static void generating_end(struct generating *g)
{
    lm_engine_destroy(g->engine);
    free(g->prompts);
    free(g->seeds);
}

/* max_new: the most that a round will ask for. */
static bool generating_begin(struct generating *g, const struct lm_model *model, int32_t max_new)
{
    size_t n = (size_t)g->batch * (size_t)g->prompt;
    g->prompts = malloc(n * sizeof *g->prompts);
    g->seeds = malloc((size_t)g->batch * sizeof *g->seeds);
    if (!g->prompts || !g->seeds)
        return leti_error_set(g->err, "no memory for %d prompts", g->batch);
    struct lm_random random = { 1 };
    for (size_t i = 0; i < n; i++)
        g->prompts[i] = (int32_t)(lm_random_u64(&random) % (uint64_t)model->config.vocab_size);
    for (int32_t i = 0; i < g->batch; i++)
        g->seeds[i] = lm_random_u64(&random);
    return lm_engine_create(model, g->batch, g->prompt + max_new, &g->engine, g->err);
}

static void ignore(void *context, const struct lm_sample *sample)
{
    (void)context, (void)sample;
}

/* The first prompt_tokens of every prompt, continued by new_tokens. */
static bool round_of(struct generating *g, int32_t prompt_tokens, int32_t new_tokens,
                     double *seconds)
{
    const struct lm_sampling sampling = { .temperature = 1,
                                          .top_p = 1,
                                          .max_length = prompt_tokens + new_tokens };
    const struct lm_stops stops = { 0 };
    double start = command_clock();
    size_t open = 1;
    for (int32_t done = 0, i = 0; done < g->batch; done += g->samples, i++) {
        int32_t n = g->batch - done < g->samples ? g->batch - done : g->samples;
        if (!lm_engine_submit(g->engine, (uint64_t)i, g->prompts + (size_t)i * (size_t)g->prompt,
                              (size_t)prompt_tokens, &sampling, &stops, g->seeds + done,
                              (uint32_t)n, g->err))
            return false;
    }
    while (open > 0) {
        if (!lm_engine_step(g->engine, ignore, NULL, &open, g->err))
            return false;
    }
    *seconds = command_clock() - start;
    return true;
}

/* One round to warm up, then up to `repeats` within the time. */
static bool rounds_of(struct generating *g, const struct bench_sizes *sizes, double budget,
                      int32_t prompt_tokens, int32_t new_tokens, double *seconds, int32_t *n)
{
    double start = command_clock();
    bool ok = round_of(g, prompt_tokens, new_tokens, &seconds[0]);
    for (*n = 0; ok && *n < sizes->repeats && *n < MOST_REPEATS; ++*n) {
        if (*n > 0 && command_clock() - start > budget)
            break;
        ok = round_of(g, prompt_tokens, new_tokens, &seconds[*n]);
    }
    return ok;
}

static bool no_room(const struct lm_model *m, struct leti_error *err)
{
    return leti_error_set(err, "the model has %d positions, too few to measure",
                          m->config.max_positions);
}

bool bench_prefill(const struct bench_sizes *sizes, struct lm_model *model,
                   struct bench_result *out, struct leti_error *err)
{
    int32_t room = model->config.max_positions - 1, few;
    struct generating g = { .batch = 1, .samples = 1, .err = err };
    double seconds[MOST_REPEATS], probe = 0;
    g.prompt = at_most(sizes->prompt_tokens, room);
    if (g.prompt < 1)
        return no_room(model, err);
    few = at_most(32, g.prompt);
    bool ok = generating_begin(&g, model, 1) && round_of(&g, few, 1, &probe) &&
              round_of(&g, few, 1, &probe);
    out->batch = 1;
    out->tokens = 1;
    out->prompt = at_least(at_most(few * sizes->seconds / (2 * probe), g.prompt), few);
    ok = ok && rounds_of(&g, sizes, sizes->seconds, out->prompt, 1, seconds, &out->repeats) &&
         finish(sizes, model, out, err);
    generating_end(&g);
    if (!ok)
        return false;
    summarise(seconds, out->repeats, out->prompt, out);
    out->first_token_seconds = out->prompt / out->tokens_per_second;
    out->operations = (2.0 * out->prompt * product_elements(model) +
                       attention_operations(&model->config, out->prompt)) /
                      out->first_token_seconds;
    return true;
}

/* A context and a number of new tokens whose round takes no more than half of the time. */
static bool choose_decode(struct generating *g, const struct bench_sizes *sizes,
                          struct bench_result *out)
{
    double first = 0, more = 0;
    if (!round_of(g, out->prompt, 1, &first) || !round_of(g, out->prompt, 1, &first) ||
        !round_of(g, out->prompt, 5, &more))
        return false;
    if (first > sizes->seconds / 4) {
        out->prompt = at_least(at_most(out->prompt * sizes->seconds / (4 * first), out->prompt), 1);
        first = sizes->seconds / 4;
    }
    double step = fmax((more - first) / 4, 1e-6);
    out->tokens = at_least(at_most((sizes->seconds / 2 - first) / step, out->tokens), 5);
    return true;
}

bool bench_decode(const struct bench_sizes *sizes, struct lm_model *model, int32_t batch,
                  struct bench_result *out, struct leti_error *err)
{
    int32_t room = model->config.max_positions;
    struct generating g = { .batch = batch, .samples = sizes->samples, .err = err };
    double seconds[MOST_REPEATS], firsts[MOST_REPEATS];
    int32_t n_firsts = 0;
    struct bench_result first = { 0 };
    model->config.eos = -1; /* every sample goes to its full length */
    out->batch = batch;
    out->prompt = g.prompt = at_most(sizes->context_tokens, room / 2);
    out->tokens = at_most(sizes->new_tokens, room - g.prompt);
    if (g.prompt < 1 || out->tokens < 5)
        return no_room(model, err);
    bool ok =
        generating_begin(&g, model, out->tokens) && choose_decode(&g, sizes, out) &&
        rounds_of(&g, sizes, sizes->seconds / 4, out->prompt, 1, firsts, &n_firsts) &&
        rounds_of(&g, sizes, sizes->seconds, out->prompt, out->tokens, seconds, &out->repeats) &&
        finish(sizes, model, out, err);
    generating_end(&g);
    if (!ok)
        return false;
    summarise(firsts, n_firsts, 1, &first);
    out->first_token_seconds = 1 / first.tokens_per_second;
    for (int32_t i = 0; i < out->repeats; i++)
        seconds[i] = fmax(seconds[i] - out->first_token_seconds, 1e-9);
    summarise(seconds, out->repeats, (double)batch * (out->tokens - 1), out);
    double context = out->prompt + 0.5 * out->tokens; /* that a token looks back on, on average */
    out->operations =
        out->tokens_per_second *
        (2.0 * product_elements(model) +
         4.0 * context * model->config.n_heads * model->config.head_dim * model->config.n_layers);
    return true;
}

/* ---- training ---- */

struct training {
    struct lm_model *model;
    struct lm_decoder *decoder;
    int32_t *tokens, *targets, *starts;
    int32_t *pass_starts; /* of those that go through at once */
    int32_t pass_tokens;  /* at most so many */
    int32_t n;            /* sequences */
    float *grad, *m, *v;
    int64_t step;
    struct leti_error *err;
};

static void training_end(struct training *t)
{
    lm_decoder_destroy(t->decoder);
    free(t->tokens);
    free(t->targets);
    free(t->starts);
    free(t->pass_starts);
    free(t->grad);
    free(t->m);
    free(t->v);
}

/* Sequences of `longest` tokens; with mix of many lengths, as evenly spread as their logarithms,
 * the longest first, until there are as many tokens. At most n sequences of tokens each. */
static int32_t lay_out(int32_t *starts, bool mix, int32_t n, int32_t shortest, int32_t longest,
                       int32_t total)
{
    int32_t sequences = mix ? at_least((int32_t)(total * log((double)longest / shortest) /
                                                 fmax(longest - shortest, 1)),
                                       1)
                            : n;
    starts[0] = 0;
    for (int32_t i = 0; i < sequences; i++) {
        double share = sequences > 1 ? (double)i / (sequences - 1) : 0;
        double length = mix ? longest * pow((double)shortest / longest, share) : longest;
        starts[i + 1] = starts[i] + (int32_t)lround(length);
    }
    return sequences;
}

/* As the trainer does, in passes of PASS_TOKENS or the longest sequence, whose gradients add up. */
static bool training_begin(struct training *t, int32_t N, int32_t longest, int32_t max_sequences)
{
    enum { PASS_TOKENS = 512 };
    size_t n_params = t->model->n_params;
    t->tokens = malloc((size_t)N * sizeof *t->tokens);
    t->targets = malloc((size_t)N * sizeof *t->targets);
    t->starts = malloc(((size_t)max_sequences + 1) * sizeof *t->starts);
    t->pass_starts = malloc(((size_t)max_sequences + 1) * sizeof *t->pass_starts);
    t->pass_tokens = at_least(PASS_TOKENS, longest);
    t->grad = zeros(n_params);
    t->m = zeros(n_params);
    t->v = zeros(n_params);
    if (!t->tokens || !t->targets || !t->starts || !t->pass_starts || !t->grad || !t->m || !t->v)
        return leti_error_set(t->err, "no memory for a batch of %d tokens", N);
    struct lm_random random = { 1 };
    for (int32_t i = 0; i < N; i++)
        t->tokens[i] = (int32_t)(lm_random_u64(&random) % (uint64_t)t->model->config.vocab_size);
    for (int32_t i = 0; i < N; i++)
        t->targets[i] = t->tokens[(i + 1) % N];
    return lm_decoder_create(&t->model->config, t->pass_tokens, &t->decoder, t->err);
}

/* The sequences from `first` on that fit into a pass; returns the one behind them. */
static int32_t pass_of(struct training *t, int32_t first, struct lm_batch *out)
{
    int32_t i = first, from = t->starts[first];
    t->pass_starts[0] = 0;
    for (; i < t->n && t->starts[i + 1] - from <= t->pass_tokens; i++)
        t->pass_starts[i + 1 - first] = t->starts[i + 1] - from;
    *out = (struct lm_batch){ t->tokens + from, t->targets + from, t->pass_starts, i - first };
    return i;
}

static bool step_of(struct training *t, double *seconds)
{
    const struct lm_adamw adamw = { 1e-5f, 0.9f, 0.999f, 1e-8f, 0.01f, ++t->step };
    double loss, start = command_clock();
    int64_t counted;
    memset(t->grad, 0, t->model->n_params * sizeof *t->grad);
    for (int32_t i = 0; i < t->n;) {
        struct lm_batch batch;
        i = pass_of(t, i, &batch);
        if (!lm_decoder_backward(t->decoder, t->model, &batch, 1.0f / (float)t->starts[t->n],
                                 t->grad, &loss, &counted, t->err))
            return false;
    }
    for (size_t i = 0; i < t->model->n_tensors; i++) {
        const struct lm_tensor *w = &t->model->tensors[i];
        lm_adamw_update(&adamw, t->model->params + w->offset, t->grad + w->offset, t->m + w->offset,
                        t->v + w->offset, (size_t)(w->rows * w->cols), w->decay);
    }
    lm_model_changed(t->model);
    *seconds = command_clock() - start;
    return true;
}

static bool steps_of(struct training *t, const struct bench_sizes *sizes, double *seconds,
                     int32_t *n)
{
    double start = command_clock();
    bool ok = step_of(t, &seconds[0]);
    for (*n = 0; ok && *n < sizes->repeats && *n < MOST_REPEATS; ++*n) {
        if (*n > 0 && command_clock() - start > sizes->seconds)
            break;
        ok = step_of(t, &seconds[*n]);
    }
    return ok;
}

static double step_operations(const struct training *t)
{
    double attention = 0;
    for (int32_t i = 0; i < t->n; i++)
        attention += attention_operations(&t->model->config, t->starts[i + 1] - t->starts[i]);
    /* Forward, and twice as much back; attention computes its scores again. */
    return 6.0 * t->starts[t->n] * product_elements(t->model) + 3.5 * attention;
}

bool bench_train(const struct bench_sizes *sizes, struct lm_model *model, bool mix,
                 struct bench_result *out, struct leti_error *err)
{
    int32_t longest = at_most(sizes->sequence_tokens, model->config.max_positions);
    int32_t shortest = at_most(sizes->shortest, longest), n = sizes->sequences;
    struct training t = { .model = model, .n = 1, .err = err };
    double seconds[MOST_REPEATS], probe = 0;
    int32_t most = n * longest / shortest + n + 1; /* sequences; more would not be so long */
    bool ok = training_begin(&t, (n + 1) * longest, longest, most);
    if (ok) {
        t.n = lay_out(t.starts, false, 1, shortest, longest, longest);
        ok = step_of(&t, &probe) && step_of(&t, &probe);
    }
    if (ok) {
        n = at_least(at_most(sizes->seconds / (2 * probe), n), 1);
        t.n = lay_out(t.starts, mix, n, shortest, longest, n * longest);
        ok = steps_of(&t, sizes, seconds, &out->repeats) && finish(sizes, model, out, err);
    }
    if (ok) {
        out->batch = t.n;
        out->tokens = t.starts[t.n];
        summarise(seconds, out->repeats, out->tokens, out);
        out->operations = step_operations(&t) * out->tokens_per_second / out->tokens;
    }
    training_end(&t);
    return ok;
}
