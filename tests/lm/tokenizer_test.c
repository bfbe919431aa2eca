/* tokenizer_test - identity with the `tokenizers` library, and what no tokenizer.json may do to us.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ops/random.h"
#include "scratch.h"
#include "tokenizer_golden.h"

static struct lm_tokenizer *open_golden(const char *name)
{
    struct lm_tokenizer *t = NULL;
    struct leti_error err = { "" };
    if (!lm_tokenizer_open(golden_path(name), &t, &err))
        fail_msg("%s", err.text);
    return t;
}

static void encode(const struct lm_tokenizer *t, const char *text, size_t size, bool specials,
                   struct lm_ids *ids)
{
    struct leti_error err = { "" };
    ids->n = 0;
    if (!lm_tokenizer_encode(t, text, size, specials, ids, &err))
        fail_msg("%s", err.text);
}

/* As tokenizer(text) of `transformers`. */
static void put_together(const struct lm_tokenizer *t, const char *text, size_t size,
                         struct lm_ids *ids)
{
    struct leti_error err = { "" };
    ids->n = 0;
    if (!lm_tokenizer_begin(t, ids, &err) || !lm_tokenizer_append(t, text, size, true, ids, &err))
        fail_msg("%s", err.text);
}

/* The bytes of all ids; the caller's to free. */
static char *decode(const struct lm_tokenizer *t, const struct lm_ids *ids, size_t *size)
{
    size_t n = 0;
    for (size_t i = 0; i < ids->n; i++) {
        size_t part;
        lm_tokenizer_bytes(t, ids->ids[i], &part);
        n += part;
    }
    char *out = malloc(n + 1), *at = out;
    assert_non_null(out);
    for (size_t i = 0; i < ids->n; i++) {
        size_t part;
        const char *bytes = lm_tokenizer_bytes(t, ids->ids[i], &part);
        memcpy(at, bytes, part);
        at += part;
    }
    *size = n;
    return out;
}

/* ---- identity ---- */

static void check_row(const struct lm_tokenizer *t, const char *name, const json_t *row)
{
    const json_t *text = json_object_get(row, "text"), *golden = json_object_get(row, name);
    assert_true(json_is_string(text) && json_array_size(golden) == 6);
    struct lm_ids ids = { 0 };
    for (size_t way = 0; way < 3; way++) {
        if (way < 2)
            encode(t, json_string_value(text), json_string_length(text), way == 1, &ids);
        else
            put_together(t, json_string_value(text), json_string_length(text), &ids);
        const char *hash = json_string_value(json_array_get(golden, 2 * way + 1));
        char got[17];
        snprintf(got, sizeof got, "%016" PRIx64, golden_hash(golden_seed, &ids));
        if ((json_int_t)ids.n != json_integer_value(json_array_get(golden, 2 * way)) ||
            strcmp(got, hash) != 0)
            fail_msg("%s, way %zu: %zu ids of \"%.60s\" are not the reference's", name, way, ids.n,
                     json_string_value(text));
    }
    free(ids.ids);
}

static void gives_the_ids_of_the_reference(void **state)
{
    (void)state;
    json_t *rows = json_load_file(golden_path("texts.json"), JSON_ALLOW_NUL, NULL);
    assert_true(json_array_size(rows) > 30);
    for (size_t k = 0; k < N_GOLDEN; k++) {
        struct lm_tokenizer *t = open_golden(golden_names[k]);
        for (size_t i = 0; i < json_array_size(rows); i++)
            check_row(t, golden_names[k], json_array_get(rows, i));
        lm_tokenizer_close(t);
    }
    json_decref(rows);
}

/* ---- every byte comes back ---- */

static void check_way_back(const struct lm_tokenizer *t, const char *text, size_t size,
                           struct lm_ids *ids)
{
    size_t spaces = lm_tokenizer_stripped(t); /* then one comes behind special tokens, too */
    for (int specials = 0; specials < (spaces ? 1 : 2); specials++) {
        encode(t, text, size, specials, ids);
        size_t n;
        char *back = decode(t, ids, &n);
        assert_in_range(n, size, size + spaces);
        assert_memory_equal(back + (n - size), text, size);
        free(back);
    }
}

static void gives_any_bytes_back(void **state)
{
    (void)state;
    static const char *const names[] = {
        "gpt2", "llama3", "classes", "llama2", "metaspace", "gemma"
    }; /* digits puts spaces in */
    struct lm_random random = { 5 };
    struct lm_ids ids = { 0 };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct lm_tokenizer *t = open_golden(names[k]);
        for (int round = 0; round < 2000; round++) {
            char text[120];
            size_t size = lm_random_u64(&random) % sizeof text;
            uint64_t mask = round % 3 == 0 ? 0xff : round % 3 == 1 ? 0x7f : 0xe3;
            for (size_t i = 0; i < size; i++)
                text[i] = (char)(lm_random_u64(&random) & mask);
            check_way_back(t, text, size, &ids);
        }
        static const char broken[] = "a\xed\xa0\x80z\xc0\xaf<|good|>\xf4\x90\x80\x80\xe2\x82";
        check_way_back(t, broken, sizeof broken - 1, &ids);
        lm_tokenizer_close(t);
    }
    free(ids.ids);
}

static void knows_every_byte_of_its_tokens(void **state)
{
    (void)state;
    struct lm_tokenizer *t = open_golden("gpt2");
    size_t size;
    bool seen[256] = { false };
    for (int32_t id = 0; id < lm_tokenizer_size(t); id++) {
        const char *bytes = lm_tokenizer_bytes(t, id, &size);
        assert_true(size > 0);
        assert_int_equal(bytes[size], '\0');
        if (size == 1)
            seen[(unsigned char)bytes[0]] = true;
    }
    for (int byte = 0; byte < 256; byte++)
        assert_true(seen[byte]);
    static const int32_t outside[] = { -1, INT32_MIN, INT32_MAX, 646 };
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(lm_tokenizer_bytes(t, outside[i], &size));
        assert_int_equal(size, 0);
        assert_false(lm_tokenizer_is_special(t, outside[i]));
    }
    lm_tokenizer_close(t);
}

/* A million bytes without a place to split: quadratic merging would take minutes. */
static void merges_long_words_in_no_time(void **state)
{
    (void)state;
    enum { N = 1000000 };
    char *text = malloc(N);
    assert_non_null(text);
    memset(text, 'a', N);
    struct lm_tokenizer *t = open_golden("gpt2");
    struct lm_ids ids = { 0 };
    check_way_back(t, text, N, &ids);
    memset(text, ' ', N);
    check_way_back(t, text, N, &ids);
    lm_tokenizer_close(t);
    free(ids.ids);
    free(text);
}

/* ---- parts of a text ---- */

static void check_parts(const char *name, const char *const *parts, size_t n, const char *whole)
{
    struct lm_tokenizer *t = open_golden(name);
    struct lm_ids ids = { 0 }, expected = { 0 };
    struct leti_error err = { "" };
    put_together(t, whole, strlen(whole), &expected);
    assert_true(lm_tokenizer_begin(t, &ids, &err));
    for (size_t i = 0; i < n; i++)
        assert_true(lm_tokenizer_append(t, parts[i], strlen(parts[i]), true, &ids, &err));
    assert_int_equal(ids.n, expected.n);
    assert_memory_equal(ids.ids, expected.ids, ids.n * sizeof *ids.ids);
    free(ids.ids);
    free(expected.ids);
    lm_tokenizer_close(t);
}

/* The parts end where no merge would reach across. */
static void encodes_parts_of_a_text_in_their_place(void **state)
{
    (void)state;
    static const char *const names[] = { "gpt2", "llama3", "llama2", "metaspace", "gemma" };
    static const char *const parts[] = { "<|good|>", "def f(x):\n", "    return x\n", "<|bad|>",
                                         "x" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_parts(names[i], parts, 5, "<|good|>def f(x):\n    return x\n<|bad|>x");
        check_parts(names[i], parts + 1, 1, "def f(x):\n");
    }
}

static void says_what_texts_start_with(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n;
        int32_t id;
    } expected[] = { { "gpt2", 0, 0 },
                     { "smollm", 0, 0 },
                     { "llama3", 1, 0 },
                     { "llama2", 1, 1 },
                     { "gemma", 1, 1 } };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct lm_tokenizer *t = open_golden(expected[i].name);
        const int32_t *ids;
        assert_int_equal(lm_tokenizer_prefix(t, &ids), expected[i].n);
        if (expected[i].n)
            assert_int_equal(ids[0], expected[i].id);
        lm_tokenizer_close(t);
    }
}

/* ---- special tokens ---- */

static void keeps_special_names_as_text_unless_asked(void **state)
{
    (void)state;
    struct lm_tokenizer *t = open_golden("llama3");
    struct lm_ids ids = { 0 };
    static const char text[] = "<|good|>x<|endoftext|>";
    int32_t good = lm_tokenizer_special(t, "<|good|>");
    int32_t end = lm_tokenizer_special(t, "<|endoftext|>");
    assert_true(good >= 0 && end >= 0 && lm_tokenizer_is_special(t, good));
    encode(t, text, strlen(text), true, &ids);
    assert_int_equal(ids.n, 3);
    assert_int_equal(ids.ids[0], good);
    assert_int_equal(ids.ids[2], end);
    encode(t, text, strlen(text), false, &ids);
    for (size_t i = 0; i < ids.n; i++)
        assert_false(lm_tokenizer_is_special(t, ids.ids[i]));
    assert_int_equal(lm_tokenizer_special(t, "<|none|>"), -1);
    assert_int_equal(lm_tokenizer_special(t, ""), -1);
    free(ids.ids);
    lm_tokenizer_close(t);
}

static void adds_special_tokens_and_saves_them(void **state)
{
    (void)state;
    struct lm_tokenizer *t = open_golden("gpt2");
    struct leti_error err;
    int32_t size = lm_tokenizer_size(t), first, second, again;
    assert_true(lm_tokenizer_add_special(t, "<|one two|>", &first, &err));
    assert_true(lm_tokenizer_add_special(t, "<|Füße|>", &second, &err));
    assert_true(lm_tokenizer_add_special(t, "<|one two|>", &again, &err));
    assert_true(first == size && second == size + 1 && again == first);
    for (int i = 0; i < 1000; i++) { /* the tables move */
        char name[32];
        int32_t id;
        snprintf(name, sizeof name, "<|%d|>", i);
        assert_true(lm_tokenizer_add_special(t, name, &id, &err));
        assert_int_equal(id, size + 2 + i);
    }
    assert_int_equal(lm_tokenizer_size(t), size + 1002);
    assert_true(lm_tokenizer_save(t, scratch_dir, &err));

    struct lm_tokenizer *saved;
    assert_true(lm_tokenizer_open(scratch_dir, &saved, &err));
    assert_int_equal(lm_tokenizer_size(saved), size + 1002);
    static const char text[] = "def f():<|one two|>  <|Füße|>\n<|999|><|keep|>";
    struct lm_ids a = { 0 }, b = { 0 };
    encode(t, text, strlen(text), true, &a);
    encode(saved, text, strlen(text), true, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.ids, b.ids, a.n * sizeof *a.ids);
    assert_int_equal(a.ids[a.n - 2], size + 1001);
    free(a.ids);
    free(b.ids);
    lm_tokenizer_close(saved);
    lm_tokenizer_close(t);
}

static void refuses_names_that_cannot_be_special(void **state)
{
    (void)state;
    struct lm_tokenizer *t = open_golden("gpt2");
    int32_t id = 77, size = lm_tokenizer_size(t);
    static const char *const bad[] = { "", "\xff", "<|keep|>", "Ġ" };
    for (size_t i = 0; i < 4; i++) {
        struct leti_error err;
        assert_false(lm_tokenizer_add_special(t, bad[i], &id, &err));
    }
    assert_int_equal(id, 77);
    assert_int_equal(lm_tokenizer_size(t), size);
    lm_tokenizer_close(t);
}

/* What was read is written back: the document differs in the added tokens alone. */
static void saves_what_it_read(void **state)
{
    (void)state;
    struct leti_error err;
    for (size_t k = 0; k < N_GOLDEN; k++) {
        struct lm_tokenizer *t = open_golden(golden_names[k]);
        assert_true(lm_tokenizer_save(t, scratch_dir, &err));
        lm_tokenizer_close(t);
        json_t *a =
            json_load_file(scratch_path(golden_path(golden_names[k]), "tokenizer.json"), 0, NULL);
        json_t *b = json_load_file(scratch_path(scratch_dir, "tokenizer.json"), 0, NULL);
        assert_true(a && b && json_equal(a, b));
        json_decref(a);
        json_decref(b);
    }
}

/* ---- hostile files ---- */

/* Sets what the path ("model/vocab/a", "added_tokens/0/id") names; NULL removes it. */
static void set_at(json_t *json, const char *path, const char *value)
{
    char key[64];
    const char *slash = strchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : strlen(path);
    snprintf(key, sizeof key, "%.*s", (int)n, path);
    if (slash) {
        json_t *child = json_is_array(json) ? json_array_get(json, (size_t)atoi(key))
                                            : json_object_get(json, key);
        assert_non_null(child);
        set_at(child, slash + 1, value);
        return;
    }
    json_t *new = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    if (json_is_array(json))
        assert_int_equal(json_array_set_new(json, (size_t)atoi(key), new), 0);
    else if (new)
        assert_int_equal(json_object_set_new(json, key, new), 0);
    else
        json_object_del(json, key);
}

static bool parse_changed(const char *path, const char *value, struct leti_error *err)
{
    json_t *json = json_load_file(scratch_path(golden_path("gpt2"), "tokenizer.json"), 0, NULL);
    assert_non_null(json);
    set_at(json, path, value);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    assert_non_null(text);
    struct lm_tokenizer *t = NULL;
    bool ok = lm_tokenizer_parse("tokenizer.json", text, strlen(text), &t, err);
    lm_tokenizer_close(t);
    free(text);
    return ok;
}

#define SPLIT(regex)                                                                               \
    "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"        \
    "\"" regex "\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\","          \
    "\"add_prefix_space\":false,\"use_regex\":false}]}"

static void refuses_and_names_what_it_cannot_do(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *expected;
    } bad[] = {
        { "model/type", "\"Unigram\"", "model is Unigram, allowed is BPE" },
        { "model/type", NULL, "model is without a type" },
        { "model", "[]", "model is without a type" },
        { "model/dropout", "0.1", "dropout is set, allowed is null" },
        { "model/byte_fallback", "true", "byte_fallback is set" },
        { "model/byte_fallback", "3", "model.byte_fallback is no boolean" },
        { "model/fuse_unk", "[]", "model.fuse_unk is no boolean" },
        { "model/unk_token", "\"zz\"", "model.unk_token is not in the vocabulary" },
        { "model/continuing_subword_prefix", "\"##\"", "continuing_subword_prefix is ##" },
        { "model/end_of_word_suffix", "\"</w>\"", "end_of_word_suffix is </w>" },
        { "model/ignore_merges", "1", "model.ignore_merges is no boolean" },
        { "model/vocab", "[]", "model.vocab is not a JSON object" },
        { "model/vocab", "{}", "model.vocab is not a JSON object, or empty" },
        { "model/vocab/a", "-1", "id of \"a\" is no integer from 0 to 639" },
        { "model/vocab/a", "640", "id of \"a\" is no integer from 0 to 639" },
        { "model/vocab/a", "9223372036854775807", "id of \"a\" is no integer" },
        { "model/vocab/a", "66.0", "id of \"a\" is no integer" },
        { "model/vocab/a", "\"66\"", "id of \"a\" is no integer" },
        { "model/vocab/a", "1", "has id 1, and so has another token" },
        { "model/vocab/new", "640", "id of \"<|good|>\" is 640, allowed is 641" },
        { "model/vocab/a", NULL, "no gaps" },
        { "model/merges", "{}", "model.merges is not a JSON array" },
        { "model/merges/0", "\"Q zz\"", "model.merges[0]: \"Q zz\" ends with what is not in" },
        { "model/merges/3", "[\"zz\", \"Q\"]", "model.merges[3]: \"zz\" starts with what is not" },
        { "model/merges/5", "\"Q Z\"", "model.merges[5]: \"Q Z\" makes what is not" },
        { "model/merges/0", "\"a b c\"", "model.merges[0] is neither" },
        { "model/merges/0", "\"ab\"", "model.merges[0] is neither" },
        { "model/merges/0", "\" b\"", "model.merges[0] is neither" },
        { "model/merges/0", "\"a \"", "model.merges[0] is neither" },
        { "model/merges/0", "[\"a\"]", "model.merges[0] is neither" },
        { "model/merges/0", "[1, 2]", "model.merges[0] is neither" },
        { "model/merges/0", "null", "model.merges[0] is neither" },
        { "added_tokens", "{}", "added_tokens is not a JSON array" },
        { "added_tokens/1/id", "700", "id of \"<|good|>\" is 700, allowed is 640" },
        { "added_tokens/1/id", "-1", "id of \"<|good|>\" is -1" },
        { "added_tokens/1/id", "0", "id of \"<|good|>\" is 0" },
        { "added_tokens/1/id", NULL, "id of \"<|good|>\" is missing" },
        { "added_tokens/0/id", "1", "id of \"<|endoftext|>\" is 1, allowed is 0" },
        { "added_tokens/1/content", "\"<|endoftext|>\"", "is 640, allowed is 0" },
        { "added_tokens/2/content", "\"<|good|>\"", "\"<|good|>\" is there twice" },
        { "added_tokens/1/special", "1", "added_tokens[1]: special is no boolean" },
        { "added_tokens/1/content", "\"\"", "added_tokens[1]: content" },
        { "added_tokens/1/content", "3", "added_tokens[1]: content" },
        { "added_tokens/1/lstrip", "\"\"", "added_tokens[1]: lstrip is no boolean" },
        { "added_tokens/2/single_word", "{}", "added_tokens[2]: single_word is no boolean" },
        { "normalizer", "{\"type\":\"NFKC\"}", "normalizer is NFKC, allowed are null, NFC" },
        { "normalizer", "{\"type\":\"Prepend\"}", "Prepend: prepend is no string" },
        { "normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a\"}}",
          "pattern is no String" },
        { "truncation", "{\"max_length\":5}", "truncation is without a type" },
        { "padding", "{\"strategy\":\"BatchLongest\"}", "padding is" },
        { "decoder", "null", "decoder is null, allowed is ByteLevel" },
        { "decoder", "3", "decoder is without a type" },
        { "decoder/type", "\"WordPiece\"", "decoder is WordPiece" },
        { "post_processor", "{\"type\":\"Mystery\"}", "post_processor is Mystery" },
        { "pre_tokenizer", "null", "decoder has ByteLevel, allowed are Replace" },
        { "pre_tokenizer", "{\"type\":\"Metaspace\"}", "Metaspace: replacement is not U+2581" },
        { "pre_tokenizer", "{\"type\":\"Whitespace\"}", "pre_tokenizer is Whitespace, allowed" },
        { "pre_tokenizer", "{\"type\":\"Digits\"}", "decoder has ByteLevel" },
        { "pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[]}",
          "decoder has ByteLevel" },
        { "pre_tokenizer",
          "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\"},"
          "{\"type\":\"Digits\"}]}",
          "Digits after ByteLevel" },
        { "pre_tokenizer", "{\"type\":\"ByteLevel\",\"use_regex\":1}", "use_regex is no boolean" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"behavior\":\"Kept\"}", "behavior is Kept" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"behavior\":\"Isolated\",\"invert\":true}",
          "pattern is neither" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":3}",
          "pattern is neither" },
        { "pre_tokenizer", SPLIT("a(b"), "pattern \"a(b\": missing closing parenthesis" },
        { "pre_tokenizer", SPLIT("a\\\\hb"), "\"\\h\" at byte 1 of the pattern is not supported" },
        { "pre_tokenizer", SPLIT("\\\\p{L}{1,3}+"), "\"{1,3}+\" at byte 5" },
        { "pre_tokenizer", SPLIT("[a&&b]"), "\"&&\" at byte 2" },
        { "pre_tokenizer", SPLIT("[a[b]]"), "\"[b\" at byte 2" },
        { "pre_tokenizer", SPLIT("[^\\\\S]"), "\"\\S\" at byte 2" },
        { "pre_tokenizer", SPLIT("(?m:a)"), "\"(?m:\" at byte 0" },
        { "pre_tokenizer", SPLIT("a(?i)b"), "\"(?i)\" at byte 1" },
        { "pre_tokenizer", SPLIT("(*ANY)a"), "\"(*AN\" at byte 0" },
        { "pre_tokenizer", SPLIT("(a)\\\\1"), "\"\\1\" at byte 3" },
        { "pre_tokenizer", SPLIT("a\\\\"), "\"\\\" at byte 1" },
        { "pre_tokenizer", SPLIT("[ab"), "at byte 3" },
        { "pre_tokenizer", SPLIT("\\\\p{Klingon}"), "pattern \"\\p{Klingon}\"" },
    };
    struct leti_error err = { "" };
    if (!parse_changed("version", "\"1.0\"", &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err.text[0] = '\0';
        if (parse_changed(bad[i].path, bad[i].value, &err) || !strstr(err.text, bad[i].expected) ||
            strncmp(err.text, "tokenizer.json: ", 16) != 0)
            fail_msg("%s = %s: %s", bad[i].path, bad[i].value, err.text);
    }
}

/* A pattern that backtracks without end is stopped and is an error, not a hang. */
static void stops_patterns_that_run_away(void **state)
{
    (void)state;
    json_t *json = json_load_file(scratch_path(golden_path("gpt2"), "tokenizer.json"), 0, NULL);
    assert_non_null(json);
    set_at(json, "pre_tokenizer", SPLIT("(?:a|a)*(?:a|aa)*(?:a|a)*[bc]"));
    char *text = json_dumps(json, JSON_COMPACT);
    struct lm_tokenizer *t = NULL;
    struct leti_error err = { "" };
    assert_true(lm_tokenizer_parse("tokenizer.json", text, strlen(text), &t, &err));
    struct lm_ids ids = { 0 };
    char word[64];
    memset(word, 'a', sizeof word);
    assert_false(lm_tokenizer_encode(t, word, sizeof word, false, &ids, &err));
    assert_non_null(strstr(err.text, "cannot split a text of 64 bytes"));
    assert_int_equal(ids.n, 0);
    free(ids.ids);
    lm_tokenizer_close(t);
    free(text);
    json_decref(json);
}

/* Replace could make gigabytes of a line. */
static void stops_normalizers_that_run_away(void **state)
{
    (void)state;
    json_t *json = json_load_file(scratch_path(golden_path("llama3"), "tokenizer.json"), 0, NULL);
    assert_non_null(json);
    char *to = malloc(10001);
    assert_non_null(to);
    memset(to, ' ', 10000);
    to[10000] = '\0';
    json_t *step = json_pack("{s:s, s:{s:s}, s:s}", "type", "Replace", "pattern", "String", " ",
                             "content", to);
    json_t *twice = json_pack("{s:s, s:[O, O]}", "type", "Sequence", "normalizers", step, step);
    assert_int_equal(json_object_set_new(json, "normalizer", twice), 0);
    char *text = json_dumps(json, JSON_COMPACT);
    struct lm_tokenizer *t = NULL;
    struct leti_error err = { "" };
    assert_true(lm_tokenizer_parse("tokenizer.json", text, strlen(text), &t, &err));
    struct lm_ids ids = { 0 };
    assert_false(lm_tokenizer_encode(t, "a b c", 5, false, &ids, &err));
    assert_non_null(strstr(err.text, "the normalizer makes more than"));
    free(ids.ids);
    lm_tokenizer_close(t);
    json_decref(step);
    json_decref(json);
    free(to);
    free(text);
}

static void survives_truncation(void **state)
{
    (void)state;
    size_t size = 0;
    char *text = scratch_read(scratch_path(golden_path("gpt2"), "tokenizer.json"), &size);
    assert_non_null(text);
    for (size_t n = 0; n + 2 < size; n += 97) {
        struct lm_tokenizer *t;
        struct leti_error err;
        char *part = malloc(n ? n : 1);
        assert_non_null(part);
        memcpy(part, text, n);
        assert_false(lm_tokenizer_parse("tokenizer.json", part, n, &t, &err));
        free(part);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_the_reference),
        cmocka_unit_test(gives_any_bytes_back),
        cmocka_unit_test(knows_every_byte_of_its_tokens),
        cmocka_unit_test(merges_long_words_in_no_time),
        cmocka_unit_test(encodes_parts_of_a_text_in_their_place),
        cmocka_unit_test(says_what_texts_start_with),
        cmocka_unit_test(keeps_special_names_as_text_unless_asked),
        cmocka_unit_test(adds_special_tokens_and_saves_them),
        cmocka_unit_test(refuses_names_that_cannot_be_special),
        cmocka_unit_test(saves_what_it_read),
        cmocka_unit_test(refuses_and_names_what_it_cannot_do),
        cmocka_unit_test(stops_patterns_that_run_away),
        cmocka_unit_test(stops_normalizers_that_run_away),
        cmocka_unit_test(survives_truncation),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
