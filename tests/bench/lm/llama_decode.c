/* llama_decode - how fast llama.cpp samples, through its own C interface.
 *
 *     llama_decode MODEL.gguf [option=value]...
 *
 * Each problem's prompt is read once and shared with its samples by llama.cpp's own sequence
 * copy; then all samples take one token a step, to the end, whatever is drawn. What one could
 * choose is an option, so that llama.cpp can be shown at its best:
 *
 *     problems=8 samples=8 prompt=128 new=128   the work
 *     threads=2 ubatch=1024                     how much at once
 *     unified=0     0: keys and values of each sequence apart, 1: all in one buffer with a mask
 *     flash=1       0: attention in three steps, 1: fused
 *     cache=f16     keys and values as f32, f16, bf16 or q8_0
 *     repack=1      weights laid out anew for the processor where llama.cpp can
 *     draw=softmax  softmax: temperature 1; greedy; llama: temperature 1 by llama.cpp's sampler
 *     rounds=3
 *
 * Prints one JSON object a round: seconds to the first token of every sample, new tokens a second
 * while decoding, and new tokens a second of the whole.
 *
 *     cc -O3 -march=native -ffast-math -fopenmp llama_decode.c -I SITE/include \
 *        -L SITE/llama_cpp/lib -Wl,-rpath,SITE/llama_cpp/lib -lllama -lggml -lggml-base -lm
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <llama.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct work {
    int problems, samples, prompt, new, threads, ubatch, unified, flash, repack, rounds;
    const char *cache, *draw;
};

static double seconds(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void die(const char *why, const char *what)
{
    fprintf(stderr, "llama_decode: %s%s\n", why, what);
    exit(1);
}

static void parse(struct work *w, const char *argument)
{
    const struct {
        const char *name;
        int *value;
    } numbers[] = {
        { "problems", &w->problems }, { "samples", &w->samples }, { "prompt", &w->prompt },
        { "new", &w->new },           { "threads", &w->threads }, { "ubatch", &w->ubatch },
        { "unified", &w->unified },   { "flash", &w->flash },     { "repack", &w->repack },
        { "rounds", &w->rounds },
    };
    const char *value = strchr(argument, '=');
    if (!value)
        die("not option=value: ", argument);
    size_t len = (size_t)(value++ - argument);
    if (len == 5 && !memcmp(argument, "cache", len))
        w->cache = value;
    else if (len == 4 && !memcmp(argument, "draw", len))
        w->draw = value;
    else {
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (strlen(numbers[i].name) == len && !memcmp(argument, numbers[i].name, len)) {
                char *end;
                *numbers[i].value = (int)strtol(value, &end, 10);
                if (*value && !*end)
                    return;
            }
        die("no such option or value: ", argument);
    }
}

static enum ggml_type type_of(const char *name)
{
    for (int type = 0; type < GGML_TYPE_COUNT; type++)
        if (ggml_type_name(type) && !strcmp(ggml_type_name(type), name))
            return type;
    die("no such type: ", name);
    return GGML_TYPE_F32;
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static int greedy(const float *logits, int n)
{
    float most = -INFINITY;
    for (int i = 0; i < n; i++)
        most = fmaxf(most, logits[i]);
    int token = 0;
    while (token < n - 1 && logits[token] < most)
        token++;
    return token;
}

/* A token with the probability that the softmax gives it; *u is uniform in [0, 1). */
static int softmax(const float *logits, int n, double u, float *weights)
{
    enum { BLOCK = 1024 };
    float most = -INFINITY;
    for (int i = 0; i < n; i++)
        most = fmaxf(most, logits[i]);
    double total = 0;
    for (int i = 0; i < n; i += BLOCK) {
        int end = i + BLOCK < n ? i + BLOCK : n;
        float sum = 0;
        for (int j = i; j < end; j++)
            sum += weights[j] = expf(logits[j] - most);
        total += sum;
    }
    u *= total;
    int token = 0;
    while (token < n - 1 && (u -= weights[token]) >= 0)
        token++;
    return token;
}

struct run {
    const struct work *work;
    struct llama_context *context;
    struct llama_batch batch;
    struct llama_sampler *sampler;
    int vocabulary, sequences;
    int *tokens;    /* sequences: the last of each */
    float *weights; /* sequences x vocabulary */
    uint64_t seed;
};

static void add(struct llama_batch *batch, int token, int position, int sequence, bool logits)
{
    int i = batch->n_tokens++;
    batch->token[i] = token;
    batch->pos[i] = position;
    batch->n_seq_id[i] = 1;
    batch->seq_id[i][0] = sequence;
    batch->logits[i] = logits;
}

static void decode(struct run *r)
{
    if (llama_decode(r->context, r->batch))
        die("llama_decode failed", "");
    r->batch.n_tokens = 0;
}

/* Draws token `step` of every sequence; of a prompt's last position, samples draw alike. */
static void draw(struct run *r, int step, int per_output)
{
    int n = r->vocabulary, count = r->sequences;
    if (r->work->draw[0] == 'l') {
        for (int s = 0; s < count; s++)
            r->tokens[s] = llama_sampler_sample(
                r->sampler, r->context,
                step ? s : s / per_output * r->work->prompt + r->work->prompt - 1);
        return;
    }
    const float *logits = llama_get_logits(r->context);
    bool greedily = r->work->draw[0] == 'g';
#pragma omp parallel for schedule(static) num_threads(r->work->threads)
    for (int s = 0; s < count; s++) {
        const float *row = logits + (size_t)(s / per_output) * (size_t)n;
        uint64_t bits = mix(mix(r->seed + (uint64_t)s) + (uint64_t)step);
        double u = (double)(bits >> 11) * 0x1p-53;
        r->tokens[s] =
            greedily ? greedy(row, n) : softmax(row, n, u, r->weights + (size_t)s * (size_t)n);
    }
}

static void one_round(struct run *r)
{
    const struct work *w = r->work;
    llama_memory_t memory = llama_get_memory(r->context);
    llama_memory_clear(memory, false);
    r->seed = mix(r->seed);

    double start = seconds();
    for (int p = 0; p < w->problems; p++)
        for (int i = 0; i < w->prompt; i++) {
            uint64_t bits = mix(r->seed + (uint64_t)(p * w->prompt + i));
            add(&r->batch, (int)(bits % (uint64_t)r->vocabulary), i, p * w->samples,
                i == w->prompt - 1);
        }
    decode(r);
    for (int p = 0; p < w->problems; p++)
        for (int s = 1; s < w->samples; s++)
            llama_memory_seq_cp(memory, p * w->samples, p * w->samples + s, -1, -1);
    draw(r, 0, w->samples);
    double first = seconds();
    for (int step = 1; step < w->new; step++) {
        for (int s = 0; s < r->sequences; s++)
            add(&r->batch, r->tokens[s], w->prompt + step - 1, s, true);
        decode(r);
        draw(r, step, 1);
    }
    double end = seconds();
    printf("{\"sequences\": %d, \"threads\": %d, \"ubatch\": %d, \"unified\": %d, \"flash\": %d, "
           "\"cache\": \"%s\", \"draw\": \"%s\", \"first_token_s\": %.3f, "
           "\"decode_tokens_per_second\": %.1f, \"tokens_per_second\": %.1f}\n",
           r->sequences, w->threads, w->ubatch, w->unified, w->flash, w->cache, w->draw,
           first - start, r->sequences * (w->new - 1.0) / (end - first),
           r->sequences * (double)w->new / (end - start));
    fflush(stdout);
}

static void quiet(enum ggml_log_level level, const char *text, void *context)
{
    (void)context;
    if (level == GGML_LOG_LEVEL_ERROR || getenv("LLAMA_DECODE_LOG"))
        fputs(text, stderr);
}

int main(int argc, char **argv)
{
    struct work w = { 8, 8, 128, 128, 2, 1024, 0, 1, 1, 3, "f16", "softmax" };
    if (argc < 2)
        die("usage: llama_decode MODEL.gguf [option=value]...", "");
    for (int i = 2; i < argc; i++)
        parse(&w, argv[i]);

    llama_log_set(quiet, NULL);
    llama_backend_init();
    struct llama_model_params how = llama_model_default_params();
    how.use_extra_bufts = w.repack;
    struct llama_model *model = llama_model_load_from_file(argv[1], how);
    if (!model)
        die("cannot load ", argv[1]);
    struct run r = { .work = &w, .sequences = w.problems * w.samples };
    r.vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));

    struct llama_context_params context = llama_context_default_params();
    int length = (w.prompt + w.new + 255) / 256 * 256;
    context.n_ctx =
        (uint32_t)(w.unified ? (w.problems * w.prompt + r.sequences * w.new + 255) / 256 * 256
                             : r.sequences * length);
    context.n_batch =
        (uint32_t)(w.problems * w.prompt > r.sequences ? w.problems * w.prompt : r.sequences);
    context.n_ubatch = (uint32_t)w.ubatch;
    context.n_seq_max = (uint32_t)r.sequences;
    context.n_threads = context.n_threads_batch = w.threads;
    context.flash_attn_type =
        w.flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    context.type_k = context.type_v = type_of(w.cache);
    context.kv_unified = w.unified;
    context.no_perf = true;
    r.context = llama_init_from_model(model, context);
    r.batch = llama_batch_init((int)context.n_batch, 0, 1);
    r.tokens = calloc((size_t)r.sequences, sizeof *r.tokens);
    r.weights = calloc((size_t)r.sequences * (size_t)r.vocabulary, sizeof *r.weights);
    if (!r.context || !r.batch.token || !r.tokens || !r.weights)
        die("no context of this size for ", argv[1]);
    r.sampler = llama_sampler_chain_init(llama_sampler_chain_default_params());
    llama_sampler_chain_add(r.sampler, llama_sampler_init_temp(1.0f));
    llama_sampler_chain_add(r.sampler, llama_sampler_init_dist(1));

    for (int i = 0; i < w.rounds; i++)
        one_round(&r);

    llama_sampler_free(r.sampler);
    free(r.weights);
    free(r.tokens);
    llama_batch_free(r.batch);
    llama_free(r.context);
    llama_model_free(model);
    llama_backend_free();
    return 0;
}
