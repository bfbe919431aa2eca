/* engine_test - what the engine generates, against the training decoder and against itself under
 * other company.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/decoder.h"
#include "generate/engine.h"
#include "ops/random.h"

enum { V = 97, POSITIONS = 96, MAX_SAMPLES = 2048 };

static struct leti_error err;

static void check(bool ok)
{
    if (!ok)
        fail_msg("%s", err.text);
}

/* ---- a tiny model that is sure of itself ---- */

static void sharpen(struct lm_model *model)
{
    for (size_t i = 0; i < model->n_params; i++)
        if (model->params[i] != 1.0f)
            model->params[i] *= 8;
}

static struct lm_model *tiny(int32_t eos)
{
    const struct lm_config config = {
        .n_layers = 2,
        .d_model = 32,
        .n_heads = 4,
        .n_kv_heads = 2,
        .head_dim = 8,
        .d_ff = 48,
        .vocab_size = V,
        .max_positions = POSITIONS,
        .rope_theta = 10000,
        .norm_eps = 1e-5f,
        .tied = true,
        .bos = -1,
        .eos = eos,
    };
    struct lm_model *model;
    check(lm_model_create(&config, 5, &model, &err));
    sharpen(model);
    return model;
}

/* The tiny model of the project's pipelines, untrained: it has a tokenizer. */
static struct lm_model *nano(void)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/pipelines/nano", getenv("LETI_SOURCE_DIR"));
    struct lm_model *model;
    check(lm_model_random(dir, 5, &model, &err));
    model->config.eos = -1; /* samples end where the test says */
    return model;
}

/* ---- samples, collected ---- */

struct taken {
    uint64_t request;
    uint32_t index;
    int32_t tokens[POSITIONS * 6];
    float logprobs[POSITIONS * 6];
    size_t n_tokens;
    char text[8192];
    size_t size;
    enum lm_finish finish;
};

static struct taken taken[MAX_SAMPLES];
static size_t n_taken;

static void take(void *context, const struct lm_sample *sample)
{
    (void)context;
    assert_in_range(n_taken, 0, MAX_SAMPLES - 1);
    struct taken *to = &taken[n_taken++];
    to->request = sample->request;
    to->index = sample->index;
    to->n_tokens = sample->n_tokens;
    to->size = sample->size;
    to->finish = sample->finish;
    assert_in_range(sample->n_tokens, 0, POSITIONS * 6);
    assert_in_range(sample->size, 0, sizeof to->text - 1);
    memcpy(to->tokens, sample->tokens, sample->n_tokens * sizeof *to->tokens);
    memcpy(to->logprobs, sample->logprobs, sample->n_tokens * sizeof *to->logprobs);
    if (sample->finish == LM_FINISH_EOS)
        assert_true(sample->logprobs[sample->n_tokens] <= 1e-6f);
    memcpy(to->text, sample->text, sample->size + 1);
    assert_int_equal(to->text[to->size], 0);
}

static const struct taken *find(uint64_t request, uint32_t index)
{
    const struct taken *found = NULL;
    for (size_t i = 0; i < n_taken; i++)
        if (taken[i].request == request && taken[i].index == index) {
            assert_null(found);
            found = &taken[i];
        }
    assert_non_null(found);
    return found;
}

static struct lm_engine *create(const struct lm_model *model, int32_t slots)
{
    struct lm_engine *engine;
    check(lm_engine_create(model, slots, model->config.max_positions, &engine, &err));
    return engine;
}

static void run(struct lm_engine *engine)
{
    n_taken = 0;
    size_t open;
    do
        check(lm_engine_step(engine, take, NULL, &open, &err));
    while (open > 0);
}

/* ---- requests, made from a number ---- */

enum { LONGEST = 40 };

static size_t make_prompt(uint64_t seed, int32_t *prompt)
{
    struct lm_random random = { seed };
    size_t n = 1 + lm_random_u64(&random) % LONGEST;
    for (size_t i = 0; i < n; i++)
        prompt[i] = (int32_t)(lm_random_u64(&random) % V);
    return n;
}

static void submit(struct lm_engine *engine, uint64_t number, double temperature, uint32_t n)
{
    int32_t prompt[LONGEST];
    uint64_t seeds[64];
    size_t size = make_prompt(number, prompt);
    for (uint32_t i = 0; i < n; i++)
        seeds[i] = number * 1000 + i;
    struct lm_sampling how = { .temperature = temperature, .top_p = 1, .max_length = 64 };
    check(lm_engine_submit(engine, number, prompt, size, &how, &(struct lm_stops){ 0 }, seeds, n,
                           &err));
}

static void assert_same_tokens(const struct taken *a, const struct taken *b)
{
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_memory_equal(a->tokens, b->tokens, a->n_tokens * sizeof *a->tokens);
    assert_int_equal(a->finish, b->finish);
}

/* ---- claims ---- */

static void greedy_takes_the_decoders_best_token_after_every_prefix(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 5);
    for (uint64_t r = 0; r < 12; r++)
        submit(engine, r, 0, 1);
    run(engine);
    struct lm_decoder *decoder;
    check(lm_decoder_create(&model->config, POSITIONS, &decoder, &err));
    static float logits[POSITIONS * V];
    for (uint64_t r = 0; r < 12; r++) {
        const struct taken *sample = find(r, 0);
        int32_t tokens[POSITIONS], targets[POSITIONS];
        size_t prompt = make_prompt(r, tokens);
        assert_int_equal(prompt + sample->n_tokens, 64);
        for (size_t i = 0; i < sample->n_tokens; i++) {
            int32_t starts[] = { 0, (int32_t)(prompt + i) };
            memset(targets, -1, sizeof targets);
            struct lm_batch batch = { tokens, targets, starts, 1 };
            check(lm_decoder_logits(decoder, model, &batch, logits, &err));
            const float *row = logits + (prompt + i - 1) * V;
            int best = 0;
            double sum = 0;
            for (int v = 0; v < V; v++) {
                best = row[v] > row[best] ? v : best;
                sum += exp((double)row[v]);
            }
            assert_int_equal(sample->tokens[i], best);
            assert_true(fabs((double)(sample->logprobs[i] - row[best]) + log(sum)) < 1e-3);
            tokens[prompt + i] = best;
        }
    }
    lm_decoder_destroy(decoder);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void samples_that_share_a_prompt_are_what_each_is_alone(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 7);
    submit(engine, 3, 1, 16);
    run(engine);
    static struct taken together[16];
    for (uint32_t i = 0; i < 16; i++)
        together[i] = *find(3, i);
    int32_t prompt[LONGEST];
    size_t size = make_prompt(3, prompt);
    struct lm_sampling how = { .temperature = 1, .top_p = 1, .max_length = 64 };
    for (uint32_t i = 0; i < 16; i++) {
        uint64_t seed = 3000 + i;
        check(lm_engine_submit(engine, i, prompt, size, &how, &(struct lm_stops){ 0 }, &seed, 1,
                               &err));
        run(engine);
        assert_same_tokens(find(i, 0), &together[i]);
    }
    assert_memory_not_equal(together[0].tokens, together[1].tokens, 8 * sizeof(int32_t));
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void a_seed_gives_its_sample_whatever_else_is_in_the_batch(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 256);
    static struct taken alone[51 * 4];
    for (uint64_t r = 0; r < 51; r++) {
        submit(engine, r, 1, 4);
        run(engine);
        for (uint32_t i = 0; i < 4; i++)
            alone[r * 4 + i] = *find(r, i);
    }
    for (uint64_t r = 51; r-- > 0;)
        submit(engine, r, 1, 4);
    run(engine);
    for (uint64_t r = 0; r < 51; r++)
        for (uint32_t i = 0; i < 4; i++)
            assert_same_tokens(find(r, i), &alone[r * 4 + i]);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

/* Wider than a tile, and not sure of itself: a last bit would be seen in the log-probabilities. */
static struct lm_model *unsure(void)
{
    const struct lm_config config = {
        .n_layers = 3,
        .d_model = 96,
        .n_heads = 6,
        .n_kv_heads = 2,
        .head_dim = 16,
        .d_ff = 200,
        .vocab_size = 1000,
        .max_positions = POSITIONS,
        .rope_theta = 10000,
        .norm_eps = 1e-5f,
        .bos = -1,
        .eos = -1,
    };
    struct lm_model *model;
    check(lm_model_create(&config, 6, &model, &err));
    model->batch_invariant = true;
    return model;
}

static void batch_invariant_samples_are_the_same_to_the_last_bit(void **state)
{
    (void)state;
    struct lm_model *model = unsure();
    static struct taken alone[20 * 3];
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    struct lm_engine *engine = create(model, 1);
    for (uint64_t r = 0; r < 20; r++) {
        submit(engine, r, 1, 3);
        run(engine);
        for (uint32_t i = 0; i < 3; i++)
            alone[r * 3 + i] = *find(r, i);
    }
    lm_engine_destroy(engine);
    omp_set_num_threads(2);
    engine = create(model, 37);
    for (uint64_t r = 20; r-- > 0;)
        submit(engine, r, 1, 3);
    run(engine);
    for (uint64_t r = 0; r < 20; r++)
        for (uint32_t i = 0; i < 3; i++) {
            const struct taken *one = &alone[r * 3 + i], *other = find(r, i);
            assert_same_tokens(other, one);
            assert_memory_equal(other->logprobs, one->logprobs,
                                one->n_tokens * sizeof *one->logprobs);
        }
    lm_engine_destroy(engine);
    lm_model_close(model);
    omp_set_num_threads(threads);
}

static void every_sample_comes_once_in_whatever_order_and_memory_stays_flat(void **state)
{
    (void)state;
    struct lm_model *model = tiny(11);
    struct lm_engine *engine = create(model, 33);
    size_t held[3];
    for (int round = 0; round < 3; round++) {
        struct lm_random random = { 17 };
        for (uint64_t r = 0; r < 200; r++)
            submit(engine, lm_random_u64(&random) % 1000000, 1, 1 + r % 8);
        run(engine);
        random.state = 17;
        size_t total = 0;
        for (uint64_t r = 0; r < 200; r++) {
            uint64_t id = lm_random_u64(&random) % 1000000;
            for (uint32_t i = 0; i < 1 + r % 8; i++, total++) {
                const struct taken *sample = find(id, i);
                int32_t prompt[LONGEST];
                size_t length = make_prompt(id, prompt) + sample->n_tokens;
                assert_true(sample->finish == LM_FINISH_LENGTH ? length == 64 : length < 64);
                for (size_t t = 0; t < sample->n_tokens; t++)
                    assert_int_not_equal(sample->tokens[t], 11);
            }
        }
        assert_int_equal(n_taken, total);
        held[round] = mallinfo2().uordblks + mallinfo2().hblkhd;
    }
    assert_in_range(held[2], 0, held[1] + 16384); /* threads come and go; 200 requests are more */
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void the_end_of_text_token_ends_a_sample(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 4);
    submit(engine, 8, 1, 1);
    run(engine);
    static struct taken whole;
    whole = *find(8, 0);
    assert_int_equal(whole.finish, LM_FINISH_LENGTH);
    lm_engine_destroy(engine);
    model->config.eos = whole.tokens[10];
    engine = create(model, 4);
    size_t first = 0;
    while (whole.tokens[first] != model->config.eos)
        first++;
    submit(engine, 8, 1, 1);
    run(engine);
    assert_int_equal(find(8, 0)->finish, LM_FINISH_EOS);
    assert_int_equal(find(8, 0)->n_tokens, first);
    assert_memory_equal(find(8, 0)->tokens, whole.tokens, first * sizeof(int32_t));
    lm_engine_destroy(engine);
    lm_model_close(model);
}

/* Tokens of a nano sample until its text has at least size bytes. */
static size_t tokens_until(const struct lm_model *model, const struct taken *sample, size_t size)
{
    size_t n = 0, sum = 0, bytes;
    while (n < sample->n_tokens && sum < size) {
        lm_tokenizer_bytes(model->tokenizer, sample->tokens[n++], &bytes);
        sum += bytes;
    }
    return n;
}

static void a_stop_string_ends_a_sample_after_the_grace(void **state)
{
    (void)state;
    struct lm_model *model = nano();
    struct lm_engine *engine = create(model, 4);
    int32_t prompt[] = { 40, 41, 42 };
    uint64_t seed = 4;
    struct lm_sampling how = { .temperature = 1, .top_p = 1, .max_length = 300 };
    struct lm_stops none = { 0 };
    check(lm_engine_submit(engine, 1, prompt, 3, &how, &none, &seed, 1, &err));
    run(engine);
    static struct taken whole;
    whole = *find(1, 0);
    assert_int_equal(whole.n_tokens, 297);
    assert_int_equal(whole.finish, LM_FINISH_LENGTH);
    for (size_t at = 0; at < 200; at += 8) {
        char item[8] = "\n";
        memcpy(item + 1, whole.text + at, 5);
        assert_int_equal(strlen(item), 6);
        const char *items[] = { "\xff\xff\xff\xff", at ? item + 1 : item };
        struct lm_stops stops = { .items = items, .n = 2, .grace = 3 * at };
        check(lm_engine_submit(engine, at, prompt, 3, &how, &stops, &seed, 1, &err));
        run(engine);
        const struct taken *cut = find(at, 0);
        size_t match = (size_t)(strstr(whole.text, item + 1) - whole.text) + 5;
        size_t n = tokens_until(model, &whole, match + stops.grace);
        assert_int_equal(cut->n_tokens, n);
        assert_int_equal(cut->finish, n < 297 ? LM_FINISH_STOP : LM_FINISH_LENGTH);
        assert_memory_equal(cut->text, whole.text, cut->size);
    }
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void special_tokens_are_left_out_of_the_text(void **state)
{
    (void)state;
    struct lm_model *model = nano();
    const char *const names[] = { "<|good|>" };
    int32_t special;
    check(lm_model_add_specials(model, names, 1, 1, &special, &err));
    float *row = model->params + model->embedding + special * model->config.d_model;
    for (int32_t c = 0; c < model->config.d_model; c++)
        row[c] *= 20;
    struct lm_engine *engine = create(model, 64);
    int32_t prompt[] = { 40 };
    uint64_t seeds[64];
    for (uint64_t i = 0; i < 64; i++)
        seeds[i] = i;
    struct lm_sampling how = { .temperature = 1, .top_p = 1, .max_length = 60 };
    check(lm_engine_submit(engine, 1, prompt, 1, &how, &(struct lm_stops){ 0 }, seeds, 64, &err));
    run(engine);
    size_t met = 0;
    for (size_t i = 0; i < n_taken; i++) {
        size_t size = 0, bytes;
        for (size_t t = 0; t < taken[i].n_tokens; t++) {
            met += taken[i].tokens[t] == special;
            if (lm_tokenizer_is_special(model->tokenizer, taken[i].tokens[t]))
                continue;
            const char *text = lm_tokenizer_bytes(model->tokenizer, taken[i].tokens[t], &bytes);
            assert_memory_equal(taken[i].text + size, text, bytes);
            size += bytes;
        }
        assert_int_equal(size, taken[i].size);
    }
    assert_true(met > 0);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void rows_beyond_the_tokenizer_are_never_sampled(void **state)
{
    (void)state;
    struct lm_model *model = nano();
    int32_t size = lm_tokenizer_size(model->tokenizer), C = model->config.d_model;
    struct lm_model *padded;
    struct lm_config config = model->config;
    config.vocab_size = size + 30;
    check(lm_model_create(&config, 9, &padded, &err));
    padded->tokenizer = model->tokenizer;
    model->tokenizer = NULL;
    for (int32_t i = size * C; i < (size + 30) * C; i++)
        padded->params[padded->embedding + (size_t)i] *= 30;
    struct lm_engine *engine = create(padded, 64);
    int32_t prompt[] = { 40 };
    uint64_t seeds[64] = { 0 };
    struct lm_sampling how = { .temperature = 1, .top_p = 0.9, .max_length = 20 };
    check(lm_engine_submit(engine, 1, prompt, 1, &how, &(struct lm_stops){ 0 }, seeds, 64, &err));
    run(engine);
    for (size_t i = 0; i < n_taken; i++)
        for (size_t t = 0; t < taken[i].n_tokens; t++)
            assert_in_range(taken[i].tokens[t], 0, size - 1);
    lm_engine_destroy(engine);
    lm_model_close(padded);
    lm_model_close(model);
}

static void a_limit_on_memory_changes_no_sample(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 64);
    static struct taken free_run[40];
    for (int round = 0; round < 3; round++) {
        if (round > 0)
            lm_engine_limit_kv(engine, round == 1 ? 100000 : 0);
        for (uint64_t r = 0; r < 10; r++)
            submit(engine, r, 1, 4);
        run(engine);
        assert_int_equal(n_taken, 40);
        for (uint32_t i = 0; i < 40; i++)
            if (round == 0)
                free_run[i] = *find(i / 4, i % 4);
            else
                assert_same_tokens(find(i / 4, i % 4), &free_run[i]);
    }
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void cancel_forgets_everything(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 6);
    submit(engine, 2, 1, 4);
    run(engine);
    static struct taken before[4];
    for (uint32_t i = 0; i < 4; i++)
        before[i] = *find(2, i);
    for (int rounds = 0; rounds < 5; rounds++) {
        for (uint64_t r = 10; r < 20; r++)
            submit(engine, r, 1, 4);
        size_t open = 40;
        for (int i = 0; i < rounds; i++)
            check(lm_engine_step(engine, take, NULL, &open, &err));
        assert_int_equal(open, 40);
        lm_engine_cancel(engine);
        n_taken = 0;
        check(lm_engine_step(engine, take, NULL, &open, &err));
        assert_int_equal(open, 0);
        assert_int_equal(n_taken, 0);
    }
    submit(engine, 2, 1, 4);
    run(engine);
    assert_int_equal(n_taken, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_same_tokens(find(2, i), &before[i]);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void refuse(struct lm_engine *engine, const int32_t *prompt, size_t n,
                   const struct lm_sampling *how, const char *why)
{
    uint64_t seed = 1;
    assert_false(
        lm_engine_submit(engine, 1, prompt, n, how, &(struct lm_stops){ 0 }, &seed, 1, &err));
    assert_string_equal(err.text, why);
}

static void what_cannot_be_is_refused_with_its_numbers(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 2);
    int32_t prompt[64] = { 1, V, -1 };
    struct lm_sampling how = { .temperature = 1, .top_p = 1, .max_length = 64 };
    refuse(engine, prompt + 3, 61, &(struct lm_sampling){ 1, 1, 0, 61 },
           "a prompt of 61 tokens leaves no room within max_length 61");
    refuse(engine, prompt, 2, &how, "token 97 of the prompt is not within the vocabulary of 97");
    refuse(engine, prompt + 2, 1, &how,
           "token -1 of the prompt is not within the vocabulary of 97");
    refuse(engine, prompt, 0, &how, "the prompt is empty, and there is no token to start from");
    how.max_length = 97;
    refuse(engine, prompt, 1, &how, "max_length 97 is not within 1 and 96");
    how.max_length = 64;
    how.temperature = NAN;
    refuse(engine, prompt, 1, &how, "temperature nan, top_p 1 and top_k 0 must not be negative");
    submit(engine, 5, 1, 2);
    run(engine);
    assert_int_equal(n_taken, 2);
    lm_engine_destroy(engine);

    struct lm_engine *none = NULL;
    assert_false(lm_engine_create(model, 0, 64, &none, &err));
    assert_string_equal(err.text, "0 slots: at least 1 is needed");
    assert_false(lm_engine_create(model, 1, 97, &none, &err));
    assert_string_equal(err.text, "max_length 97 is not within 1 and the model's 96 positions");
    assert_null(none);
    lm_model_close(model);
}

static void an_empty_prompt_starts_from_end_of_text(void **state)
{
    (void)state;
    struct lm_model *model = tiny(11);
    struct lm_engine *engine = create(model, 2);
    uint64_t seed = 1;
    int32_t start = 11;
    struct lm_sampling how = { .temperature = 0, .top_p = 1, .max_length = 9 };
    struct lm_stops none = { 0 };
    check(lm_engine_submit(engine, 1, NULL, 0, &how, &none, &seed, 1, &err));
    check(lm_engine_submit(engine, 2, &start, 1, &how, &none, &seed, 1, &err));
    run(engine);
    assert_same_tokens(find(1, 0), find(2, 0));
    lm_engine_destroy(engine);
    lm_model_close(model);
}

static void a_broken_model_is_told_and_can_be_cancelled(void **state)
{
    (void)state;
    struct lm_model *model = tiny(-1);
    struct lm_engine *engine = create(model, 3);
    submit(engine, 1, 1, 5);
    model->params[model->final_norm] = NAN; /* as a training that diverged leaves it */
    size_t open;
    assert_false(lm_engine_step(engine, take, NULL, &open, &err));
    assert_string_equal(err.text, "the model's logits are not finite at token 1 of a sample");
    lm_engine_cancel(engine);
    model->params[model->final_norm] = 1;
    submit(engine, 1, 1, 5);
    run(engine);
    assert_int_equal(n_taken, 5);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_decoders_best_token_after_every_prefix),
        cmocka_unit_test(samples_that_share_a_prompt_are_what_each_is_alone),
        cmocka_unit_test(a_seed_gives_its_sample_whatever_else_is_in_the_batch),
        cmocka_unit_test(batch_invariant_samples_are_the_same_to_the_last_bit),
        cmocka_unit_test(every_sample_comes_once_in_whatever_order_and_memory_stays_flat),
        cmocka_unit_test(the_end_of_text_token_ends_a_sample),
        cmocka_unit_test(a_stop_string_ends_a_sample_after_the_grace),
        cmocka_unit_test(special_tokens_are_left_out_of_the_text),
        cmocka_unit_test(rows_beyond_the_tokenizer_are_never_sampled),
        cmocka_unit_test(a_limit_on_memory_changes_no_sample),
        cmocka_unit_test(cancel_forgets_everything),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_numbers),
        cmocka_unit_test(an_empty_prompt_starts_from_end_of_text),
        cmocka_unit_test(a_broken_model_is_told_and_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
