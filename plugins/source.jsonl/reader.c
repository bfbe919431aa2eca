/* reader - the problems of a data file, one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include "ids.h"

enum { RECORD_LIMIT = 64 << 20 };

bool reader_open(struct reader *reader, struct leti_error *err)
{
    reader->n_records = 0;
    if (!records_open(&reader->records, reader->file, reader->schema->array, err))
        return false;
    reader->seen = json_object();
    if (reader->seen)
        return true;
    records_close(&reader->records);
    return leti_error_set(err, "out of memory");
}

void reader_close(struct reader *reader)
{
    records_close(&reader->records);
    json_decref(reader->seen);
    reader->seen = NULL;
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

static bool remember(struct reader *reader, const char *id, struct leti_error *err)
{
    if (json_object_get(reader->seen, id))
        return leti_error_set(err, "a second problem \"%s\"", id);
    if (json_object_set_new(reader->seen, id, json_true()))
        return leti_error_set(err, "id \"%s\": out of memory", id);
    return true;
}

static bool fill(struct reader *reader, const struct record *record, unsigned long long *number,
                 struct leti_problem *out, struct leti_error *err)
{
    json_t *value = NULL;
    *number = ++reader->n_records;
    *out = (struct leti_problem){ .n_extra = 0 };
    if (!parse(record, &value, err))
        return false;
    bool good = reader->schema->fill(reader->host, &reader->form, value, number, out, err) &&
                remember(reader, out->id, err);
    json_decref(value);
    return good;
}

bool reader_next(struct reader *reader, const char *ids, struct leti_problem *out,
                 unsigned long long *number, bool *end, struct leti_error *err)
{
    struct record record;
    unsigned long long of_record;
    do {
        if (!records_next(&reader->records, &record, end, err))
            return false;
        if (*end)
            return true;
        if (!fill(reader, &record, &of_record, out, err))
            return leti_error_set(err, "%s:%lu: %s", reader->file, record.line, err->text);
    } while (!ids_choose(ids, of_record));
    if (number)
        *number = of_record;
    return true;
}
