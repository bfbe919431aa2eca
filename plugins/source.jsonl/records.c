/* records - a data file's records one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FILE_LIMIT = 1 << 30 };

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool at_end(const struct records *records)
{
    return records->at == records->size;
}

static void skip_space(struct records *records)
{
    for (; !at_end(records) && is_space(records->data[records->at]); records->at++)
        records->line += records->data[records->at] == '\n';
}

/* Doubles the room for data up to the limit. */
static bool grow(struct records *records, size_t *capacity, struct leti_error *err)
{
    if (*capacity >= FILE_LIMIT)
        return leti_error_set(err, "%s: larger than 1 GiB", records->path);
    size_t larger = *capacity ? 2 * *capacity : 1 << 16;
    char *data = realloc(records->data, larger + 1);
    if (!data)
        return leti_error_set(err, "%s: out of memory for %zu bytes", records->path, larger);
    records->data = data;
    *capacity = larger;
    return true;
}

static bool read_all(struct records *records, gzFile file, struct leti_error *err)
{
    size_t capacity = 0;
    for (;;) {
        if (records->size == capacity && !grow(records, &capacity, err))
            return false;
        size_t room = capacity - records->size;
        int n = gzread(file, records->data + records->size, (unsigned)room);
        if (n < 0) {
            int code = 0;
            const char *why = gzerror(file, &code);
            return leti_error_set(err, "%s: %s", records->path,
                                  code == Z_ERRNO ? strerror(errno) : why);
        }
        if (n == 0)
            break;
        records->size += (size_t)n;
    }
    records->data[records->size] = '\0';
    return true;
}

/* Some programs put a byte order mark at the start of a file. */
static void skip_mark(struct records *records)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (records->size >= strlen(mark) && !memcmp(records->data, mark, strlen(mark)))
        records->at = strlen(mark);
}

bool records_open(struct records *records, const char *path, struct leti_error *err)
{
    *records = (struct records){ .line = 1, .path = strdup(path) };
    if (!records->path)
        return leti_error_set(err, "%s: out of memory", path);
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (!file) {
        leti_error_set(err, "%s: %s", path, errno ? strerror(errno) : "out of memory");
        goto fail;
    }
    bool read = read_all(records, file, err);
    int closed = gzclose_r(file);
    if (!read)
        goto fail;
    if (closed != Z_OK) {
        leti_error_set(err, "%s: the compressed file is cut off", path);
        goto fail;
    }
    skip_mark(records);
    skip_space(records);
    if (!at_end(records) && records->data[records->at] == '[') {
        records->is_array = true;
        records->at++;
    }
    return true;
fail:
    records_close(records);
    return false;
}

void records_close(struct records *records)
{
    free(records->path);
    free(records->data);
    *records = (struct records){ 0 };
}

/* Ends at the line feed. */
static void take_line(struct records *records, struct record *out)
{
    const char *begin = records->data + records->at;
    size_t left = records->size - records->at;
    const char *feed = memchr(begin, '\n', left);
    size_t size = feed ? (size_t)(feed - begin) : left;
    *out = (struct record){ begin, size, records->line };
    records->at += size;
}

/* Ends before the comma or the bracket that closes the array. */
static void take_item(struct records *records, struct record *out)
{
    size_t begin = records->at, depth = 0;
    bool in_string = false;
    *out = (struct record){ .text = records->data + begin, .line = records->line };
    for (; !at_end(records); records->at++) {
        char c = records->data[records->at];
        records->line += c == '\n';
        if (in_string && c == '\\' && records->at + 1 < records->size)
            records->at++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (depth == 0 && (c == ',' || c == ']'))
            break;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
    }
    out->size = records->at - begin;
}

/* What stands behind an item: a comma and another item, or the end of the array and the file. */
static bool after_item(struct records *records, struct leti_error *err)
{
    if (at_end(records))
        return leti_error_set(err, "%s:%lu: the array does not end with \"]\"", records->path,
                              records->line);
    if (records->data[records->at] == ',')
        records->at++;
    return true;
}

static bool after_array(struct records *records, bool *end, struct leti_error *err)
{
    records->at++;
    skip_space(records);
    if (!at_end(records))
        return leti_error_set(err, "%s:%lu: something stands behind the array", records->path,
                              records->line);
    *end = true;
    return true;
}

bool records_next(struct records *records, struct record *out, bool *end, struct leti_error *err)
{
    *end = false;
    skip_space(records);
    if (!records->is_array) {
        *end = at_end(records);
        if (!*end)
            take_line(records, out);
        return true;
    }
    if (!at_end(records) && records->data[records->at] == ']')
        return after_array(records, end, err);
    take_item(records, out);
    return after_item(records, err);
}
