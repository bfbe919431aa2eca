/* fields - what a record's fields hold, or what is wrong with them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <stdio.h>
#include <string.h>

enum { FIELD_LIMIT = 16 << 20, ITEM_LIMIT = 4096 };

const char *field_type(const json_t *value)
{
    static const char *const names[] = { "an object", "an array", "a string", "a number",
                                         "a number",  "true",     "false",    "null" };
    return value ? names[json_typeof(value)] : "missing";
}

bool field_string(const json_t *record, const char *name, bool needed, const json_t **out,
                  struct leti_error *err)
{
    const json_t *value = json_object_get(record, name);
    *out = NULL;
    if (!value && !needed)
        return true;
    if (!json_is_string(value))
        return leti_error_set(err, "field \"%s\" must be a string, and is %s", name,
                              field_type(value));
    if (json_string_length(value) > FIELD_LIMIT)
        return leti_error_set(err, "field \"%s\" has %zu bytes, more than %d", name,
                              json_string_length(value), FIELD_LIMIT);
    *out = value;
    return true;
}

bool field_strings(const json_t *record, const char *name, bool needed, const json_t **out,
                   struct leti_error *err)
{
    const json_t *value = json_object_get(record, name);
    *out = NULL;
    if (!value && !needed)
        return true;
    if (!json_is_array(value))
        return leti_error_set(err, "field \"%s\" must be an array of strings, and is %s", name,
                              field_type(value));
    if (json_array_size(value) > ITEM_LIMIT)
        return leti_error_set(err, "field \"%s\" has %zu items, more than %d", name,
                              json_array_size(value), ITEM_LIMIT);
    size_t total = 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return leti_error_set(err, "field \"%s\", item %zu must be a string, and is %s", name,
                                  i + 1, field_type(item));
        total += json_string_length(item);
        if (total > FIELD_LIMIT)
            return leti_error_set(err, "field \"%s\" has more than %d bytes", name, FIELD_LIMIT);
    }
    *out = value;
    return true;
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

bool field_check_names(const json_t *record, const char *const *names, struct leti_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)record, name, value)
    {
        if (is_among(name, names))
            continue;
        char known[256] = "";
        for (size_t i = 0, at = 0; names[i] && at < sizeof known; i++)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", names[i]);
        return leti_error_set(err, "field \"%.64s\" is not one of %s", name, known);
    }
    return true;
}
