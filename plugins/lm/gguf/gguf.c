/* gguf.c - the GGUF format, read through a map.
 *
 * One pass over the header with a cursor that cannot leave the file. Strings and arrays stay where
 * they are; names are copied, because C wants them to end in NUL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "gguf/gguf.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "model/files.h"
#include "gguf/gguf_parts.h"

enum {
    HEADER = 4 + 4 + 8 + 8, /* bytes: magic, version, two numbers */
    NAME_LIMIT = 65535,     /* bytes of a key or of a tensor's name */
    VALUE_MIN = 8 + 1 + 4,  /* bytes of a piece of metadata, before its value */
    TENSOR_MIN = 8 + 1 + 4 + 8 + 4 + 8,
    ALIGNMENT = 32, /* of the tensors' bytes, where no general.alignment says otherwise */
    ALIGNMENT_LIMIT = 1 << 20,
};

/* ---- reading within bounds ---- */

struct reader {
    const char *name;
    const uint8_t *data;
    size_t size, at; /* at <= size */
    struct leti_error *err;
};

/* The next n bytes, or NULL and the error. */
static const uint8_t *take(struct reader *r, uint64_t n, const char *what)
{
    if (n > r->size - r->at) {
        leti_error_set(r->err,
                       "%s: %s needs %llu bytes at byte %zu, the file ends at %zu: it is cut short "
                       "or damaged, fetch it again",
                       r->name, what, (unsigned long long)n, r->at, r->size);
        return NULL;
    }
    const uint8_t *bytes = r->data + r->at;
    r->at += (size_t)n;
    return bytes;
}

static bool take_int(struct reader *r, size_t size, const char *what, uint64_t *out)
{
    const uint8_t *bytes = take(r, size, what);
    if (bytes)
        *out = lm_gguf_little_endian(bytes, size);
    return bytes;
}

static bool take_text(struct reader *r, const char *what, struct lm_gguf_text *out)
{
    uint64_t size;
    if (!take_int(r, 8, what, &size))
        return false;
    out->data = (const char *)take(r, size, what);
    out->size = (size_t)size;
    return out->data;
}

/* A copy, the caller's to free. */
static bool take_name(struct reader *r, const char *what, char **out)
{
    struct lm_gguf_text text;
    if (!take_text(r, what, &text))
        return false;
    if (text.size == 0 || text.size > NAME_LIMIT || memchr(text.data, '\0', text.size))
        return leti_error_set(r->err,
                              "%s: %s before byte %zu has %zu bytes, allowed are 1 to %d, none "
                              "of them NUL",
                              r->name, what, r->at, text.size, NAME_LIMIT);
    *out = strndup(text.data, text.size);
    return *out || leti_error_set(r->err, "%s: no memory for its header", r->name);
}

/* A count of things that need at least min bytes each, which bounds what is allocated for them. */
static bool take_count(struct reader *r, size_t min, const char *what, size_t *out)
{
    uint64_t n;
    if (!take_int(r, 8, what, &n))
        return false;
    if (n > (r->size - r->at) / min)
        return leti_error_set(r->err, "%s: %s is %llu, the rest of the file has room for up to %zu",
                              r->name, what, (unsigned long long)n, (r->size - r->at) / min);
    *out = (size_t)n;
    return true;
}

/* ---- metadata ---- */

static bool take_type(struct reader *r, const char *key, enum lm_gguf_value *out)
{
    uint64_t type;
    if (!take_int(r, 4, key, &type))
        return false;
    if (type >= N_VALUES)
        return leti_error_set(r->err, "%s: %.200s: type is %llu, allowed is 0 to %d", r->name, key,
                              (unsigned long long)type, N_VALUES - 1);
    *out = (enum lm_gguf_value)type;
    return true;
}

static bool take_strings(struct reader *r, const char *key, struct lm_gguf_array *value)
{
    value->strings = malloc((value->n + 1) * sizeof *value->strings);
    if (!value->strings)
        return leti_error_set(r->err, "%s: no memory for its header", r->name);
    struct lm_gguf_text text;
    for (size_t i = 0; i < value->n; i++) {
        value->strings[i] = r->data + r->at;
        if (!take_text(r, key, &text))
            return false;
    }
    return true;
}

/* value->n elements of value->type; whatever a bool's byte is not 0 or 1 is no bool. */
static bool take_elements(struct reader *r, const char *key, struct lm_gguf_array *value)
{
    if (value->type == STRING)
        return take_strings(r, key, value);
    value->data = take(r, value->n * lm_gguf_value_types[value->type].size, key);
    for (size_t i = 0; value->data && value->type == BOOL && i < value->n; i++) {
        if (value->data[i] > 1)
            return leti_error_set(r->err, "%s: %.200s: a bool is %d, allowed are 0 and 1", r->name,
                                  key, value->data[i]);
    }
    return value->data;
}

static bool take_array(struct reader *r, const char *key, struct lm_gguf_array *value)
{
    if (!take_type(r, key, &value->type))
        return false;
    if (value->type == ARRAY)
        return leti_error_set(r->err, "%s: %.200s: an array of arrays is not read", r->name, key);
    size_t size = lm_gguf_value_types[value->type].size;
    return take_count(r, size ? size : 8, key, &value->n) && take_elements(r, key, value);
}

static bool take_entry(struct reader *r, struct lm_gguf_entry *e)
{
    if (!take_name(r, "a metadata key", &e->key) || !take_type(r, e->key, &e->value.type))
        return false;
    e->is_array = e->value.type == ARRAY;
    if (e->is_array)
        return take_array(r, e->key, &e->value);
    e->value.n = 1;
    return take_elements(r, e->key, &e->value);
}

static int by_key(const void *a, const void *b)
{
    const struct lm_gguf_entry *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static bool take_metadata(struct reader *r, struct lm_gguf *file, size_t n)
{
    file->entries = calloc(n + 1, sizeof *file->entries);
    if (!file->entries)
        return leti_error_set(r->err, "%s: no memory for its header", r->name);
    for (size_t i = 0; i < n; i++) {
        file->n_entries = i + 1; /* one that is half read has to be freed too */
        if (!take_entry(r, &file->entries[i]))
            return false;
    }
    qsort(file->entries, n, sizeof *file->entries, by_key);
    for (size_t i = 1; i < n; i++) {
        if (by_key(&file->entries[i - 1], &file->entries[i]) == 0)
            return leti_error_set(r->err, "%s: %.200s: is there twice", r->name,
                                  file->entries[i].key);
    }
    return true;
}

/* ---- tensors ---- */

/* Fills n_dims, dims, rows, cols and n. */
static bool take_shape(struct reader *r, struct lm_gguf_tensor *t)
{
    uint64_t n_dims, dim;
    if (!take_int(r, 4, t->name, &n_dims))
        return false;
    if (n_dims < 1 || n_dims > 4)
        return leti_error_set(r->err, "%s: %.200s: has %llu dimensions, allowed are 1 to 4",
                              r->name, t->name, (unsigned long long)n_dims);
    t->n_dims = (size_t)n_dims;
    t->n = 1;
    for (size_t i = t->n_dims; i-- > 0;) {
        if (!take_int(r, 8, t->name, &dim))
            return false;
        if (dim == 0 || __builtin_mul_overflow(t->n, dim, &t->n) || t->n > PTRDIFF_MAX / 8)
            return leti_error_set(r->err, "%s: %.200s: a dimension is %llu: %s elements", r->name,
                                  t->name, (unsigned long long)dim, dim ? "too many" : "no");
        t->dims[i] = (int64_t)dim;
    }
    t->cols = t->dims[t->n_dims - 1];
    t->rows = (int64_t)t->n / t->cols;
    return true;
}

static bool take_tensor_type(struct reader *r, struct lm_gguf_tensor *t)
{
    uint64_t number;
    if (!take_int(r, 4, t->name, &number))
        return false;
    const struct lm_gguf_block *block = lm_gguf_block(number);
    if (!block || !block->to_f32) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        return leti_error_set(r->err,
                              "%s: %.200s: type is %s, allowed are F32, F16, BF16, Q8_0, Q4_0, "
                              "Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K: take a file of those",
                              r->name, t->name, block ? block->name : text);
    }
    t->type = (enum lm_gguf_type)number;
    if (t->cols % block->elements != 0)
        return leti_error_set(r->err,
                              "%s: %.200s: rows of %lld are no multiple of %s's blocks of %d",
                              r->name, t->name, (long long)t->cols, block->name, block->elements);
    t->size_bytes = t->n / (size_t)block->elements * (size_t)block->bytes;
    return true;
}

/* The offset stands in for the address until it is known where the tensors' bytes begin. */
static bool take_tensor(struct reader *r, struct lm_gguf_tensor *t, uint64_t *offset)
{
    char *name;
    if (!take_name(r, "a tensor's name", &name))
        return false;
    t->name = name;
    return take_shape(r, t) && take_tensor_type(r, t) && take_int(r, 8, t->name, offset);
}

static bool find_alignment(const struct lm_gguf *file, int64_t *out, struct leti_error *err)
{
    int64_t value = ALIGNMENT;
    if (lm_gguf_has(file, "general.alignment") &&
        !lm_gguf_get_int(file, "general.alignment", &value, err))
        return false;
    if (value < 1 || value > ALIGNMENT_LIMIT || (value & (value - 1)) != 0)
        return leti_error_set(err,
                              "%s: general.alignment is %lld, allowed is a power of two up to %d",
                              file->name, (long long)value, ALIGNMENT_LIMIT);
    *out = value;
    return true;
}

/* Turns offsets into addresses; r is at the end of the header. */
static bool place_tensors(struct reader *r, struct lm_gguf *file, const uint64_t *offsets)
{
    int64_t alignment = ALIGNMENT;
    if (!find_alignment(file, &alignment, r->err))
        return false;
    size_t step = (size_t)alignment, padding = (step - r->at % step) % step;
    if (file->n_tensors > 0 && !take(r, padding, "padding before the tensors"))
        return false;
    const uint8_t *data = r->data + r->at;
    size_t size = r->size - r->at;
    for (size_t i = 0; i < file->n_tensors; i++) {
        struct lm_gguf_tensor *t = &file->tensors[i];
        if (offsets[i] % step != 0)
            return leti_error_set(r->err, "%s: %.200s: offset is %llu, no multiple of %zu", r->name,
                                  t->name, (unsigned long long)offsets[i], step);
        if (offsets[i] > size || t->size_bytes > size - offsets[i])
            return leti_error_set(r->err,
                                  "%s: %.200s: needs %zu bytes at byte %llu of %zu bytes of "
                                  "tensors: the file is cut short or damaged, fetch it again",
                                  r->name, t->name, t->size_bytes, (unsigned long long)offsets[i],
                                  size);
        t->data = data + offsets[i];
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct lm_gguf_tensor *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->data, q = (uintptr_t)y->data;
    return (p > q) - (p < q);
}

static int by_name(const void *a, const void *b)
{
    const struct lm_gguf_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* No byte belongs to two tensors: all of them together are no larger than the file. */
static bool check_tensors(const struct reader *r, struct lm_gguf *file)
{
    struct lm_gguf_tensor *t = file->tensors;
    size_t n = file->n_tensors;
    qsort(t, n, sizeof *t, by_place);
    for (size_t i = 1; i < n; i++) {
        if ((const uint8_t *)t[i - 1].data + t[i - 1].size_bytes > (const uint8_t *)t[i].data)
            return leti_error_set(r->err, "%s: %.200s: lies where %.200s does", r->name, t[i].name,
                                  t[i - 1].name);
    }
    qsort(t, n, sizeof *t, by_name);
    for (size_t i = 1; i < n; i++) {
        if (by_name(&t[i - 1], &t[i]) == 0)
            return leti_error_set(r->err, "%s: %.200s: is there twice", r->name, t[i].name);
    }
    return true;
}

static bool take_tensors(struct reader *r, struct lm_gguf *file, size_t n)
{
    uint64_t *offsets = calloc(n + 1, sizeof *offsets);
    file->tensors = calloc(n + 1, sizeof *file->tensors);
    bool ok = offsets && file->tensors;
    if (!ok)
        leti_error_set(r->err, "%s: no memory for its header", r->name);
    for (size_t i = 0; ok && i < n; i++) {
        file->n_tensors = i + 1;
        ok = take_tensor(r, &file->tensors[i], &offsets[i]);
    }
    ok = ok && place_tensors(r, file, offsets) && check_tensors(r, file);
    free(offsets);
    return ok;
}

/* ---- the file ---- */

static bool take_version(struct reader *r)
{
    const uint8_t *magic = take(r, 4, "its beginning");
    uint64_t version;
    if (!magic)
        return false;
    if (memcmp(magic, "GGUF", 4) != 0)
        return leti_error_set(r->err, "%s: not a GGUF file, which begins with the letters GGUF",
                              r->name);
    if (!take_int(r, 4, "its version", &version))
        return false;
    if (version == 2 || version == 3)
        return true;
    if (version == __builtin_bswap32(2) || version == __builtin_bswap32(3))
        return leti_error_set(r->err, "%s: big-endian, take the little-endian file", r->name);
    return leti_error_set(r->err, "%s: version is %llu, allowed are 2 and 3", r->name,
                          (unsigned long long)version);
}

bool lm_gguf_parse(const char *name, const void *data, size_t size, struct lm_gguf **out,
                   struct leti_error *err)
{
    struct reader r = { .name = name, .data = data, .size = size, .err = err };
    size_t n_tensors, n_entries;
    if (!take_version(&r) || !take_count(&r, TENSOR_MIN, "the number of tensors", &n_tensors) ||
        !take_count(&r, VALUE_MIN, "the number of metadata keys", &n_entries))
        return false;
    struct lm_gguf *file = calloc(1, sizeof *file);
    if (!file || !(file->name = strdup(name))) {
        free(file);
        return leti_error_set(err, "%s: no memory", name);
    }
    if (!take_metadata(&r, file, n_entries) || !take_tensors(&r, file, n_tensors)) {
        lm_gguf_close(file);
        return false;
    }
    *out = file;
    return true;
}

bool lm_gguf_open(const char *path, struct lm_gguf **out, struct leti_error *err)
{
    void *map = NULL;
    size_t size = 0;
    if (!lm_file_map(path, "GGUF", HEADER, &map, &size, err))
        return false;
    struct lm_gguf *file;
    if (!lm_gguf_parse(path, map, size, &file, err)) {
        munmap(map, size);
        return false;
    }
    file->map = map;
    file->map_size = size;
    *out = file;
    return true;
}

void lm_gguf_close(struct lm_gguf *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n_entries; i++) {
        free(file->entries[i].value.strings);
        free(file->entries[i].key);
    }
    for (size_t i = 0; i < file->n_tensors; i++)
        free((char *)file->tensors[i].name);
    free(file->entries);
    free(file->tensors);
    free(file->name);
    if (file->map)
        munmap(file->map, file->map_size);
    free(file);
}

const char *lm_gguf_name(const struct lm_gguf *file)
{
    return file->name;
}

size_t lm_gguf_count(const struct lm_gguf *file)
{
    return file->n_tensors;
}

const struct lm_gguf_tensor *lm_gguf_at(const struct lm_gguf *file, size_t i)
{
    return &file->tensors[i];
}

const struct lm_gguf_tensor *lm_gguf_find(const struct lm_gguf *file, const char *name)
{
    const struct lm_gguf_tensor key = { .name = name };
    return bsearch(&key, file->tensors, file->n_tensors, sizeof *file->tensors, by_name);
}
