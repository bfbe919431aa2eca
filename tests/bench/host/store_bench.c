/* store_bench - rows a second into and out of run.db: samples with their verdicts and examples, as
 * a run writes them, a commit every thousand.
 *
 *     store_bench [FOLDER] [SAMPLES]
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/store.h"

enum { SAMPLES = 64, COMMIT = 1000 };

static struct leti_bytes text_of(char *text, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + leti_mix(seed, i / 8) % 26);
    text[size] = '\0';
    return (struct leti_bytes){ text, size };
}

/* One sample of 200 bytes, a verdict with a traceback of 200, an example of both and a prompt. */
static bool put(struct store *store, uint32_t number, struct leti_error *err)
{
    char raw[201], feedback[201], prompt[161];
    struct store_key key = { .iteration = 1,
                             .problem = number / SAMPLES,
                             .sample = number % SAMPLES };
    uint64_t program[2] = { leti_mix(1, number), leti_mix(2, number) };
    struct store_sample sample = { .key = key, .raw = text_of(raw, 200, number), .tokens = 50 };
    struct store_verdict verdict = {
        .attempt = 1,
        .verdict = { .outcome = LETI_FAILED,
                     .reason = "exception",
                     .exception = "NameError",
                     .feedback = text_of(feedback, 200, number + 1),
                     .seconds = 0.01 },
    };
    struct leti_span spans[] = {
        { { "<|bad|>", 7 }, 3 },         { { "<|lang_feedback|>", 17 }, 7 },
        { verdict.verdict.feedback, 5 }, { { "<|/lang_feedback|>", 18 }, 7 },
        { text_of(prompt, 160, 3), 1 },  { sample.raw, 1 }
    };
    struct leti_example example = {
        .iteration = 1, .problem = "601", .index = key.sample, .spans = spans, .n_spans = 6
    };
    sample.program_size = sample.raw.size;
    return store_put_sample(store, &sample, err) &&
           store_put_verdict(store, &key, &verdict, (const unsigned char *)program, err) &&
           store_put_example(store, key.problem, &example, err) &&
           (number % COMMIT || store_commit(store, err));
}

static bool write_all(struct store *store, uint32_t n, struct leti_error *err)
{
    double begun = clock_seconds();
    for (uint32_t i = 0; i < n; i++)
        if (!put(store, i, err))
            return false;
    if (!store_commit(store, err))
        return false;
    double seconds = clock_seconds() - begun;
    printf("{\"what\": \"write\", \"rows\": %u, \"seconds\": %.3f, \"rows_per_second\": %.0f}\n",
           3 * n, seconds, 3 * n / seconds);
    return true;
}

static bool find_all(struct store *store, uint32_t n, struct leti_error *err)
{
    double begun = clock_seconds();
    for (uint32_t i = 0; i < n; i++) {
        bool found = false;
        struct leti_verdict verdict;
        uint64_t program[2] = { leti_mix(1, i), leti_mix(2, i) };
        if (!store_find_verdict(store, (const unsigned char *)program, &found, &verdict, err))
            return false;
        if (!found)
            return leti_error_set(err, "a verdict is missing");
    }
    double seconds = clock_seconds() - begun;
    printf("{\"what\": \"find verdict\", \"rows\": %u, \"seconds\": %.3f, "
           "\"rows_per_second\": %.0f}\n",
           n, seconds, n / seconds);
    return true;
}

static bool read_all(struct store *store, struct leti_error *err)
{
    double begun = clock_seconds();
    struct store_rows *rows = NULL;
    uint32_t n = 0;
    if (!store_select(store,
                      "SELECT id, sample, spans FROM example WHERE iteration = 1 "
                      "ORDER BY problem, sample",
                      &rows, err))
        return false;
    enum leti_status status;
    while ((status = store_next(rows, err)) == LETI_OK)
        n += store_bytes(rows, 2).size > 0;
    store_rows_close(rows);
    double seconds = clock_seconds() - begun;
    printf("{\"what\": \"read examples\", \"rows\": %u, \"seconds\": %.3f, "
           "\"rows_per_second\": %.0f}\n",
           n, seconds, n / seconds);
    return status == LETI_DONE;
}

int main(int argc, char **argv)
{
    struct leti_error err = { 0 };
    struct store *store = NULL;
    char folder[4096];
    uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100000;
    snprintf(folder, sizeof folder, "%s/store-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    bool good = store_create(folder, &store, &err) && write_all(store, n, &err) &&
                find_all(store, n, &err) && read_all(store, &err);
    store_close(store);
    good = file_remove_tree(folder, good ? &err : NULL) && good;
    if (!good)
        fprintf(stderr, "store_bench: %s\n", err.text);
    return good ? 0 : 1;
}
