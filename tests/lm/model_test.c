/* model_test - models made, opened, extended and saved; folders that do not fit together.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "model/model.h"
#include "same_config.h"
#include "scratch.h"
#include "tokenizer_golden.h"

enum { TOKENS = 646 /* of the golden tokenizer gpt2 */ };

static struct lm_config small(bool tied, int32_t vocab_size)
{
    return (struct lm_config){
        .n_layers = 2,
        .d_model = 24,
        .n_heads = 3,
        .n_kv_heads = 1,
        .head_dim = 10,
        .d_ff = 33,
        .vocab_size = vocab_size,
        .max_positions = 64,
        .rope_theta = 10000,
        .norm_eps = 1e-5f,
        .tied = tied,
        .bos = -1,
        .eos = 0,
    };
}

static struct lm_model *create(bool tied, int32_t vocab_size, uint64_t seed)
{
    struct lm_config config = small(tied, vocab_size);
    struct lm_model *m = NULL;
    struct leti_error err = { "" };
    if (!lm_model_create(&config, seed, &m, &err))
        fail_msg("%s", err.text);
    return m;
}

/* With the tokenizer that goes with TOKENS. */
static struct lm_model *create_whole(bool tied, int32_t vocab_size, uint64_t seed)
{
    struct lm_model *m = create(tied, vocab_size, seed);
    struct leti_error err = { "" };
    if (!lm_tokenizer_open(golden_path("gpt2"), &m->tokenizer, &err))
        fail_msg("%s", err.text);
    return m;
}

static const struct lm_tensor *tensor(const struct lm_model *m, const char *name)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        if (strcmp(m->tensors[i].name, name) == 0)
            return &m->tensors[i];
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

static double deviation(const float *data, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)data[i] * data[i];
    return sqrt(squares / (double)n);
}

static void same_tensors(const struct lm_model *a, const struct lm_model *b)
{
    assert_int_equal(a->n_tensors, b->n_tensors);
    assert_int_equal(a->n_params, b->n_params);
    for (size_t i = 0; i < a->n_tensors; i++)
        assert_memory_equal(&a->tensors[i], &b->tensors[i], sizeof a->tensors[i]);
    assert_memory_equal(a->params, b->params, a->n_params * sizeof(float));
}

/* ---- layout ---- */

static void lays_fused_matrices_out_without_gaps(void **state)
{
    (void)state;
    struct lm_model *m = create(false, 100, 1);
    assert_int_equal((uintptr_t)m->params % 64, 0);
    assert_int_equal(m->n_tensors, 2 * 9 + 3);
    const struct lm_tensor *q = tensor(m, "model.layers.1.self_attn.q_proj.weight");
    const struct lm_tensor *k = tensor(m, "model.layers.1.self_attn.k_proj.weight");
    const struct lm_tensor *v = tensor(m, "model.layers.1.self_attn.v_proj.weight");
    const struct lm_tensor *gate = tensor(m, "model.layers.1.mlp.gate_proj.weight");
    const struct lm_tensor *up = tensor(m, "model.layers.1.mlp.up_proj.weight");
    assert_true(q->rows == 30 && q->cols == 24 && k->rows == 10 && v->rows == 10);
    assert_int_equal(m->layers[1].wqkv, q->offset);
    assert_int_equal(k->offset, q->offset + 30 * 24);
    assert_int_equal(v->offset, k->offset + 10 * 24);
    assert_int_equal(m->layers[1].w_gate_up, gate->offset);
    assert_int_equal(up->offset, gate->offset + 33 * 24);
    assert_int_equal(m->head, tensor(m, "lm_head.weight")->offset);
    assert_int_equal(m->layers[1].w_down % 16, 0);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        size_t end = t->offset + (size_t)(t->rows * t->cols);
        assert_true(end <= (i + 1 < m->n_tensors ? m->tensors[i + 1].offset : m->n_params));
        assert_int_equal(t->decay, !strstr(t->name, "norm"));
    }
    lm_model_close(m);
}

static void shares_the_table_when_tied(void **state)
{
    (void)state;
    struct lm_model *m = create(true, 100, 1);
    assert_int_equal(m->head, m->embedding);
    assert_int_equal(m->n_tensors, 2 * 9 + 2);
    lm_model_close(m);
}

static void draws_the_same_from_the_same_seed(void **state)
{
    (void)state;
    struct lm_model *a = create(false, 5000, 7), *b = create(false, 5000, 7);
    struct lm_model *c = create(false, 5000, 8);
    same_tensors(a, b);
    assert_memory_not_equal(a->params, c->params, a->n_params * sizeof(float));
    assert_true(fabs(deviation(a->params + a->embedding, 5000 * 24) - 0.02) < 2e-4);
    const struct lm_tensor *down = tensor(a, "model.layers.0.mlp.down_proj.weight");
    assert_true(fabs(deviation(a->params + down->offset, 24 * 33) - 0.01) < 1e-3);
    assert_true(a->params[a->final_norm] == 1.0f && a->params[a->final_norm + 23] == 1.0f);
    lm_model_close(a);
    lm_model_close(b);
    lm_model_close(c);
}

static void refuses_sizes_that_no_machine_has(void **state)
{
    (void)state;
    struct lm_config c = small(false, 1 << 24);
    c.d_model = 1 << 18;
    struct lm_model *m;
    struct leti_error err;
    assert_false(lm_model_create(&c, 1, &m, &err));
    assert_non_null(strstr(err.text, "GiB"));
    c.n_layers = 1 << 12;
    c.d_ff = 1 << 20;
    c.n_heads = c.n_kv_heads = c.head_dim = 1 << 12;
    assert_false(lm_model_create(&c, 1, &m, &err));
    c.n_layers = -1;
    assert_false(lm_model_create(&c, 1, &m, &err));
    assert_non_null(strstr(err.text, "num_hidden_layers is -1"));
}

/* ---- folders ---- */

static void save(const struct lm_model *m, const char *dir, enum lm_dtype dtype)
{
    struct leti_error err = { "" };
    if (!lm_model_save(m, NULL, dir, dtype, &err))
        fail_msg("%s", err.text);
}

static void opens_what_it_saved(void **state)
{
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        const char *dir = scratch_path(scratch_dir, tied ? "tied" : "untied");
        struct lm_model *m = create_whole(tied, TOKENS + 10, 3), *again;
        struct leti_error err = { "" };
        save(m, dir, LM_F32);
        if (!lm_model_open(dir, &again, &err))
            fail_msg("%s", err.text);
        assert_true(same_config(&m->config, &again->config));
        same_tensors(m, again);
        assert_int_equal(lm_tokenizer_size(again->tokenizer), TOKENS);
        assert_int_equal(access(scratch_path(dir, "tokenizer_config.json"), F_OK), 0);
        lm_model_close(again);
        lm_model_close(m);
    }
}

static void saves_bf16_to_three_digits(void **state)
{
    (void)state;
    const char *dir = scratch_path(scratch_dir, "bf16");
    struct lm_model *m = create_whole(true, TOKENS, 3), *again = NULL;
    struct leti_error err;
    save(m, dir, LM_BF16);
    assert_true(lm_model_open(dir, &again, &err));
    for (size_t i = 0; i < m->n_params; i++)
        assert_true(fabsf(m->params[i] - again->params[i]) <= fabsf(m->params[i]) / 256);
    lm_model_close(again);
    lm_model_close(m);
}

static void keeps_the_files_beside_a_model(void **state)
{
    (void)state;
    char from[PATH_MAX], to[PATH_MAX];
    snprintf(from, sizeof from, "%s", scratch_path(scratch_dir, "beside"));
    snprintf(to, sizeof to, "%s", scratch_path(scratch_dir, "beside-copy"));
    struct lm_model *m = create_whole(true, TOKENS, 3);
    struct leti_error err = { "" };
    save(m, from, LM_F32);
    static const char text[] = "{\"chat_template\": \"x\"}";
    assert_true(scratch_write(scratch_path(from, "tokenizer_config.json"), text, strlen(text)));
    assert_true(lm_model_save(m, from, to, LM_F32, &err));
    size_t size = 0;
    char *copy = scratch_read(scratch_path(to, "tokenizer_config.json"), &size);
    assert_non_null(copy);
    assert_string_equal(copy, text);
    free(copy);
    lm_model_close(m);
}

/* A folder whose weights are these tensors alone, split over two shards if so asked. */
static void write_folder(const char *dir, const struct lm_model *m,
                         const struct lm_tensor_source *tensors, size_t n, bool sharded)
{
    struct leti_error err = { "" };
    save(m, dir, LM_F32);
    if (!sharded) {
        assert_true(
            lm_safetensors_write(scratch_path(dir, "model.safetensors"), tensors, n, LM_F32, &err));
        return;
    }
    assert_int_equal(remove(scratch_path(dir, "model.safetensors")), 0);
    assert_true(
        lm_safetensors_write(scratch_path(dir, "a.safetensors"), tensors, n / 2, LM_F32, &err));
    assert_true(lm_safetensors_write(scratch_path(dir, "b.safetensors"), tensors + n / 2, n - n / 2,
                                     LM_F32, &err));
    FILE *index = fopen(scratch_path(dir, "model.safetensors.index.json"), "w");
    assert_non_null(index);
    for (size_t i = 0; i < n; i++)
        fprintf(index, "%s\"%s\": \"%s.safetensors\"", i ? ", " : "{\"weight_map\": {",
                tensors[i].name, i < n / 2 ? "a" : "b");
    fprintf(index, "}}");
    assert_int_equal(fclose(index), 0);
}

static size_t sources_of(const struct lm_model *m, struct lm_tensor_source *out)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        out[i] = t->decay
                     ? (struct lm_tensor_source){ t->name,
                                                  2,
                                                  { t->rows, t->cols },
                                                  m->params + t->offset }
                     : (struct lm_tensor_source){ t->name, 1, { t->cols }, m->params + t->offset };
    }
    return m->n_tensors;
}

static void opens_shards(void **state)
{
    (void)state;
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, "shards"));
    struct lm_model *m = create_whole(false, TOKENS, 4), *again = NULL;
    struct lm_tensor_source sources[32];
    size_t n = sources_of(m, sources);
    write_folder(dir, m, sources, n, true);
    struct leti_error err = { "" };
    if (!lm_model_open(dir, &again, &err))
        fail_msg("%s", err.text);
    same_tensors(m, again);
    lm_model_close(again);

    static const char outside[] = "{\"weight_map\": {\"x\": \"../shards/a.safetensors\"}}";
    static const char missing[] = "{\"weight_map\": {\"x\": \"c.safetensors\"}}";
    static const char empty[] = "{\"weight_map\": {}}", none[] = "{}";
    const char *index = scratch_path(dir, "model.safetensors.index.json");
    assert_true(scratch_write(index, outside, strlen(outside)));
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "weight_map of x is no name of a file beside it"));
    assert_true(scratch_write(index, missing, strlen(missing)));
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "c.safetensors: cannot open"));
    assert_true(scratch_write(index, empty, strlen(empty)));
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "tensor model.embed_tokens.weight is missing"));
    assert_true(scratch_write(index, none, strlen(none)));
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "weight_map is not a JSON object"));
    lm_model_close(m);
}

static void refuses_tensors_that_do_not_fit(void **state)
{
    (void)state;
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, "unfit"));
    struct lm_model *m = create_whole(true, TOKENS, 4), *again = NULL;
    struct leti_error err = { "" };
    struct lm_tensor_source sources[32];
    size_t n = sources_of(m, sources);

    write_folder(dir, m, sources, n - 1, false);
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "tensor model.norm.weight is missing"));

    struct lm_tensor_source whole = sources[2];
    sources[2].dims[0]--;
    write_folder(dir, m, sources, n, false);
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "q_proj.weight has shape 29 x 24, the config says 30 x 24"));
    sources[2] = whole;

    sources[n] =
        (struct lm_tensor_source){ "model.layers.0.self_attn.q_proj.bias", 1, { 30 }, m->params };
    write_folder(dir, m, sources, n + 1, false);
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "q_proj.bias is no part of a llama decoder"));

    sources[n].name = "lm_head.weight"; /* tied: some files have it all the same */
    write_folder(dir, m, sources, n + 1, false);
    assert_true(lm_model_open(dir, &again, &err));
    lm_model_close(again);
    lm_model_close(m);
}

static void refuses_a_tokenizer_with_more_ids_than_rows(void **state)
{
    (void)state;
    const char *dir = scratch_path(scratch_dir, "narrow");
    struct lm_model *m = create_whole(true, TOKENS - 1, 4), *again;
    struct leti_error err;
    save(m, dir, LM_F32);
    assert_false(lm_model_open(dir, &again, &err));
    assert_non_null(strstr(err.text, "tokenizer.json has 646 ids, the embedding only 645 rows"));
    assert_false(lm_model_random(dir, 1, &again, &err));
    lm_model_close(m);
}

static void refuses_folders_with_a_file_missing(void **state)
{
    (void)state;
    static const char *const files[] = { "model.safetensors", "tokenizer.json", "config.json" };
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, "holes"));
    struct lm_model *m = create_whole(true, TOKENS, 4), *again = NULL;
    save(m, dir, LM_F32);
    lm_model_close(m);
    for (size_t i = 0; i < 3; i++) {
        struct leti_error err;
        assert_int_equal(remove(scratch_path(dir, files[i])), 0);
        assert_false(lm_model_open(dir, &again, &err));
        assert_non_null(strstr(err.text, files[i]));
        if (i == 0) { /* needs no weights */
            assert_true(lm_model_random(dir, 1, &again, &err));
            lm_model_close(again);
        }
    }
}

/* ---- special tokens ---- */

static void check_added_rows(const struct lm_model *m, const struct lm_model *before, size_t table,
                             size_t table_before, int32_t n, double expected)
{
    const float *rows = m->params + table;
    assert_memory_equal(rows, before->params + table_before, (size_t)TOKENS * 24 * sizeof(float));
    double got = deviation(rows + (size_t)TOKENS * 24, (size_t)n * 24);
    assert_true(fabs(got / expected - 1) < 0.1);
}

static void adds_rows_at_the_deviation_of_the_trained_ones(void **state)
{
    (void)state;
    enum { N = 40 };
    for (int tied = 0; tied < 2; tied++) {
        for (int32_t spare = 0; spare <= 60; spare += 20) { /* none, some, more than needed */
            struct lm_model *m = create_whole(tied, TOKENS + spare, 9);
            struct lm_model *before = create(tied, TOKENS + spare, 9);
            for (size_t i = 0; i < (size_t)TOKENS * 24; i++) {
                m->params[m->embedding + i] *= 3;
                before->params[before->embedding + i] *= 3;
            }
            char names[N][20];
            const char *at[N + 1];
            int32_t ids[N + 1];
            for (int i = 0; i < N; i++) {
                snprintf(names[i], sizeof names[i], "<|x%d|>", i);
                at[i] = names[i];
            }
            at[N] = "<|good|>"; /* exists */
            struct leti_error err = { "" };
            assert_true(lm_model_add_specials(m, at, N + 1, 5, ids, &err));
            for (int i = 0; i < N; i++)
                assert_int_equal(ids[i], TOKENS + i);
            assert_int_equal(ids[N], 640);
            assert_int_equal(m->config.vocab_size, TOKENS + (spare > N ? spare : N));
            assert_int_equal(tensor(m, "model.embed_tokens.weight")->rows, m->config.vocab_size);
            check_added_rows(m, before, m->embedding, before->embedding, N, 0.06);
            if (!tied)
                check_added_rows(m, before, m->head, before->head, N, 0.02);
            const struct lm_layer *a = &m->layers[1], *b = &before->layers[1];
            assert_memory_equal(m->params + a->wqkv, before->params + b->wqkv,
                                50 * 24 * sizeof(float));

            float *copy = malloc(m->n_params * sizeof *copy);
            assert_non_null(copy);
            memcpy(copy, m->params, m->n_params * sizeof *copy);
            int32_t again[N + 1];
            assert_true(lm_model_add_specials(m, at, N + 1, 6, again, &err));
            assert_memory_equal(again, ids, sizeof ids);
            assert_memory_equal(copy, m->params, m->n_params * sizeof *copy);
            free(copy);
            lm_model_close(before);
            lm_model_close(m);
        }
    }
}

static void opens_what_it_extended(void **state)
{
    (void)state;
    const char *dir = scratch_path(scratch_dir, "extended");
    struct lm_model *m = create_whole(false, TOKENS, 9), *again = NULL;
    static const char *const names[] = { "<|one|>", "<|two|>", "<|one|>" };
    int32_t ids[3];
    struct leti_error err;
    assert_true(lm_model_add_specials(m, names, 3, 5, ids, &err));
    assert_true(ids[0] == TOKENS && ids[1] == TOKENS + 1 && ids[2] == TOKENS);
    assert_int_equal(m->config.vocab_size, TOKENS + 2);
    save(m, dir, LM_F32);
    assert_true(lm_model_open(dir, &again, &err));
    same_tensors(m, again);
    assert_int_equal(lm_tokenizer_special(again->tokenizer, "<|two|>"), TOKENS + 1);
    lm_model_close(again);
    lm_model_close(m);
}

static void needs_a_tokenizer_to_add_to(void **state)
{
    (void)state;
    struct lm_model *m = create(true, 10, 1);
    struct leti_error err;
    int32_t id;
    assert_false(lm_model_add_specials(m, &(const char *){ "<|x|>" }, 1, 1, &id, &err));
    lm_model_close(m);
    lm_model_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lays_fused_matrices_out_without_gaps),
        cmocka_unit_test(shares_the_table_when_tied),
        cmocka_unit_test(draws_the_same_from_the_same_seed),
        cmocka_unit_test(refuses_sizes_that_no_machine_has),
        cmocka_unit_test(opens_what_it_saved),
        cmocka_unit_test(saves_bf16_to_three_digits),
        cmocka_unit_test(keeps_the_files_beside_a_model),
        cmocka_unit_test(opens_shards),
        cmocka_unit_test(refuses_tensors_that_do_not_fit),
        cmocka_unit_test(refuses_a_tokenizer_with_more_ids_than_rows),
        cmocka_unit_test(refuses_folders_with_a_file_missing),
        cmocka_unit_test(adds_rows_at_the_deviation_of_the_trained_ones),
        cmocka_unit_test(opens_what_it_extended),
        cmocka_unit_test(needs_a_tokenizer_to_add_to),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
