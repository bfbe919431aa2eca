/* gguf_values.c - the metadata of a GGUF file by key and type.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "gguf/gguf_parts.h"

const struct lm_gguf_value_type lm_gguf_value_types[N_VALUES] = {
    [U8] = { "uint8", 1 },    [I8] = { "int8", 1 },    [U16] = { "uint16", 2 },
    [I16] = { "int16", 2 },   [U32] = { "uint32", 4 }, [I32] = { "int32", 4 },
    [F32] = { "float32", 4 }, [BOOL] = { "bool", 1 },  [STRING] = { "string", 0 },
    [ARRAY] = { "array", 0 }, [U64] = { "uint64", 8 }, [I64] = { "int64", 8 },
    [F64] = { "float64", 8 },
};

/* What a caller asks for. */
struct wanted {
    const char *name;
    bool is_array;
    unsigned types; /* a bit each */
};

enum {
    INTS =
        1u << U8 | 1u << I8 | 1u << U16 | 1u << I16 | 1u << U32 | 1u << I32 | 1u << U64 | 1u << I64,
    REALS = 1u << F32 | 1u << F64 | INTS,
};

static int by_key(const void *a, const void *b)
{
    const struct lm_gguf_entry *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static const struct lm_gguf_entry *find(const struct lm_gguf *file, const char *key)
{
    const struct lm_gguf_entry wanted = { .key = (char *)key };
    return bsearch(&wanted, file->entries, file->n_entries, sizeof *file->entries, by_key);
}

static bool get(const struct lm_gguf *file, const char *key, const struct wanted *wanted,
                const struct lm_gguf_array **out, struct leti_error *err)
{
    const struct lm_gguf_entry *e = find(file, key);
    if (!e)
        return leti_error_set(err, "%s: metadata key %s is missing, allowed is %s", file->name, key,
                              wanted->name);
    if (e->is_array != wanted->is_array || !(wanted->types >> e->value.type & 1))
        return leti_error_set(err, "%s: metadata key %s is %s%s, allowed is %s", file->name, key,
                              e->is_array ? "an array of " : "",
                              lm_gguf_value_types[e->value.type].name, wanted->name);
    *out = &e->value;
    return true;
}

bool lm_gguf_has(const struct lm_gguf *file, const char *key)
{
    return find(file, key);
}

/* ---- elements ---- */

size_t lm_gguf_array_count(const struct lm_gguf_array *array)
{
    return array->n;
}

struct lm_gguf_text lm_gguf_array_string(const struct lm_gguf_array *array, size_t i)
{
    const uint8_t *at = array->strings[i];
    return (struct lm_gguf_text){ (const char *)at + 8, (size_t)lm_gguf_little_endian(at, 8) };
}

int64_t lm_gguf_array_int(const struct lm_gguf_array *array, size_t i)
{
    size_t size = lm_gguf_value_types[array->type].size;
    uint64_t value = lm_gguf_little_endian(array->data + i * size, size);
    switch (array->type) {
    case I8:
        return (int8_t)value;
    case I16:
        return (int16_t)value;
    case I32:
        return (int32_t)value;
    case U64:
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    default:
        return (int64_t)value;
    }
}

double lm_gguf_array_real(const struct lm_gguf_array *array, size_t i)
{
    if (array->type == F32) {
        float value;
        memcpy(&value, array->data + i * sizeof value, sizeof value);
        return (double)value;
    }
    if (array->type == F64) {
        double value;
        memcpy(&value, array->data + i * sizeof value, sizeof value);
        return value;
    }
    return (double)lm_gguf_array_int(array, i);
}

bool lm_gguf_array_bool(const struct lm_gguf_array *array, size_t i)
{
    return array->data[i];
}

/* ---- one value ---- */

bool lm_gguf_get_string(const struct lm_gguf *file, const char *key, struct lm_gguf_text *out,
                        struct leti_error *err)
{
    const struct lm_gguf_array *value;
    if (!get(file, key, &(struct wanted){ "a string", false, 1u << STRING }, &value, err))
        return false;
    *out = lm_gguf_array_string(value, 0);
    return true;
}

bool lm_gguf_get_int(const struct lm_gguf *file, const char *key, int64_t *out,
                     struct leti_error *err)
{
    const struct lm_gguf_array *value;
    if (!get(file, key, &(struct wanted){ "an integer", false, INTS }, &value, err))
        return false;
    *out = lm_gguf_array_int(value, 0);
    return true;
}

bool lm_gguf_get_real(const struct lm_gguf *file, const char *key, double *out,
                      struct leti_error *err)
{
    const struct lm_gguf_array *value;
    if (!get(file, key, &(struct wanted){ "a number", false, REALS }, &value, err))
        return false;
    *out = lm_gguf_array_real(value, 0);
    return true;
}

bool lm_gguf_get_bool(const struct lm_gguf *file, const char *key, bool *out,
                      struct leti_error *err)
{
    const struct lm_gguf_array *value;
    if (!get(file, key, &(struct wanted){ "a bool", false, 1u << BOOL }, &value, err))
        return false;
    *out = lm_gguf_array_bool(value, 0);
    return true;
}

/* ---- arrays ---- */

bool lm_gguf_get_strings(const struct lm_gguf *file, const char *key,
                         const struct lm_gguf_array **out, struct leti_error *err)
{
    return get(file, key, &(struct wanted){ "an array of strings", true, 1u << STRING }, out, err);
}

bool lm_gguf_get_ints(const struct lm_gguf *file, const char *key, const struct lm_gguf_array **out,
                      struct leti_error *err)
{
    return get(file, key, &(struct wanted){ "an array of integers", true, INTS }, out, err);
}

bool lm_gguf_get_reals(const struct lm_gguf *file, const char *key,
                       const struct lm_gguf_array **out, struct leti_error *err)
{
    return get(file, key, &(struct wanted){ "an array of numbers", true, REALS }, out, err);
}

bool lm_gguf_get_bools(const struct lm_gguf *file, const char *key,
                       const struct lm_gguf_array **out, struct leti_error *err)
{
    return get(file, key, &(struct wanted){ "an array of bools", true, 1u << BOOL }, out, err);
}
