/* source.jsonl - problems from a data set's file: JSON lines or one JSON array, plain or gzip.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "ids.h"
#include "leti/error.h"
#include "leti/plugin.h"
#include "reader.h"
#include "shots.h"
#include "texts.h"

struct source {
    const char *file, *schema, *ids; /* options */
    int64_t limit, count;
    const char *before, *after;
    int64_t shots;
    const char *shots_ids;
    const char *id_prefix, *tests, *reference;

    const struct leti_host *host;
    struct reader reader;
    struct shots examples;
    int64_t n_given;
};

/* ---- life ---- */

/* Options that only questions have would be lost without a word otherwise. */
static bool check_form(const struct source *source, struct leti_error *err)
{
    static const char target[] = "{target}";
    bool question = !strcmp(source->schema, "question");
    if (!question &&
        (*source->id_prefix || *source->reference || strcmp(source->tests, target) != 0))
        return leti_error_set(err, "id_prefix, tests and reference are for schema question, not %s",
                              source->schema);
    if (!strstr(source->tests, target))
        return leti_error_set(err, "tests \"%s\" must hold %s, where the answer goes",
                              source->tests, target);
    if (source->shots && !*source->shots_ids)
        return leti_error_set(err, "shots_ids must say which problems are examples, as in "
                                   "\"1-10\"");
    return ids_check(source->ids, err) && ids_check(source->shots_ids, err);
}

static bool begin(struct source *source, struct leti_error *err)
{
    source->reader =
        (struct reader){ .host = source->host,
                         .file = source->file,
                         .schema = schema_find(source->schema),
                         .form = { source->id_prefix, source->tests, source->reference } };
    if (!check_form(source, err))
        return false;
    if (source->shots && !shots_read(&source->reader, source->shots_ids, (size_t)source->shots,
                                     &source->examples, err))
        return false;
    return reader_open(&source->reader, err);
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct source *source = self;
    struct leti_error err;
    source->host = host;
    if (begin(source, &err))
        return LETI_OK;
    shots_free(&source->examples);
    return host->fail(host, "%s", err.text);
}

static void stop(void *self)
{
    struct source *source = self;
    reader_close(&source->reader);
    shots_free(&source->examples);
}

/* ---- problems ---- */

static bool has_run_prompt(const struct leti_problem *problem)
{
    for (size_t i = 0; i < problem->n_extra; i++)
        if (!strcmp(problem->extra[i].key, "run_prompt"))
            return true;
    return false;
}

/* What is executed stays what it is. */
static void keep_run_prompt(const struct leti_host *host, struct leti_problem *problem)
{
    size_t n = problem->n_extra;
    if (has_run_prompt(problem))
        return;
    struct leti_pair *pairs = host->alloc(host, (n + 1) * sizeof *pairs);
    for (size_t i = 0; i < n; i++)
        pairs[i] = problem->extra[i];
    pairs[n] = (struct leti_pair){ "run_prompt", problem->prompt };
    problem->extra = pairs;
    problem->n_extra = n + 1;
}

/* Puts the prompt between what stands before and after it. */
static void frame(const struct source *source, struct leti_problem *problem)
{
    static const struct leti_bytes none = { "", 0 };
    const struct leti_host *host = source->host;
    struct leti_bytes before = text_bytes(source->before), after = text_bytes(source->after);
    struct leti_bytes examples = { source->examples.text, source->examples.size };
    if (!before.size && !after.size && !examples.size)
        return;
    keep_run_prompt(host, problem);
    if (examples.size)
        before = text_join(host, before, examples, none);
    problem->prompt = text_join(host, before, problem->prompt, after);
}

static enum leti_status end(const struct source *source)
{
    if (!source->reader.n_records)
        return source->host->fail(source->host, "%s: holds no problem", source->file);
    if (!source->count || source->n_given == source->count)
        return LETI_DONE;
    return source->host->fail(source->host,
                              "%s: %" PRId64 " problems are wanted, and ids \"%s\" "
                              "chooses %" PRId64,
                              source->file, source->count, source->ids, source->n_given);
}

static enum leti_status read_problem(void *self, struct leti_problem *out)
{
    struct source *source = self;
    struct leti_error err;
    unsigned long long number;
    bool none_left;
    if (source->limit && source->n_given == source->limit)
        return end(source);
    if (!reader_next(&source->reader, source->ids, out, &number, &none_left, &err))
        return source->host->fail(source->host, "%s", err.text);
    if (none_left)
        return end(source);
    if (shots_hold(&source->examples, number))
        return source->host->fail(source->host,
                                  "%s: problem %s is one of the examples before it: ids and "
                                  "shots_ids must not choose the same",
                                  source->file, out->id);
    frame(source, out);
    source->n_given++;
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct source, file, NULL,
                  "data set: JSON lines or one JSON array, plain or gzip"),
    LETI_OPT_CHOICE(struct source, schema, "generic", SCHEMA_NAMES,
                    "whose field names the file uses"),
    LETI_OPT_TEXT(struct source, ids, "",
                  "numbers to take, as in \"11-20,33\": task ids, or with schema generic or "
                  "question the place in the file from 1; empty takes all"),
    LETI_OPT_INT(struct source, limit, "0", 0, 1e9, "problems to take at most; 0 takes all"),
    LETI_OPT_INT(struct source, count, "0", 0, 1e9, "problems that there must be; 0: any number"),
    LETI_OPT_TEXT(struct source, before, "",
                  "text before each prompt, which the model reads and nobody executes"),
    LETI_OPT_TEXT(struct source, after, "", "the same behind each prompt"),
    LETI_OPT_INT(struct source, shots, "0", 0, SHOTS_LIMIT,
                 "solved problems of the same file that stand before each prompt, as examples "
                 "that nobody executes"),
    LETI_OPT_TEXT(struct source, shots_ids, "",
                  "numbers of the problems to take the first of as examples, as in \"1-10\""),
    LETI_OPT_TEXT(struct source, id_prefix, "",
                  "schema question: what stands before the number in ids, as in \"navigate/\""),
    LETI_OPT_TEXT(struct source, tests, "{target}",
                  "schema question: the tests, with the answer in the place of {target}"),
    LETI_OPT_TEXT(struct source, reference, "",
                  "schema question: a program that passes, with {target}; empty: none is known"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_SOURCE,
    .name = "source.jsonl",
    .version = "1.1",
    .summary = "Problems from a data set's file: MBPP, HumanEval, questions or the generic form",
    .instance_size = sizeof(struct source),
    .options = options,
    .start = start,
    .stop = stop,
    .source = { .read = read_problem },
};
