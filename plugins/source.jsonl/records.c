/* records - a data file's records one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "records.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

/* Where a walk is: in how many brackets, and whether in a string. */
struct place {
    size_t depth;
    bool in_string;
};

/* Goes over one character, or over two where the first escapes the second. */
static void step(struct records *records, struct place *place)
{
    char c = records->data[records->at++];
    records->line += c == '\n';
    if (place->in_string && c == '\\' && !at_end(records))
        records->at++;
    else if (c == '"')
        place->in_string = !place->in_string;
    else if (place->in_string)
        return;
    else if (c == '{' || c == '[')
        place->depth++;
    else if ((c == '}' || c == ']') && place->depth)
        place->depth--;
}

static bool ends_item(const struct records *records, const struct place *place)
{
    char c = records->data[records->at];
    return !place->in_string && place->depth == 0 && (c == ',' || c == ']');
}

/* Passes the text, and the white space behind it. */
static bool pass(struct records *records, const char *text)
{
    size_t size = strlen(text);
    if (records->size - records->at < size || memcmp(records->data + records->at, text, size) != 0)
        return false;
    records->at += size;
    skip_space(records);
    return true;
}

/* Passes "array": [ where it stands here. */
static bool pass_array_start(struct records *records, const char *array)
{
    struct records before = *records;
    if (pass(records, "\"") && pass(records, array) && pass(records, "\"") && pass(records, ":") &&
        pass(records, "["))
        return true;
    *records = before;
    return false;
}

/* Looks for the array in the object that the file begins with; stays where it is without one. */
static void enter_object(struct records *records, const char *array)
{
    struct records before = *records;
    struct place place = { 0 };
    do {
        if (place.depth == 1 && !place.in_string && pass_array_start(records, array)) {
            records->is_array = records->in_object = true;
            return;
        }
        step(records, &place);
    } while (!at_end(records) && place.depth);
    *records = before;
}

/* To open a pipe that has a name waits for its writer, maybe for ever; one that is open already, as
 * /dev/stdin may be, is read. */
static bool is_fifo(const char *path)
{
    struct stat info;
    struct statfs system;
    return !stat(path, &info) && S_ISFIFO(info.st_mode) && !statfs(path, &system) &&
           system.f_type != PIPEFS_MAGIC;
}

bool records_open(struct records *records, const char *path, const char *array,
                  struct leti_error *err)
{
    *records = (struct records){ .line = 1, .path = strdup(path) };
    if (!records->path)
        return leti_error_set(err, "%s: out of memory", path);
    if (is_fifo(path)) {
        leti_error_set(err, "%s: is a named pipe, not a file", path);
        goto fail;
    }
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
    } else if (!at_end(records) && array) {
        enter_object(records, array);
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
    size_t begin = records->at;
    struct place place = { 0 };
    *out = (struct record){ .text = records->data + begin, .line = records->line };
    while (!at_end(records) && !ends_item(records, &place))
        step(records, &place);
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
    struct place rest = { .depth = records->in_object };
    records->at++;
    while (!at_end(records) && rest.depth)
        step(records, &rest);
    skip_space(records);
    if (rest.depth)
        return leti_error_set(err, "%s:%lu: the object does not end with \"}\"", records->path,
                              records->line);
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
