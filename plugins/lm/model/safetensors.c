/* safetensors.c - the safetensors format, read through a map and written in one pass.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "model/files.h"

enum {
    PREFIX = 8,                 /* bytes of the header's size */
    HEADER_LIMIT = 100u << 20,  /* bytes of the header itself */
    CONVERT_ELEMENTS = 1 << 16, /* of the writer, at a time */
};

struct lm_safetensors {
    json_t *header; /* owns the names */
    struct lm_tensor_view *views;
    size_t n;
    void *map; /* NULL where the memory is the caller's */
    size_t map_size;
};

/* Where a header's fields and a file's tensor bytes are, while they are checked. */
struct parse {
    const char *name;
    const uint8_t *data; /* tensor bytes */
    size_t size;
    struct leti_error *err;
};

static const struct {
    const char *name;
    size_t size;
} dtypes[] = { [LM_F32] = { "F32", 4 }, [LM_F16] = { "F16", 2 }, [LM_BF16] = { "BF16", 2 } };

static bool parse_dtype(const struct parse *p, const char *tensor, const json_t *value,
                        enum lm_dtype *out)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(text, dtypes[i].name) == 0) {
            *out = (enum lm_dtype)i;
            return true;
        }
    }
    return leti_error_set(p->err, "%s: %.200s: dtype is %.40s, allowed are F32, F16 and BF16",
                          p->name, tensor, text ? text : "not a string");
}

/* Fills dims, n_dims and n. */
static bool parse_shape(const struct parse *p, const json_t *shape, struct lm_tensor_view *view)
{
    if (!json_is_array(shape) || json_array_size(shape) > 4)
        return leti_error_set(p->err, "%s: %.200s: shape is no array of up to 4 sizes", p->name,
                              view->name);
    view->n_dims = json_array_size(shape);
    view->n = 1;
    for (size_t i = 0; i < view->n_dims; i++) {
        const json_t *dim = json_array_get(shape, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return leti_error_set(p->err, "%s: %.200s: shape[%zu] is no integer of 0 or more",
                                  p->name, view->name, i);
        view->dims[i] = json_integer_value(dim);
        if (__builtin_mul_overflow(view->n, (size_t)view->dims[i], &view->n) ||
            view->n > SIZE_MAX / sizeof(float))
            return leti_error_set(p->err, "%s: %.200s: shape[%zu] is %lld: too many elements",
                                  p->name, view->name, i, (long long)view->dims[i]);
    }
    return true;
}

static bool parse_offsets(const struct parse *p, const json_t *offsets, struct lm_tensor_view *view)
{
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return leti_error_set(p->err, "%s: %.200s: data_offsets is no pair of integers", p->name,
                              view->name);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > p->size)
        return leti_error_set(p->err,
                              "%s: %.200s: data_offsets are [%lld, %lld], allowed is within "
                              "[0, %zu]",
                              p->name, view->name, (long long)begin, (long long)end, p->size);
    size_t size = view->n * dtypes[view->dtype].size;
    if ((size_t)(end - begin) != size)
        return leti_error_set(p->err,
                              "%s: %.200s: data_offsets span %lld bytes, its shape and dtype "
                              "need %zu",
                              p->name, view->name, (long long)(end - begin), size);
    view->data = p->data + begin;
    return true;
}

static bool parse_tensor(const struct parse *p, const char *name, const json_t *entry,
                         struct lm_tensor_view *view)
{
    if (!json_is_object(entry))
        return leti_error_set(p->err, "%s: %.200s: not a JSON object", p->name, name);
    view->name = name;
    return parse_dtype(p, name, json_object_get(entry, "dtype"), &view->dtype) &&
           parse_shape(p, json_object_get(entry, "shape"), view) &&
           parse_offsets(p, json_object_get(entry, "data_offsets"), view);
}

static int by_place(const void *a, const void *b)
{
    const struct lm_tensor_view *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->data, q = (uintptr_t)y->data;
    if (p != q)
        return p < q ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n); /* empty ones before the one that starts there */
}

static int by_name(const void *a, const void *b)
{
    const struct lm_tensor_view *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The tensors must cover the file's bytes without overlap and without holes. */
static bool check_tiling(const struct parse *p, struct lm_tensor_view *views, size_t n)
{
    qsort(views, n, sizeof *views, by_place);
    const uint8_t *end = p->data;
    for (size_t i = 0; i < n; i++) {
        if (views[i].data != end)
            return leti_error_set(p->err,
                                  "%s: %.200s: starts at byte %td of the data, the tensor before "
                                  "it ends at %td",
                                  p->name, views[i].name, (const uint8_t *)views[i].data - p->data,
                                  end - p->data);
        end += views[i].n * dtypes[views[i].dtype].size;
    }
    if (end != p->data + p->size)
        return leti_error_set(p->err, "%s: tensors end at byte %td of %zu bytes of data", p->name,
                              end - p->data, p->size);
    return true;
}

static bool parse_tensors(const struct parse *p, struct lm_safetensors *file)
{
    if (!json_is_object(file->header))
        return leti_error_set(p->err, "%s: header is not a JSON object", p->name);
    file->views = calloc(json_object_size(file->header) + 1, sizeof *file->views);
    if (!file->views)
        return leti_error_set(p->err, "%s: no memory for its header", p->name);
    const char *name;
    json_t *entry;
    json_object_foreach(file->header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        if (!parse_tensor(p, name, entry, &file->views[file->n]))
            return false;
        file->n++;
    }
    if (!check_tiling(p, file->views, file->n))
        return false;
    qsort(file->views, file->n, sizeof *file->views, by_name);
    return true;
}

static uint64_t little_endian(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = PREFIX - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

bool lm_safetensors_parse(const char *name, const void *data, size_t size,
                          struct lm_safetensors **out, struct leti_error *err)
{
    const uint8_t *bytes = data;
    if (size < PREFIX)
        return leti_error_set(err, "%s: %zu bytes, a safetensors file has at least %d", name, size,
                              PREFIX);
    uint64_t header_size = little_endian(bytes);
    if (header_size > HEADER_LIMIT || header_size > size - PREFIX)
        return leti_error_set(err, "%s: header size is %llu, allowed is up to %zu", name,
                              (unsigned long long)header_size,
                              size - PREFIX < HEADER_LIMIT ? size - PREFIX : HEADER_LIMIT);

    struct lm_safetensors *file = calloc(1, sizeof *file);
    if (!file)
        return leti_error_set(err, "%s: no memory", name);
    const struct parse p = { name, bytes + PREFIX + header_size, size - PREFIX - header_size, err };
    if (!lm_json_parse(name, (const char *)bytes + PREFIX, header_size, &file->header, err) ||
        !parse_tensors(&p, file)) {
        lm_safetensors_close(file);
        return false;
    }
    *out = file;
    return true;
}

bool lm_safetensors_open(const char *path, struct lm_safetensors **out, struct leti_error *err)
{
    void *map = NULL;
    size_t size = 0;
    if (!lm_file_map(path, "safetensors", PREFIX, &map, &size, err))
        return false;
    struct lm_safetensors *file;
    if (!lm_safetensors_parse(path, map, size, &file, err)) {
        munmap(map, size);
        return false;
    }
    file->map = map;
    file->map_size = size;
    *out = file;
    return true;
}

void lm_safetensors_close(struct lm_safetensors *file)
{
    if (!file)
        return;
    if (file->map)
        munmap(file->map, file->map_size);
    json_decref(file->header);
    free(file->views);
    free(file);
}

size_t lm_safetensors_count(const struct lm_safetensors *file)
{
    return file->n;
}

const struct lm_tensor_view *lm_safetensors_at(const struct lm_safetensors *file, size_t i)
{
    return &file->views[i];
}

const struct lm_tensor_view *lm_safetensors_find(const struct lm_safetensors *file,
                                                 const char *name)
{
    const struct lm_tensor_view key = { .name = name };
    return bsearch(&key, file->views, file->n, sizeof *file->views, by_name);
}

/* ---- conversion ---- */

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
    if (exponent == 0x1f) /* infinity, NaN */
        return float_of_bits(sign | 0x7f800000 | mantissa << 13);
    if (exponent == 0) { /* zero, subnormal: mantissa units of 2^-24 */
        float value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

void lm_tensor_to_f32(const struct lm_tensor_view *view, float *out)
{
    const uint8_t *bytes = view->data; /* of any alignment */
    if (view->dtype == LM_F32) {
        if (view->n > 0)
            memcpy(out, bytes, view->n * sizeof(float));
        return;
    }
    for (size_t i = 0; i < view->n; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        out[i] = view->dtype == LM_BF16 ? float_of_bits((uint32_t)half << 16) : float_of_f16(half);
    }
}

static uint16_t bf16_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        return (uint16_t)(bits >> 16 | 0x40); /* quiet: rounding could turn it into infinity */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* ---- writing ---- */

static size_t elements_of(const struct lm_tensor_source *t)
{
    size_t n = 1;
    for (size_t i = 0; i < t->n_dims; i++)
        n *= (size_t)t->dims[i];
    return n;
}

static json_t *header_of(const struct lm_tensor_source *tensors, size_t n, enum lm_dtype dtype)
{
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    size_t begin = 0;
    for (size_t i = 0; header && i < n; i++) {
        json_t *shape = json_array();
        for (size_t d = 0; d < tensors[i].n_dims; d++)
            json_array_append_new(shape, json_integer(tensors[i].dims[d]));
        size_t end = begin + elements_of(&tensors[i]) * dtypes[dtype].size;
        json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtypes[dtype].name, "shape",
                                  shape, "data_offsets", (json_int_t)begin, (json_int_t)end);
        if (json_object_set_new(header, tensors[i].name, entry) != 0) {
            json_decref(header);
            return NULL;
        }
        begin = end;
    }
    return header;
}

/* The header's text, padded with spaces so that the data after it is aligned to 64 bytes. */
static char *header_text(const json_t *header, size_t *size)
{
    char *text = json_dumps(header, JSON_COMPACT);
    if (!text)
        return NULL;
    size_t length = strlen(text), padded = (length + PREFIX + 63) / 64 * 64 - PREFIX;
    char *out = realloc(text, padded);
    if (!out) {
        free(text);
        return NULL;
    }
    memset(out + length, ' ', padded - length);
    *size = padded;
    return out;
}

static bool put_header(struct lm_writer *w, const struct lm_tensor_source *tensors, size_t n,
                       enum lm_dtype dtype, struct leti_error *err)
{
    json_t *header = header_of(tensors, n, dtype);
    size_t size = 0;
    char *text = header ? header_text(header, &size) : NULL;
    json_decref(header);
    if (!text)
        return leti_error_set(err, "%s: no memory for its header", w->path);
    uint8_t prefix[PREFIX];
    for (int i = 0; i < PREFIX; i++)
        prefix[i] = (uint8_t)(size >> 8 * i);
    bool ok = lm_writer_put(w, prefix, sizeof prefix, err) && lm_writer_put(w, text, size, err);
    free(text);
    return ok;
}

static bool put_bf16(struct lm_writer *w, const float *data, size_t n, uint16_t *scratch,
                     struct leti_error *err)
{
    while (n > 0) {
        size_t part = n < CONVERT_ELEMENTS ? n : CONVERT_ELEMENTS;
        for (size_t i = 0; i < part; i++)
            scratch[i] = bf16_of_float(data[i]);
        if (!lm_writer_put(w, scratch, part * sizeof *scratch, err))
            return false;
        data += part;
        n -= part;
    }
    return true;
}

static bool put_tensors(struct lm_writer *w, const struct lm_tensor_source *tensors, size_t n,
                        enum lm_dtype dtype, struct leti_error *err)
{
    uint16_t *scratch = malloc(CONVERT_ELEMENTS * sizeof *scratch);
    if (!scratch)
        return leti_error_set(err, "%s: no memory", w->path);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        size_t count = elements_of(&tensors[i]);
        ok = dtype == LM_F32 ? lm_writer_put(w, tensors[i].data, count * sizeof(float), err)
                             : put_bf16(w, tensors[i].data, count, scratch, err);
    }
    free(scratch);
    return ok;
}

bool lm_safetensors_write(const char *path, const struct lm_tensor_source *tensors, size_t n,
                          enum lm_dtype dtype, struct leti_error *err)
{
    if (dtype == LM_F16)
        return leti_error_set(err, "%s: f16 is not written, allowed are f32 and bf16", path);
    struct lm_writer w;
    if (!lm_writer_open(&w, path, err))
        return false;
    if (!put_header(&w, tensors, n, dtype, err) || !put_tensors(&w, tensors, n, dtype, err)) {
        lm_writer_abandon(&w);
        return false;
    }
    return lm_writer_commit(&w, err);
}
