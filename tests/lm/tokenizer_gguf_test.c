/* tokenizer_gguf_test - the tokenizer of a GGUF file is the one that the file was made from.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "gguf_build.h"
#include "scratch.h"
#include "tokenizer/tokenizer_gguf.h"
#include "tokenizer_golden.h"

enum { NORMAL = 1, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE, GGUF_I32 = 5 };

/* ---- a file as converters write it, from one of the golden tokenizers ---- */

struct source {
    const char *golden, *model, *pre;
    bool start, space;
};

static json_t *golden_document(const char *name)
{
    json_t *json = json_load_file(scratch_path(golden_path(name), "tokenizer.json"), 0, NULL);
    assert_non_null(json);
    return json;
}

struct listed {
    const char *text;
    int type;
};

static int type_of(const char *text)
{
    return strlen(text) == 6 && strncmp(text, "<0x", 3) == 0 ? BYTE : NORMAL;
}

/* Every token by its id; returns how many. */
static size_t list_tokens(json_t *document, struct listed *list, size_t capacity)
{
    json_t *vocab = json_object_get(json_object_get(document, "model"), "vocab"), *value;
    const json_t *added = json_object_get(document, "added_tokens");
    size_t n = json_object_size(vocab);
    const char *text;
    json_object_foreach(vocab, text, value)
    {
        size_t id = (size_t)json_integer_value(value);
        assert_true(id < capacity);
        list[id] = (struct listed){ text, type_of(text) };
    }
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *entry = json_array_get(added, i);
        size_t id = (size_t)json_integer_value(json_object_get(entry, "id"));
        assert_true(id < capacity);
        n = id < n ? n : id + 1;
        list[id].text = json_string_value(json_object_get(entry, "content"));
        list[id].type = json_is_true(json_object_get(entry, "special")) ? CONTROL : USER_DEFINED;
        if (strcmp(list[id].text, "<unk>") == 0)
            list[id].type = UNKNOWN;
    }
    return n;
}

static void put_array(struct gguf_build *b, const char *key, uint32_t type, size_t n)
{
    gguf_key(b, key, GGUF_ARRAY);
    gguf_u32(b, type);
    gguf_u64(b, n);
}

/* User-defined tokens of characters have spaces for the marks. */
static void put_token(struct gguf_build *b, const struct listed *token, bool characters)
{
    char text[256], *out = text;
    for (const char *at = token->text; *at; at++) {
        bool mark = characters && token->type == USER_DEFINED && strncmp(at, "▁", 3) == 0;
        *out++ = mark ? ' ' : *at;
        at += mark ? 2 : 0;
        assert_true(out < text + sizeof text - 1);
    }
    *out = '\0';
    gguf_text(b, text);
}

static void put_merges(struct gguf_build *b, const json_t *merges)
{
    put_array(b, "tokenizer.ggml.merges", GGUF_STRING, json_array_size(merges));
    for (size_t i = 0; i < json_array_size(merges); i++) {
        char text[256];
        const json_t *pair = json_array_get(merges, i);
        snprintf(text, sizeof text, "%s %s", json_string_value(json_array_get(pair, 0)),
                 json_string_value(json_array_get(pair, 1)));
        gguf_text(b, text);
    }
}

/* Two ids at the end are unused. Scores fall by one a piece, and are low for all but pieces. */
static void build(const struct source *from, struct gguf_build *b)
{
    enum { CAPACITY = 1024, PADDING = 2 };
    struct listed list[CAPACITY] = { { 0 } };
    json_t *document = golden_document(from->golden);
    size_t n = list_tokens(document, list, CAPACITY);
    bool characters = strcmp(from->model, "llama") == 0;
    gguf_begin(b, 3, 0, characters ? 8 : 7);
    gguf_key_text(b, "tokenizer.ggml.model", from->model);
    gguf_key_text(b, "tokenizer.ggml.pre", from->pre);
    gguf_key_u32(b, "tokenizer.ggml.bos_token_id", characters ? 1 : 0);
    gguf_key(b, "tokenizer.ggml.add_bos_token", GGUF_BOOL);
    gguf_put(b, &(char){ (char)from->start }, 1);
    put_array(b, "tokenizer.ggml.tokens", GGUF_STRING, n + PADDING);
    for (size_t i = 0; i < n; i++)
        put_token(b, &list[i], characters);
    gguf_text(b, "[PAD0]");
    gguf_text(b, "[PAD1]");
    put_array(b, "tokenizer.ggml.token_type", GGUF_I32, n + PADDING);
    for (size_t i = 0; i < n + PADDING; i++)
        gguf_u32(b, i < n ? (uint32_t)list[i].type : UNUSED);
    if (characters) {
        put_array(b, "tokenizer.ggml.scores", GGUF_F32, n + PADDING);
        for (size_t i = 0; i < n + PADDING; i++) {
            float score = i < n && list[i].type == NORMAL ? -(float)i : -1000.0f;
            gguf_put(b, &score, sizeof score);
        }
        gguf_key(b, "tokenizer.ggml.add_space_prefix", GGUF_BOOL);
        gguf_put(b, &(char){ (char)from->space }, 1);
    } else {
        put_merges(b, json_object_get(json_object_get(document, "model"), "merges"));
    }
    gguf_align(b, 32);
    json_decref(document);
}

static bool load(const struct gguf_build *b, struct lm_tokenizer **out, struct leti_error *err)
{
    void *copy;
    struct lm_gguf *file = NULL;
    bool ok = gguf_built(b, &copy, &file, err);
    if (!ok)
        fail_msg("%s", err->text);
    ok = lm_tokenizer_from_gguf(file, out, err);
    lm_gguf_close(file);
    free(copy);
    return ok;
}

/* ---- claims ---- */

static void check_equal(const struct lm_tokenizer *a, const struct lm_tokenizer *b,
                        const char *text, size_t size)
{
    struct lm_ids x = { 0 }, y = { 0 };
    struct leti_error err;
    for (int specials = 0; specials < 2; specials++) {
        x.n = y.n = 0;
        assert_true(lm_tokenizer_begin(a, &x, &err) && lm_tokenizer_begin(b, &y, &err));
        assert_true(lm_tokenizer_append(a, text, size, specials, &x, &err));
        assert_true(lm_tokenizer_append(b, text, size, specials, &y, &err));
        if (x.n != y.n || (x.n && memcmp(x.ids, y.ids, x.n * sizeof *x.ids) != 0))
            fail_msg("%zu and %zu ids of \"%.60s\", specials %d", x.n, y.n, text, specials);
    }
    free(x.ids);
    free(y.ids);
}

static void check_texts(const struct lm_tokenizer *a, const struct lm_tokenizer *b)
{
    json_t *rows = json_load_file(golden_path("texts.json"), JSON_ALLOW_NUL, NULL);
    assert_true(json_array_size(rows) > 30);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *text = json_object_get(json_array_get(rows, i), "text");
        check_equal(a, b, json_string_value(text), json_string_length(text));
    }
    json_decref(rows);
}

static void is_the_tokenizer_that_the_file_was_made_from(void **state)
{
    (void)state;
    static const struct source sources[] = {
        { "smollm", "gpt2", "smollm", false, false },
        { "llama3", "gpt2", "llama-bpe", true, false },
        { "llama2", "llama", "default", true, true },
        { "gemma", "llama", "default", true, false },
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct gguf_build b = { 0 };
        struct lm_tokenizer *golden, *made, *saved;
        struct leti_error err = { "" };
        build(&sources[i], &b);
        if (!lm_tokenizer_open(golden_path(sources[i].golden), &golden, &err) ||
            !load(&b, &made, &err))
            fail_msg("%s: %s", sources[i].golden, err.text);
        assert_int_equal(lm_tokenizer_size(made), lm_tokenizer_size(golden));
        check_texts(golden, made);
        if (!lm_tokenizer_save(made, scratch_dir, &err) ||
            !lm_tokenizer_open(scratch_dir, &saved, &err))
            fail_msg("%s", err.text);
        check_texts(golden, saved);
        for (int32_t id = 0; id < lm_tokenizer_size(golden); id++) {
            size_t m, n;
            const char *x = lm_tokenizer_bytes(golden, id, &m);
            const char *y = lm_tokenizer_bytes(saved, id, &n);
            assert_int_equal(m, n);
            assert_memory_equal(x, y, n);
            assert_int_equal(lm_tokenizer_is_special(golden, id),
                             lm_tokenizer_is_special(saved, id));
        }
        lm_tokenizer_close(saved);
        lm_tokenizer_close(made);
        lm_tokenizer_close(golden);
        free(b.data);
    }
}

/* A vocabulary of three tokens, each field as the row has it. */
struct small {
    const char *model, *pre, *tokens[3];
    uint32_t types[3];
    size_t n_types, n_scores;
    uint32_t bos;
    const char *expected;
};

static void build_small(const struct small *s, struct gguf_build *b)
{
    gguf_begin(b, 3, 0, 7);
    gguf_key_text(b, "tokenizer.ggml.model", s->model);
    gguf_key_text(b, "tokenizer.ggml.pre", s->pre);
    gguf_key_u32(b, "tokenizer.ggml.bos_token_id", s->bos);
    put_array(b, "tokenizer.ggml.tokens", GGUF_STRING, 3);
    for (size_t i = 0; i < 3; i++)
        gguf_text(b, s->tokens[i]);
    put_array(b, "tokenizer.ggml.token_type", GGUF_I32, s->n_types);
    for (size_t i = 0; i < s->n_types; i++)
        gguf_u32(b, s->types[i % 3]);
    put_array(b, "tokenizer.ggml.scores", GGUF_F32, s->n_scores);
    for (size_t i = 0; i < s->n_scores; i++)
        gguf_put(b, &(float){ __builtin_nanf("") }, sizeof(float));
    put_array(b, "tokenizer.ggml.merges", GGUF_STRING, 1);
    gguf_text(b, "a b");
    gguf_align(b, 32);
}

static void refuses_and_names_what_it_does_not_know(void **state)
{
    (void)state;
    static const struct small rows[] = {
        { "bert", "", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 3, 0, "tokenizer.ggml.model is bert" },
        { "gpt2", "mpt", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 3, 0, "tokenizer.ggml.pre is mpt" },
        { "gpt2", "qwen2", { "a", "b", "a" }, { 1, 1, 1 }, 3, 3, 0, "token 2, \"a\", is there" },
        { "gpt2", "qwen2", { "a", "b", "c" }, { 1, 1, 1 }, 3, 3, 0, "model.merges[0]" },
        { "gpt2", "qwen2", { "a", "b", "" }, { 1, 1, 1 }, 3, 3, 0, "token 2 has 0 bytes" },
        { "gpt2", "qwen2", { "a", "b", "\xff" }, { 1, 1, 1 }, 3, 3, 0, "token 2 is not UTF-8" },
        { "gpt2", "qwen2", { "a", "b", "ab" }, { 1, 1, 1 }, 2, 3, 0, "has 2 types of 3 tokens" },
        { "gpt2", "llama-bpe", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 3, 3, "bos_token_id is 3" },
        { "llama", "", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 2, 0, "has 2 scores of 3 tokens" },
        { "gpt2", "qwen2", { "a", "b", "ab" }, { 5, 5, 5 }, 3, 3, 0, "model.vocab is not a JSON" },
        { "gpt2", "gpt-2", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 3, 0, NULL },
        { "llama", "", { "a", "b", "ab" }, { 1, 1, 1 }, 3, 3, 0, NULL },
        { "llama", "", { "a", "b", "ab" }, { 99, 1, 1 }, 3, 3, 2, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gguf_build b = { 0 };
        struct lm_tokenizer *t = NULL;
        struct leti_error err = { "" };
        build_small(&rows[i], &b);
        bool ok = load(&b, &t, &err);
        if (ok != !rows[i].expected || (!ok && !strstr(err.text, rows[i].expected)))
            fail_msg("row %zu: %s", i, ok ? "accepted" : err.text);
        lm_tokenizer_close(t);
        free(b.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_tokenizer_that_the_file_was_made_from),
        cmocka_unit_test(refuses_and_names_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
