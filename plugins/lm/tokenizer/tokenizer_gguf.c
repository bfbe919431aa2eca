/* tokenizer_gguf.c - the tokenizer that a GGUF file carries.
 *
 * The metadata is turned into the tokenizer.json that the model came with, as far as it says, and
 * that is loaded. Of splitting it says only a name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_gguf.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bpe.h"
#include "tokenizer/tokenizer_scores.h"

enum { MAX_TOKENS = 1 << 22, MAX_TOKEN_SIZE = 1 << 10 /* bytes */ };

/* Types of tokens, by their numbers in the file. */
enum { NORMAL = 1, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE };

struct vocabulary {
    const struct lm_gguf *file;
    const struct lm_gguf_array *tokens, *types; /* types NULL: all are normal */
    size_t n;                                   /* without unused ones at the end */
    size_t n_model; /* of those, the ones of the model: behind them are added tokens alone */
    bool characters;
    struct leti_error *err;
};

/* ---- ways of splitting ---- */

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
#define WORDS_AND(numbers)                                                                         \
    CONTRACTIONS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" numbers "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"       \
                 "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

enum { MAX_PATTERNS = 4 };

struct splitting {
    const char *name;
    const char *patterns[MAX_PATTERNS]; /* none: ByteLevel's own */
    bool digits;                        /* one by one, before that */
    bool nfc, ignore_merges, bos;
};

static const struct splitting splittings[] = {
    { .name = "gpt-2" },
    { .name = "phi-2" },
    { .name = "smollm", .digits = true },
    { .name = "starcoder", .digits = true },
    { .name = "llama-bpe",
      .patterns = { WORDS_AND("\\p{N}{1,3}") },
      .ignore_merges = true,
      .bos = true },
    { .name = "qwen2", .patterns = { WORDS_AND("\\p{N}") }, .nfc = true },
    { .name = "deepseek-r1-qwen", .patterns = { WORDS_AND("\\p{N}") }, .nfc = true },
    /* What llama.cpp takes where whoever wrote the file knew no better. */
    { .name = "default",
      .patterns = { "[\\p{P}\\$\\+<=>\\^~\\|]+",
                    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
                    "\\p{N}+", "[0-9][0-9][0-9]" } },
};

static bool find_splitting(const struct vocabulary *v, const struct splitting **out)
{
    static const char key[] = "tokenizer.ggml.pre";
    struct lm_gguf_text pre;
    if (!lm_gguf_get_string(v->file, key, &pre, v->err))
        return false;
    for (size_t i = 0; i < sizeof splittings / sizeof splittings[0]; i++) {
        if (pre.size == strlen(splittings[i].name) &&
            memcmp(pre.data, splittings[i].name, pre.size) == 0) {
            *out = &splittings[i];
            return true;
        }
    }
    return leti_error_set(v->err,
                          "%s: %s is %.*s, allowed are gpt-2, phi-2, smollm, starcoder, llama-bpe, "
                          "qwen2, deepseek-r1-qwen and default",
                          lm_gguf_name(v->file), key, (int)(pre.size < 40 ? pre.size : 40),
                          pre.data);
}

static json_t *byte_level(bool regex)
{
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0,
                     "trim_offsets", 0, "use_regex", regex);
}

static json_t *pre_tokenizer_of(const struct splitting *how)
{
    json_t *parts = json_array();
    if (how->digits)
        json_array_append_new(parts,
                              json_pack("{s:s, s:b}", "type", "Digits", "individual_digits", 1));
    for (size_t i = 0; i < MAX_PATTERNS && how->patterns[i]; i++)
        json_array_append_new(parts, json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split",
                                               "pattern", "Regex", how->patterns[i], "behavior",
                                               "Isolated", "invert", 0));
    json_array_append_new(parts, byte_level(!how->patterns[0]));
    return json_pack("{s:s, s:o}", "type", "Sequence", "pretokenizers", parts);
}

/* ---- tokens ---- */

static int64_t type_of(const struct vocabulary *v, size_t id)
{
    return v->types ? lm_gguf_array_int(v->types, id) : NORMAL;
}

static bool is_added(const struct vocabulary *v, size_t id)
{
    int64_t type = type_of(v, id);
    return type == UNKNOWN || type == CONTROL || type == USER_DEFINED;
}

static bool read_tokens(struct vocabulary *v)
{
    static const char tokens[] = "tokenizer.ggml.tokens", types[] = "tokenizer.ggml.token_type";
    if (!lm_gguf_get_strings(v->file, tokens, &v->tokens, v->err) ||
        (lm_gguf_has(v->file, types) && !lm_gguf_get_ints(v->file, types, &v->types, v->err)))
        return false;
    v->n = lm_gguf_array_count(v->tokens);
    if (v->n == 0 || v->n > MAX_TOKENS)
        return leti_error_set(v->err, "%s: %s has %zu tokens, allowed are 1 to %d",
                              lm_gguf_name(v->file), tokens, v->n, MAX_TOKENS);
    if (v->types && lm_gguf_array_count(v->types) != v->n)
        return leti_error_set(v->err, "%s: %s has %zu types of %zu tokens", lm_gguf_name(v->file),
                              types, lm_gguf_array_count(v->types), v->n);
    while (v->n > 0 && type_of(v, v->n - 1) == UNUSED)
        v->n--;
    for (v->n_model = v->n; v->n_model > 0 && is_added(v, v->n_model - 1);)
        v->n_model--;
    if (v->characters) /* tokenizer.json has all of these in the model */
        v->n_model = v->n;
    return true;
}

/* The text of a token, NUL-terminated, in memory of the caller's; NULL: an error. A user-defined
 * one among characters has spaces in the file where the vocabulary has marks. */
static char *spelling_of(const struct vocabulary *v, size_t id)
{
    struct lm_gguf_text text = lm_gguf_array_string(v->tokens, id);
    if (text.size == 0 || text.size > MAX_TOKEN_SIZE || memchr(text.data, '\0', text.size)) {
        leti_error_set(v->err, "%s: token %zu has %zu bytes or a NUL, allowed are 1 to %d and none",
                       lm_gguf_name(v->file), id, text.size, MAX_TOKEN_SIZE);
        return NULL;
    }
    char *out = malloc(3 * text.size + 1), *at = out;
    if (!out) {
        leti_error_set(v->err, "%s: no memory for its tokens", lm_gguf_name(v->file));
        return NULL;
    }
    bool marks = v->characters && type_of(v, id) == USER_DEFINED;
    for (size_t i = 0; i < text.size; i++) {
        if (marks && text.data[i] == ' ')
            at = (char *)memcpy(at, LM_SPACE_MARK, 3) + 3;
        else
            *at++ = text.data[i];
    }
    *at = '\0';
    return out;
}

static bool add_token(const struct vocabulary *v, size_t id, json_t *vocab, json_t *added)
{
    char *spelling = spelling_of(v, id);
    if (!spelling)
        return false;
    bool ok = true;
    if (id < v->n_model && json_object_get(vocab, spelling))
        ok = leti_error_set(v->err, "%s: token %zu, \"%.100s\", is there twice",
                            lm_gguf_name(v->file), id, spelling);
    if (ok && id < v->n_model && json_object_set_new(vocab, spelling, json_integer((int)id)) != 0)
        ok = leti_error_set(v->err, "%s: token %zu is not UTF-8", lm_gguf_name(v->file), id);
    if (ok && is_added(v, id) &&
        json_array_append_new(added, json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", (int)id,
                                               "content", spelling, "single_word", 0, "lstrip", 0,
                                               "rstrip", 0, "normalized", 0, "special",
                                               type_of(v, id) != USER_DEFINED)) != 0)
        ok = leti_error_set(v->err, "%s: token %zu is not UTF-8", lm_gguf_name(v->file), id);
    free(spelling);
    return ok;
}

static bool add_tokens(const struct vocabulary *v, json_t *document, json_t *model)
{
    json_t *vocab = json_object(), *added = json_array();
    if (json_object_set_new(model, "vocab", vocab) != 0 ||
        json_object_set_new(document, "added_tokens", added) != 0)
        return leti_error_set(v->err, "%s: no memory", lm_gguf_name(v->file));
    for (size_t id = 0; id < v->n; id++) {
        if (!add_token(v, id, vocab, added))
            return false;
    }
    return true;
}

/* ---- merges ---- */

static bool copy_merges(const struct vocabulary *v, json_t *merges)
{
    const struct lm_gguf_array *from;
    if (!lm_gguf_get_strings(v->file, "tokenizer.ggml.merges", &from, v->err))
        return false;
    for (size_t i = 0; i < lm_gguf_array_count(from); i++) {
        struct lm_gguf_text text = lm_gguf_array_string(from, i);
        if (json_array_append_new(merges, json_stringn(text.data, text.size)) != 0)
            return leti_error_set(v->err, "%s: merge %zu is not UTF-8", lm_gguf_name(v->file), i);
    }
    return true;
}

static bool derive_merges(const struct vocabulary *v, const json_t *vocab, json_t *merges)
{
    static const char key[] = "tokenizer.ggml.scores";
    const struct lm_gguf_array *scores;
    if (!lm_gguf_get_reals(v->file, key, &scores, v->err))
        return false;
    if (lm_gguf_array_count(scores) < v->n)
        return leti_error_set(v->err, "%s: %s has %zu scores of %zu tokens", lm_gguf_name(v->file),
                              key, lm_gguf_array_count(scores), v->n);
    struct lm_piece *pieces = calloc(v->n, sizeof *pieces);
    if (!pieces)
        return leti_error_set(v->err, "%s: no memory for its merges", lm_gguf_name(v->file));
    for (size_t id = 0; id < v->n; id++) {
        int64_t type = type_of(v, id);
        double score = lm_gguf_array_real(scores, id);
        pieces[id].score = isnan(score) ? 0 : (float)score;
        pieces[id].merges = type == NORMAL || type == USER_DEFINED;
        pieces[id].first = type == USER_DEFINED;
    }
    bool ok = lm_merges_of_scores(lm_gguf_name(v->file), vocab, pieces, v->n, merges, v->err);
    free(pieces);
    return ok;
}

/* ---- the document ---- */

/* A flag that may be absent. */
static bool read_flag(const struct vocabulary *v, const char *key, bool fallback, bool *out)
{
    *out = fallback;
    return !lm_gguf_has(v->file, key) || lm_gguf_get_bool(v->file, key, out, v->err);
}

/* "content" and id of the token that a key names. */
static bool read_token(const struct vocabulary *v, const char *key, char **out, int *id)
{
    int64_t value;
    if (!lm_gguf_get_int(v->file, key, &value, v->err))
        return false;
    if (value < 0 || (uint64_t)value >= v->n)
        return leti_error_set(v->err, "%s: %s is %lld, allowed are 0 to %zu", lm_gguf_name(v->file),
                              key, (long long)value, v->n - 1);
    *id = (int)value;
    *out = spelling_of(v, (size_t)value);
    return *out;
}

static bool set(const struct vocabulary *v, json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0 ||
           leti_error_set(v->err, "%s: cannot make %s of tokenizer.json: no memory, or not UTF-8",
                          lm_gguf_name(v->file), key);
}

static bool add_start(const struct vocabulary *v, json_t *document, bool fallback)
{
    bool wanted;
    char *name = NULL;
    int id = 0;
    if (!read_flag(v, "tokenizer.ggml.add_bos_token", fallback, &wanted))
        return false;
    if (!wanted)
        return true;
    if (!read_token(v, "tokenizer.ggml.bos_token_id", &name, &id))
        return false;
    json_t *post = json_pack(
        "{s:s, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}],"
        " s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}, {s:{s:s, s:i}}, {s:{s:s, s:i}}],"
        " s:{s:{s:s, s:[i], s:[s]}}}",
        "type", "TemplateProcessing", "single", "SpecialToken", "id", name, "type_id", 0,
        "Sequence", "id", "A", "type_id", 0, "pair", "SpecialToken", "id", name, "type_id", 0,
        "Sequence", "id", "A", "type_id", 0, "SpecialToken", "id", name, "type_id", 1, "Sequence",
        "id", "B", "type_id", 1, "special_tokens", name, "id", name, "ids", id, "tokens", name);
    free(name);
    return set(v, document, "post_processor", post);
}

static bool make_bytes(const struct vocabulary *v, json_t *document, json_t *model)
{
    const struct splitting *how = NULL;
    return find_splitting(v, &how) &&
           (!how->nfc || set(v, document, "normalizer", json_pack("{s:s}", "type", "NFC"))) &&
           set(v, document, "pre_tokenizer", pre_tokenizer_of(how)) &&
           set(v, document, "decoder", byte_level(true)) &&
           set(v, model, "ignore_merges", json_boolean(how->ignore_merges)) &&
           copy_merges(v, json_object_get(model, "merges")) && add_start(v, document, how->bos);
}

static json_t *replace(const char *from, const char *to)
{
    return json_pack("{s:s, s:{s:s}, s:s}", "type", "Replace", "pattern", "String", from, "content",
                     to);
}

/* How Llama and Gemma were converted to tokenizer.json, with and without a space in front. */
static json_t *normalizer_of(bool prefix)
{
    json_t *marks = replace(" ", LM_SPACE_MARK);
    return prefix ? json_pack("{s:s, s:[{s:s, s:s}, o]}", "type", "Sequence", "normalizers", "type",
                              "Prepend", "prepend", LM_SPACE_MARK, marks)
                  : marks;
}

static json_t *decoder_of(bool prefix)
{
    json_t *steps = json_pack("[o, {s:s}, {s:s}]", replace(LM_SPACE_MARK, " "), "type",
                              "ByteFallback", "type", "Fuse");
    if (prefix)
        json_array_append_new(steps, json_pack("{s:s, s:s, s:i, s:i}", "type", "Strip", "content",
                                               " ", "start", 1, "stop", 0));
    return json_pack("{s:s, s:o}", "type", "Sequence", "decoders", steps);
}

static bool add_unknown(const struct vocabulary *v, json_t *model)
{
    static const char key[] = "tokenizer.ggml.unknown_token_id";
    char *name = NULL;
    int id;
    if (!lm_gguf_has(v->file, key))
        return true;
    if (!read_token(v, key, &name, &id))
        return false;
    bool ok = set(v, model, "unk_token", json_string(name));
    free(name);
    return ok;
}

static bool make_characters(const struct vocabulary *v, json_t *document, json_t *model)
{
    bool prefix;
    return read_flag(v, "tokenizer.ggml.add_space_prefix", true, &prefix) &&
           set(v, document, "normalizer", normalizer_of(prefix)) &&
           set(v, document, "decoder", decoder_of(prefix)) &&
           set(v, model, "fuse_unk", json_true()) && set(v, model, "byte_fallback", json_true()) &&
           add_unknown(v, model) &&
           derive_merges(v, json_object_get(model, "vocab"), json_object_get(model, "merges")) &&
           add_start(v, document, true);
}

static bool read_model(struct vocabulary *v)
{
    static const char key[] = "tokenizer.ggml.model";
    struct lm_gguf_text model;
    if (!lm_gguf_get_string(v->file, key, &model, v->err))
        return false;
    v->characters = model.size == 5 && memcmp(model.data, "llama", 5) == 0;
    if (v->characters || (model.size == 4 && memcmp(model.data, "gpt2", 4) == 0))
        return true;
    return leti_error_set(v->err, "%s: %s is %.*s, allowed are gpt2 and llama",
                          lm_gguf_name(v->file), key, (int)(model.size < 40 ? model.size : 40),
                          model.data);
}

bool lm_tokenizer_from_gguf(const struct lm_gguf *file, struct lm_tokenizer **out,
                            struct leti_error *err)
{
    struct vocabulary v = { .file = file, .err = err };
    if (!read_model(&v) || !read_tokens(&v))
        return false;
    json_t *document = json_pack("{s:s, s:n, s:n, s:[], s:n, s:n, s:n, s:n}", "version", "1.0",
                                 "truncation", "padding", "added_tokens", "normalizer",
                                 "pre_tokenizer", "post_processor", "decoder");
    json_t *model =
        json_pack("{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:{}, s:[]}", "type", "BPE", "dropout",
                  "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0,
                  "byte_fallback", 0, "ignore_merges", 0, "vocab", "merges");
    if (!set(&v, document, "model", model) || !add_tokens(&v, document, model) ||
        !(v.characters ? make_characters : make_bytes)(&v, document, model)) {
        json_decref(document);
        return false;
    }
    return lm_tokenizer_create(lm_gguf_name(file), document, out, err);
}
