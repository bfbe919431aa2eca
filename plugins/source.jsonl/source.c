/* source.jsonl - problems from a data set's file: JSON lines or one JSON array, plain or gzip.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "leti/error.h"
#include "leti/plugin.h"
#include "records.h"
#include "schema.h"

enum { RECORD_LIMIT = 64 << 20 };

struct source {
    const char *file, *schema, *ids; /* options */
    int64_t limit;
    const struct leti_host *host;
    const struct schema *fill;
    struct records records;
    json_t *seen; /* an object whose keys are the ids so far */
    unsigned long long n_records;
    int64_t n_given;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct source *source = self;
    struct leti_error err;
    source->host = host;
    source->fill = schema_find(source->schema);
    source->seen = json_object();
    if (!source->seen)
        return host->fail(host, "out of memory");
    if (ids_check(source->ids, &err) && records_open(&source->records, source->file, &err))
        return LETI_OK;
    json_decref(source->seen);
    return host->fail(host, "%s", err.text);
}

static void stop(void *self)
{
    struct source *source = self;
    records_close(&source->records);
    json_decref(source->seen);
}

/* Parses one record. The caller decrefs *out. */
static bool parse(const struct record *record, json_t **out, struct leti_error *err)
{
    json_error_t why;
    if (record->size > RECORD_LIMIT)
        return leti_error_set(err, "a record of %zu bytes, more than %d", record->size,
                              RECORD_LIMIT);
    json_t *value = json_loadb(record->text, record->size, JSON_REJECT_DUPLICATES, &why);
    if (!value && json_error_code(&why) == json_error_numeric_overflow) /* nobody's number here */
        value = json_loadb(record->text, record->size,
                           JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &why);
    if (!value)
        return leti_error_set(err, "not a JSON object: %s", why.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return leti_error_set(err, "not a JSON object");
    }
    *out = value;
    return true;
}

static bool remember(struct source *source, const char *id, struct leti_error *err)
{
    if (json_object_get(source->seen, id))
        return leti_error_set(err, "a second problem \"%s\"", id);
    if (json_object_set_new(source->seen, id, json_true()))
        return leti_error_set(err, "id \"%s\": out of memory", id);
    return true;
}

/* *chosen: the record is one of those that are wanted. */
static bool read_record(struct source *source, const struct record *record, bool *chosen,
                        struct leti_problem *out, struct leti_error *err)
{
    json_t *value = NULL;
    unsigned long long number = ++source->n_records;
    struct leti_problem problem = { .n_extra = 0 };
    if (!parse(record, &value, err))
        return false;
    bool good = source->fill->fill(source->host, value, &number, &problem, err) &&
                remember(source, problem.id, err);
    json_decref(value);
    if (!good)
        return false;
    *chosen = ids_choose(source->ids, number);
    if (*chosen)
        *out = problem;
    return true;
}

static enum leti_status read_problem(void *self, struct leti_problem *out)
{
    struct source *source = self;
    struct leti_error err;
    struct record record;
    bool end, chosen = false;
    if (source->limit && source->n_given == source->limit)
        return LETI_DONE;
    while (!chosen) {
        if (!records_next(&source->records, &record, &end, &err))
            return source->host->fail(source->host, "%s", err.text);
        if (end)
            return LETI_DONE;
        if (!read_record(source, &record, &chosen, out, &err))
            return source->host->fail(source->host, "%s:%lu: %s", source->file, record.line,
                                      err.text);
    }
    source->n_given++;
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct source, file, NULL,
                  "data set: JSON lines or one JSON array, plain or gzip"),
    LETI_OPT_CHOICE(struct source, schema, "generic", SCHEMA_NAMES,
                    "whose field names the file uses"),
    LETI_OPT_TEXT(struct source, ids, "",
                  "numbers to take, as in \"11-20,33\": task ids, or with schema generic the "
                  "place in the file from 1; empty takes all"),
    LETI_OPT_INT(struct source, limit, "0", 0, 1e9, "problems to take at most; 0 takes all"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_SOURCE,
    .name = "source.jsonl",
    .version = "1.0",
    .summary = "Problems from a data set's file: MBPP, HumanEval or the generic form",
    .instance_size = sizeof(struct source),
    .options = options,
    .start = start,
    .stop = stop,
    .source = { .read = read_problem },
};
