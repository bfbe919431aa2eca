/* tokenizer_bench - how fast texts become tokens, on one thread.
 *
 * tokenizer_bench MODEL IDS TEXT... encodes the files TEXT, each as one text, five times over, with
 * the tokenizer of a model folder or GGUF file, and writes the ids to IDS. Prints one JSON object;
 * lm/tokenizers_bench.py puts it beside the `tokenizers` library.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/files.h"
#include "tokenizer/tokenizer_gguf.h"

enum { ROUNDS = 5, TEXT_LIMIT = 1 << 28 };

struct text {
    char *bytes;
    size_t size;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool open_tokenizer(const char *path, struct lm_tokenizer **out, struct leti_error *err)
{
    const char *dot = strrchr(path, '.');
    struct lm_gguf *file;
    if (!dot || strcmp(dot, ".gguf") != 0)
        return lm_tokenizer_open(path, out, err);
    if (!lm_gguf_open(path, &file, err))
        return false;
    bool ok = lm_tokenizer_from_gguf(file, out, err);
    lm_gguf_close(file);
    return ok;
}

static bool encode_all(const struct lm_tokenizer *t, const struct text *texts, size_t n,
                       struct lm_ids *ids, struct leti_error *err)
{
    ids->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!lm_tokenizer_encode(t, texts[i].bytes, texts[i].size, false, ids, err))
            return false;
    }
    return true;
}

static bool measure(const struct lm_tokenizer *t, const struct text *texts, size_t n,
                    struct lm_ids *ids, double *best, struct leti_error *err)
{
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        if (!encode_all(t, texts, n, ids, err))
            return false;
        double took = seconds() - start;
        if (round == 0 || took < *best)
            *best = took;
    }
    return true;
}

static bool write_ids(const char *path, const struct lm_ids *ids, struct leti_error *err)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return leti_error_set(err, "%s: cannot be written", path);
    bool ok = fwrite(ids->ids, sizeof *ids->ids, ids->n, out) == ids->n;
    return (fclose(out) == 0 && ok) || leti_error_set(err, "%s: cannot be written", path);
}

static bool run(const char *model, const char *ids_path, char **paths, size_t n, struct text *texts,
                struct lm_ids *ids, struct leti_error *err)
{
    struct lm_tokenizer *t;
    size_t bytes = 0;
    double start = seconds(), best = 0;
    if (!open_tokenizer(model, &t, err))
        return false;
    double opened = seconds() - start;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = lm_file_read(paths[i], TEXT_LIMIT, &texts[i].bytes, &texts[i].size, err);
        bytes += texts[i].size;
    }
    ok = ok && measure(t, texts, n, ids, &best, err) && write_ids(ids_path, ids, err);
    if (ok)
        printf(
            "{\"texts\": %zu, \"bytes\": %zu, \"ids\": %zu, \"open_s\": %.3f, \"seconds\": %.4f, "
            "\"MB/s\": %.2f}\n",
            n, bytes, ids->n, opened, best, (double)bytes / best / 1e6);
    lm_tokenizer_close(t);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: tokenizer_bench MODEL IDS TEXT...\n");
        return 2;
    }
    size_t n = (size_t)argc - 3;
    struct text *texts = calloc(n, sizeof *texts);
    struct lm_ids ids = { 0 };
    struct leti_error err = { "out of memory" };
    bool ok = texts && run(argv[1], argv[2], argv + 3, n, texts, &ids, &err);
    for (size_t i = 0; texts && i < n; i++)
        free(texts[i].bytes);
    free(texts);
    free(ids.ids);
    if (!ok)
        fprintf(stderr, "tokenizer_bench: %s\n", err.text);
    return ok ? 0 : 1;
}
