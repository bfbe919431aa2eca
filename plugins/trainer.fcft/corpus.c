/* corpus.c - plain text for continued pre-training, as tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "ops/random.h"

/* ---- the file ---- */

static const size_t limit_bytes = (size_t)4 << 30;

static bool read_failed(const char *path, gzFile file, struct leti_error *err)
{
    int code;
    const char *why = gzerror(file, &code);
    return leti_error_set(err, "%s: %s", path, code == Z_ERRNO ? strerror(errno) : why);
}

static bool read_all(const char *path, gzFile file, char **data, size_t *size,
                     struct leti_error *err)
{
    size_t capacity = (size_t)1 << 20, used = 0;
    char *bytes = malloc(capacity);
    while (bytes) {
        int n = gzread(file, bytes + used, (unsigned)(capacity - used - 1));
        if (n < 0) {
            free(bytes);
            return read_failed(path, file, err);
        }
        used += (size_t)n;
        if (n == 0) {
            bytes[used] = '\0';
            *data = bytes;
            *size = used;
            return true;
        }
        if (used + 1 < capacity)
            continue;
        if (capacity >= limit_bytes) {
            free(bytes);
            return leti_error_set(err, "%s: a corpus of more than %zu bytes", path, limit_bytes);
        }
        size_t step = capacity < ((size_t)1 << 30) ? capacity : (size_t)1 << 30;
        char *grown = realloc(bytes, capacity += step);
        if (!grown)
            free(bytes);
        bytes = grown;
    }
    return leti_error_set(err, "%s: out of memory", path);
}

static bool read_file(const char *path, char **data, size_t *size, struct leti_error *err)
{
    struct stat info;
    if (!stat(path, &info) && S_ISFIFO(info.st_mode)) /* to open it waits for its writer */
        return leti_error_set(err, "%s: is a pipe, not a file", path);
    gzFile file = gzopen(path, "rbe");
    if (!file)
        return leti_error_set(err, "%s: %s", path, strerror(errno));
    bool ok = read_all(path, file, data, size, err);
    gzclose(file);
    return ok;
}

/* ---- documents ---- */

/* A corpus that is being read. */
struct reading {
    const char *path;
    const struct lm_tokenizer *tokenizer;
    int32_t eos;
    struct corpus corpus;
    size_t capacity; /* of ends */
};

static bool add_end(struct reading *reading, struct leti_error *err)
{
    struct corpus *corpus = &reading->corpus;
    if (corpus->n == reading->capacity) {
        size_t capacity = reading->capacity ? 2 * reading->capacity : 1024;
        size_t *grown = realloc(corpus->ends, capacity * sizeof *grown);
        if (!grown)
            return leti_error_set(err, "%s: out of memory", reading->path);
        corpus->ends = grown;
        reading->capacity = capacity;
    }
    corpus->ends[corpus->n++] = corpus->tokens.n;
    return true;
}

static bool add_document(struct reading *reading, const char *text, size_t size,
                         struct leti_error *err)
{
    struct lm_ids *tokens = &reading->corpus.tokens;
    if (!size)
        return true;
    if (!lm_tokenizer_begin(reading->tokenizer, tokens, err) ||
        !lm_tokenizer_encode(reading->tokenizer, text, size, false, tokens, err))
        return false;
    if (reading->eos < 0)
        return add_end(reading, err);
    if (tokens->n == tokens->capacity) {
        int32_t *grown = realloc(tokens->ids, (tokens->capacity + 1) * sizeof *grown);
        if (!grown)
            return leti_error_set(err, "%s: out of memory", reading->path);
        tokens->ids = grown;
        tokens->capacity++;
    }
    tokens->ids[tokens->n++] = reading->eos;
    return add_end(reading, err);
}

static bool add_line(struct reading *reading, const char *line, size_t size, size_t number,
                     struct leti_error *err)
{
    json_error_t why;
    json_t *object = json_loadb(line, size, JSON_ALLOW_NUL, &why);
    if (!object)
        return leti_error_set(err, "%s:%zu: %s", reading->path, number, why.text);
    const json_t *text = json_object_get(object, "text");
    bool ok = json_is_string(text)
                  ? add_document(reading, json_string_value(text), json_string_length(text), err)
                  : leti_error_set(err, "%s:%zu: an object with a \"text\" is wanted",
                                   reading->path, number);
    json_decref(object);
    return ok;
}

static bool is_blank(const char *line, size_t size)
{
    return strspn(line, " \t\r") >= size;
}

static bool add_documents(struct reading *reading, const char *data, size_t size, bool lines,
                          struct leti_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark, which some programs write */
    bool marked = size >= strlen(mark) && !memcmp(data, mark, strlen(mark));
    size_t number = 1;
    for (const char *at = data + (marked ? strlen(mark) : 0), *end = data + size; at < end;
         number++) {
        const char *stop = memchr(at, lines ? '\n' : '\f', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (lines ? !is_blank(at, n) && !add_line(reading, at, n, number, err)
                  : !add_document(reading, at, n, err))
            return false;
        at += n + 1;
    }
    return true;
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n >= m && !strcmp(path + n - m, suffix);
}

static bool is_json_lines(const char *path)
{
    return has_suffix(path, ".jsonl") || has_suffix(path, ".jsonl.gz") || has_suffix(path, ".json");
}

/* ---- what is held out ---- */

static bool part(struct corpus *corpus, double holdout, struct leti_error *err)
{
    corpus->trained = calloc(corpus->n + 1, sizeof *corpus->trained);
    corpus->held_out = calloc(corpus->n + 1, sizeof *corpus->held_out);
    if (!corpus->trained || !corpus->held_out)
        return leti_error_set(err, "out of memory");
    struct lm_random random = { 0x636f72707573 }; /* the same in every run */
    for (size_t i = 0; i < corpus->n; i++) {
        if (lm_random_uniform(&random) < holdout)
            corpus->held_out[corpus->n_held_out++] = i;
        else
            corpus->trained[corpus->n_trained++] = i;
    }
    return true;
}

bool corpus_read(const char *path, const struct lm_tokenizer *tokenizer, int32_t eos,
                 double holdout, struct corpus *out, struct leti_error *err)
{
    struct reading reading = { .path = path, .tokenizer = tokenizer, .eos = eos };
    char *data = NULL;
    size_t size = 0;
    if (!read_file(path, &data, &size, err))
        return false;
    bool ok = add_documents(&reading, data, size, is_json_lines(path), err) &&
              part(&reading.corpus, holdout, err);
    free(data);
    if (ok && !reading.corpus.n_trained)
        ok = leti_error_set(err, "%s: %zu documents, none to train on", path, reading.corpus.n);
    if (!ok) {
        corpus_clear(&reading.corpus);
        return false;
    }
    *out = reading.corpus;
    return true;
}

void corpus_clear(struct corpus *corpus)
{
    free(corpus->tokens.ids);
    free(corpus->ends);
    free(corpus->trained);
    free(corpus->held_out);
    *corpus = (struct corpus){ 0 };
}

/* ---- walks ---- */

static void shuffle(struct corpus_walk *walk)
{
    struct lm_random random = { walk->seed + walk->round };
    lm_random_u64(&random); /* neighbouring seeds start apart */
    random.state ^= lm_random_u64(&random);
    memcpy(walk->order, walk->corpus->trained, walk->n * sizeof *walk->order);
    for (size_t i = walk->n - 1; i > 0; i--) {
        size_t k = (size_t)(lm_random_u64(&random) % (i + 1)), other = walk->order[k];
        walk->order[k] = walk->order[i];
        walk->order[i] = other;
    }
}

bool corpus_walk_begin(const struct corpus *corpus, uint64_t seed, struct corpus_walk *out,
                       struct leti_error *err)
{
    struct corpus_walk walk = { .corpus = corpus, .n = corpus->n_trained, .seed = seed };
    walk.order = malloc(walk.n * sizeof *walk.order);
    if (!walk.order)
        return leti_error_set(err, "out of memory");
    shuffle(&walk);
    *out = walk;
    return true;
}

void corpus_walk_end(struct corpus_walk *walk)
{
    free(walk->order);
}

/* Tokens of a document. */
static const int32_t *document_at(const struct corpus *corpus, size_t i, size_t *n)
{
    size_t first = i ? corpus->ends[i - 1] : 0;
    *n = corpus->ends[i] - first;
    return corpus->tokens.ids + first;
}

static void next_document(struct corpus_walk *walk)
{
    walk->token = 0;
    if (++walk->document < walk->n)
        return;
    walk->document = 0;
    walk->round++;
    shuffle(walk);
}

void corpus_walk_take(struct corpus_walk *walk, int32_t *tokens, size_t n)
{
    while (n > 0) {
        size_t size;
        const int32_t *document = document_at(walk->corpus, walk->order[walk->document], &size);
        size_t taken = size - walk->token < n ? size - walk->token : n;
        memcpy(tokens, document + walk->token, taken * sizeof *tokens);
        walk->token += taken;
        tokens += taken;
        n -= taken;
        if (walk->token == size)
            next_document(walk);
    }
}

size_t corpus_held_out(const struct corpus *corpus, int32_t *tokens, size_t limit)
{
    size_t used = 0;
    for (size_t i = 0; i < corpus->n_held_out && used < limit; i++) {
        size_t size;
        const int32_t *document = document_at(corpus, corpus->held_out[i], &size);
        if (size > limit - used)
            size = limit - used;
        memcpy(tokens + used, document, size * sizeof *tokens);
        used += size;
    }
    return used;
}
