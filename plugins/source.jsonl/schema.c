/* schema - one JSON record of a data set to a problem, by the data set's own field names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_LIMIT = 16 << 20, ID_LIMIT = 256, ITEM_LIMIT = 4096, EXTRA_LIMIT = 64 };

static const char *type_name(const json_t *value)
{
    static const char *const names[] = { "an object", "an array", "a string", "a number",
                                         "a number",  "true",     "false",    "null" };
    return value ? names[json_typeof(value)] : "missing";
}

/* A text under construction; its memory is the host's. */
struct builder {
    char *data;
    size_t size;
};

static void add(struct builder *to, const char *text, size_t size)
{
    memcpy(to->data + to->size, text, size);
    to->size += size;
}

/* Adds with CR LF as LF: MBPP's code has both. */
static void add_lines(struct builder *to, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
            to->data[to->size++] = text[i];
}

static void add_string(struct builder *to, const json_t *string)
{
    add_lines(to, json_string_value(string), json_string_length(string));
}

static struct leti_bytes finish(struct builder *from)
{
    from->data[from->size] = '\0';
    return (struct leti_bytes){ from->data, from->size };
}

/* The record's string of this name; NULL with no error where it may be missing and is. */
static bool get_string(const json_t *record, const char *name, bool needed, const json_t **out,
                       struct leti_error *err)
{
    const json_t *value = json_object_get(record, name);
    *out = NULL;
    if (!value && !needed)
        return true;
    if (!json_is_string(value))
        return leti_error_set(err, "field \"%s\" must be a string, and is %s", name,
                              type_name(value));
    if (json_string_length(value) > FIELD_LIMIT)
        return leti_error_set(err, "field \"%s\" has %zu bytes, more than %d", name,
                              json_string_length(value), FIELD_LIMIT);
    *out = value;
    return true;
}

/* The same for an array of strings. */
static bool get_strings(const json_t *record, const char *name, bool needed, const json_t **out,
                        struct leti_error *err)
{
    const json_t *value = json_object_get(record, name);
    *out = NULL;
    if (!value && !needed)
        return true;
    if (!json_is_array(value))
        return leti_error_set(err, "field \"%s\" must be an array of strings, and is %s", name,
                              type_name(value));
    if (json_array_size(value) > ITEM_LIMIT)
        return leti_error_set(err, "field \"%s\" has %zu items, more than %d", name,
                              json_array_size(value), ITEM_LIMIT);
    size_t total = 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return leti_error_set(err, "field \"%s\", item %zu must be a string, and is %s", name,
                                  i + 1, type_name(item));
        total += json_string_length(item);
        if (total > FIELD_LIMIT)
            return leti_error_set(err, "field \"%s\" has more than %d bytes", name, FIELD_LIMIT);
    }
    *out = value;
    return true;
}

static size_t strings_size(const json_t *strings)
{
    size_t size = 0;
    for (size_t i = 0; i < json_array_size(strings); i++)
        size += json_string_length(json_array_get(strings, i)) + 1;
    return size;
}

static struct leti_bytes copy_string(const struct leti_host *host, const char *before,
                                     const json_t *string, const char *after)
{
    size_t size = string ? json_string_length(string) : 0;
    struct builder text = { host->alloc(host, strlen(before) + size + strlen(after) + 1), 0 };
    add(&text, before, strlen(before));
    if (string)
        add_string(&text, string);
    add(&text, after, strlen(after));
    return finish(&text);
}

static bool set_id(const struct leti_host *host, const char *id, struct leti_problem *out,
                   struct leti_error *err)
{
    size_t size = strlen(id);
    if (size == 0 || size > ID_LIMIT)
        return leti_error_set(err, "the id must have 1 to %d bytes, and has %zu", ID_LIMIT, size);
    char *copy = host->alloc(host, size + 1);
    memcpy(copy, id, size + 1);
    out->id = copy;
    return true;
}

/* The number that stands after an id's last slash, "HumanEval/12". */
static bool number_of(const char *id, unsigned long long *out)
{
    const char *slash = strrchr(id, '/');
    const char *digits = slash ? slash + 1 : id;
    char *end = NULL;
    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    *out = strtoull(digits, &end, 10);
    return errno == 0 && *end == '\0';
}

/* task_id is a number, or a text that ends with one. */
static bool set_task_id(const struct leti_host *host, const json_t *record,
                        unsigned long long *number, struct leti_problem *out,
                        struct leti_error *err)
{
    const json_t *id = json_object_get(record, "task_id");
    char digits[32];
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    const char *text = json_is_string(id) ? json_string_value(id) : digits;
    if ((!json_is_integer(id) && !json_is_string(id)) || !number_of(text, number))
        return leti_error_set(err,
                              "field \"task_id\" must be a number, or a string that ends with "
                              "one after a slash, and is %s",
                              json_is_string(id) ? text : type_name(id));
    return set_id(host, text, out, err);
}

/* HumanEval's task_id is a text; its number is that at its end, or else the record's place. */
static bool set_any_id(const struct leti_host *host, const json_t *record,
                       unsigned long long *number, struct leti_problem *out, struct leti_error *err)
{
    const json_t *id = NULL;
    unsigned long long of_id;
    if (json_is_integer(json_object_get(record, "task_id")))
        return set_task_id(host, record, number, out, err);
    if (!get_string(record, "task_id", true, &id, err))
        return false;
    if (number_of(json_string_value(id), &of_id))
        *number = of_id;
    return set_id(host, json_string_value(id), out, err);
}

/* The function that the tests call; and what the data set's prompt ends with, if not a line feed,
 * for completions that were written to follow it. */
static void set_extra(const struct leti_host *host, struct leti_bytes entry, struct leti_bytes end,
                      struct leti_problem *out)
{
    struct leti_pair *pairs = host->alloc(host, 2 * sizeof *pairs);
    pairs[0] = (struct leti_pair){ "entry_point", entry };
    pairs[1] = (struct leti_pair){ "prompt_end", end };
    out->extra = pairs;
    out->n_extra = end.size == 1 && end.data[0] == '\n' ? 1 : 2;
}

/* The prompt is a doc string: the description and the first assert, which tells the name. */
static struct leti_bytes mbpp_prompt(const struct leti_host *host, const json_t *text,
                                     const json_t *assertion)
{
    size_t size = json_string_length(text) + json_string_length(assertion) + 16;
    struct builder prompt = { host->alloc(host, size), 0 };
    add(&prompt, "\"\"\"\n", 4);
    add_string(&prompt, text);
    add(&prompt, "\n", 1);
    add_string(&prompt, assertion);
    add(&prompt, "\n\"\"\"", 4);
    return finish(&prompt);
}

/* What runs after the program: imports, set-up (which may need the program's classes), asserts. */
static struct leti_bytes mbpp_tests(const struct leti_host *host, const json_t *imports,
                                    const json_t *setup, const json_t *asserts)
{
    size_t size = strings_size(imports) + strings_size(asserts) + json_string_length(setup) + 2;
    struct builder tests = { host->alloc(host, size), 0 };
    for (size_t i = 0; i < json_array_size(imports); i++) {
        add_string(&tests, json_array_get(imports, i));
        add(&tests, "\n", 1);
    }
    if (json_string_length(setup)) {
        add_string(&tests, setup);
        add(&tests, "\n", 1);
    }
    for (size_t i = 0; i < json_array_size(asserts); i++) {
        if (i)
            add(&tests, "\n", 1);
        add_string(&tests, json_array_get(asserts, i));
    }
    return finish(&tests);
}

static bool fill_mbpp(const struct leti_host *host, const json_t *record,
                      unsigned long long *number, struct leti_problem *out, struct leti_error *err)
{
    const json_t *text, *code, *setup, *asserts, *imports;
    const char *text_name = json_object_get(record, "text") ? "text" : "prompt";
    if (!set_task_id(host, record, number, out, err) ||
        !get_string(record, text_name, true, &text, err) ||
        !get_string(record, "code", false, &code, err) ||
        !get_string(record, "test_setup_code", false, &setup, err) ||
        !get_strings(record, "test_list", true, &asserts, err) ||
        !get_strings(record, "test_imports", false, &imports, err))
        return false;
    if (!json_array_size(asserts))
        return leti_error_set(err, "field \"test_list\" must hold at least one assert");
    out->prompt = mbpp_prompt(host, text, json_array_get(asserts, 0));
    out->tests = mbpp_tests(host, imports, setup, asserts);
    out->reference = copy_string(host, code ? "\n" : "", code, "");
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct leti_bytes strip(struct leti_bytes text)
{
    while (text.size && is_space(text.data[text.size - 1]))
        text.size--;
    while (text.size && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}

/* The prompt loses the white space around it, a line feed at its end as a rule, and the reference
 * begins with what it loses there. */
static bool fill_humaneval(const struct leti_host *host, const json_t *record,
                           unsigned long long *number, struct leti_problem *out,
                           struct leti_error *err)
{
    const json_t *prompt, *solution, *test, *entry;
    if (!set_any_id(host, record, number, out, err) ||
        !get_string(record, "prompt", true, &prompt, err) ||
        !get_string(record, "canonical_solution", false, &solution, err) ||
        !get_string(record, "test", true, &test, err) ||
        !get_string(record, "entry_point", true, &entry, err))
        return false;
    struct leti_bytes name = copy_string(host, "", entry, "");
    struct leti_bytes call = copy_string(host, "\ncheck(", entry, ")");
    struct leti_bytes whole = copy_string(host, "", prompt, ""), stripped = strip(whole);
    const char *behind = stripped.data + stripped.size;
    struct leti_bytes end = { behind, (size_t)(whole.data + whole.size - behind) };
    char *text = host->alloc(host, stripped.size + 1); /* a NUL stands behind what was stripped */
    memcpy(text, stripped.data, stripped.size);
    text[stripped.size] = '\0';
    out->prompt = (struct leti_bytes){ text, stripped.size };
    out->tests = copy_string(host, "", test, call.data);
    out->reference = copy_string(host, solution ? end.data : "", solution, "");
    set_extra(host, name, end, out);
    return true;
}

static bool add_extra(const struct leti_host *host, const char *key, const json_t *value,
                      struct leti_pair *pairs, size_t *n, struct leti_error *err)
{
    if (!json_is_string(value))
        return leti_error_set(err, "field \"extra\", key \"%s\" must be a string, and is %s", key,
                              type_name(value));
    size_t size = strlen(key);
    char *copy = host->alloc(host, size + 1);
    memcpy(copy, key, size + 1);
    pairs[(*n)++] = (struct leti_pair){ copy, copy_string(host, "", value, "") };
    return true;
}

static bool fill_extra(const struct leti_host *host, const json_t *extra, const json_t *run_prompt,
                       struct leti_problem *out, struct leti_error *err)
{
    const char *key;
    json_t *value;
    size_t n = 0;
    if (extra && !json_is_object(extra))
        return leti_error_set(err, "field \"extra\" must be an object of strings, and is %s",
                              type_name(extra));
    if (json_object_size(extra) > EXTRA_LIMIT)
        return leti_error_set(err, "field \"extra\" has %zu keys, more than %d",
                              json_object_size(extra), EXTRA_LIMIT);
    struct leti_pair *pairs =
        host->alloc(host, (json_object_size(extra) + 1) * sizeof(struct leti_pair));
    json_object_foreach((json_t *)extra, key,
                        value) if (!add_extra(host, key, value, pairs, &n, err)) return false;
    if (run_prompt && !add_extra(host, "run_prompt", run_prompt, pairs, &n, err))
        return false;
    out->extra = pairs;
    out->n_extra = n;
    return true;
}

static bool fill_generic(const struct leti_host *host, const json_t *record,
                         unsigned long long *number, struct leti_problem *out,
                         struct leti_error *err)
{
    const json_t *id, *prompt, *tests, *reference, *run_prompt;
    (void)number;
    if (!get_string(record, "id", true, &id, err) ||
        !get_string(record, "prompt", true, &prompt, err) ||
        !get_string(record, "tests", false, &tests, err) ||
        !get_string(record, "reference", false, &reference, err) ||
        !get_string(record, "run_prompt", false, &run_prompt, err) ||
        !set_id(host, json_string_value(id), out, err))
        return false;
    out->prompt = copy_string(host, "", prompt, "");
    out->tests = copy_string(host, "", tests, "");
    out->reference = copy_string(host, "", reference, "");
    return fill_extra(host, json_object_get(record, "extra"), run_prompt, out, err);
}

const struct schema *schema_find(const char *name)
{
    static const struct schema schemas[] = { { "mbpp", fill_mbpp },
                                             { "humaneval", fill_humaneval },
                                             { "generic", fill_generic } };
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        if (!strcmp(name, schemas[i].name))
            return &schemas[i];
    return NULL;
}
