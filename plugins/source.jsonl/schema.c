/* schema - one JSON record of a data set to a problem, by the data set's own field names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "texts.h"

enum { ID_LIMIT = 256, EXTRA_LIMIT = 64 };

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
                              json_is_string(id) ? text : field_type(id));
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
    if (!field_string(record, "task_id", true, &id, err))
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
    builder_add(&prompt, "\"\"\"\n", 4);
    builder_add_string(&prompt, text);
    builder_add(&prompt, "\n", 1);
    builder_add_string(&prompt, assertion);
    builder_add(&prompt, "\n\"\"\"", 4);
    return builder_finish(&prompt);
}

static size_t strings_size(const json_t *strings)
{
    size_t size = 0;
    for (size_t i = 0; i < json_array_size(strings); i++)
        size += json_string_length(json_array_get(strings, i)) + 1;
    return size;
}

/* What runs after the program: imports, set-up (which may need the program's classes), asserts. */
static struct leti_bytes mbpp_tests(const struct leti_host *host, const json_t *imports,
                                    const json_t *setup, const json_t *asserts)
{
    size_t size = strings_size(imports) + strings_size(asserts) + json_string_length(setup) + 2;
    struct builder tests = { host->alloc(host, size), 0 };
    for (size_t i = 0; i < json_array_size(imports); i++) {
        builder_add_string(&tests, json_array_get(imports, i));
        builder_add(&tests, "\n", 1);
    }
    if (json_string_length(setup)) {
        builder_add_string(&tests, setup);
        builder_add(&tests, "\n", 1);
    }
    for (size_t i = 0; i < json_array_size(asserts); i++) {
        if (i)
            builder_add(&tests, "\n", 1);
        builder_add_string(&tests, json_array_get(asserts, i));
    }
    return builder_finish(&tests);
}

static bool fill_mbpp(const struct leti_host *host, const struct form *form, const json_t *record,
                      unsigned long long *number, struct leti_problem *out, struct leti_error *err)
{
    const json_t *text, *code, *setup, *asserts, *imports, *whole;
    (void)form;
    const char *text_name = json_object_get(record, "text") ? "text" : "prompt";
    if (!set_task_id(host, record, number, out, err) ||
        !field_string(record, text_name, true, &text, err) ||
        !field_string(record, "code", false, &code, err) ||
        !field_string(record, "test_setup_code", false, &setup, err) ||
        !field_strings(record, "test_list", true, &asserts, err) ||
        !field_strings(record, "test_imports", false, &imports, err) ||
        !field_string(record, "test", false, &whole, err))
        return false;
    if (!json_array_size(asserts))
        return leti_error_set(err, "field \"test_list\" must hold at least one assert");
    out->prompt = mbpp_prompt(host, text, json_array_get(asserts, 0));
    out->tests = whole ? text_copy(host, "", whole, "") : mbpp_tests(host, imports, setup, asserts);
    out->reference = text_copy(host, code ? "\n" : "", code, "");
    return true;
}

/* The prompt loses the white space around it, a line feed at its end as a rule, and the reference
 * begins with what it loses there. */
static bool fill_humaneval(const struct leti_host *host, const struct form *form,
                           const json_t *record, unsigned long long *number,
                           struct leti_problem *out, struct leti_error *err)
{
    const json_t *prompt, *solution, *test, *entry;
    (void)form;
    if (!set_any_id(host, record, number, out, err) ||
        !field_string(record, "prompt", true, &prompt, err) ||
        !field_string(record, "canonical_solution", false, &solution, err) ||
        !field_string(record, "test", true, &test, err) ||
        !field_string(record, "entry_point", true, &entry, err))
        return false;
    struct leti_bytes name = text_copy(host, "", entry, "");
    struct leti_bytes call = text_copy(host, "\ncheck(", entry, ")");
    struct leti_bytes whole = text_copy(host, "", prompt, ""), stripped = text_strip(whole);
    const char *behind = stripped.data + stripped.size;
    struct leti_bytes end = { behind, (size_t)(whole.data + whole.size - behind) };
    struct leti_bytes none = { "", 0 };
    out->prompt = text_join(host, none, stripped, none); /* a NUL stands behind what was stripped */
    out->tests = text_copy(host, "", test, call.data);
    out->reference = text_copy(host, solution ? end.data : "", solution, "");
    set_extra(host, name, end, out);
    return true;
}

/* The answer to a question as a text: a string as it is, a number in its digits. */
static bool get_target(const struct leti_host *host, const json_t *record, struct leti_bytes *out,
                       struct leti_error *err)
{
    const json_t *target = json_object_get(record, "target");
    if (!json_is_string(target) && !json_is_number(target))
        return leti_error_set(err, "field \"target\" must be a string or a number, and is %s",
                              field_type(target));
    char digits[64] = "";
    if (json_is_integer(target))
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(target));
    if (json_is_real(target))
        snprintf(digits, sizeof digits, "%.17g", json_real_value(target));
    *out = text_copy(host, digits, json_is_string(target) ? target : NULL, "");
    return true;
}

/* A question is no code, so that nothing of it is executed; its number is the record's place. */
static bool fill_question(const struct leti_host *host, const struct form *form,
                          const json_t *record, unsigned long long *number,
                          struct leti_problem *out, struct leti_error *err)
{
    static const struct leti_bytes none = { "", 0 };
    const json_t *input;
    struct leti_bytes target;
    char digits[32];
    snprintf(digits, sizeof digits, "%llu", *number);
    if (!field_string(record, "input", true, &input, err) ||
        !get_target(host, record, &target, err) ||
        !set_id(host, text_join(host, text_bytes(form->id_prefix), text_bytes(digits), none).data,
                out, err))
        return false;
    struct leti_pair *pairs = host->alloc(host, 2 * sizeof *pairs);
    pairs[0] = (struct leti_pair){ "run_prompt", none };
    pairs[1] = (struct leti_pair){ "prompt_end", none };
    out->prompt = text_copy(host, "", input, "");
    out->tests = text_fill(host, form->tests, target.data);
    out->reference = text_fill(host, form->reference, target.data);
    out->extra = pairs;
    out->n_extra = 2;
    return true;
}

/* Room for pairs, and how many there are. */
struct pairs {
    struct leti_pair *items;
    size_t n;
};

static bool add_extra(const struct leti_host *host, const char *key, const json_t *value,
                      struct pairs *pairs, struct leti_error *err)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (!strcmp(pairs->items[i].key, key))
            return leti_error_set(err, "field \"%s\" is in \"extra\", too", key);
    char *copy = host->alloc(host, strlen(key) + 1);
    strcpy(copy, key);
    pairs->items[pairs->n++] = (struct leti_pair){ copy, text_copy(host, "", value, "") };
    return true;
}

static bool add_object(const struct leti_host *host, const json_t *extra, struct pairs *pairs,
                       struct leti_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)extra, key, value)
    {
        if (!json_is_string(value))
            return leti_error_set(err, "field \"extra\", key \"%s\" must be a string, and is %s",
                                  key, field_type(value));
        if (!add_extra(host, key, value, pairs, err))
            return false;
    }
    return true;
}

/* What is in the object "extra", and those of the known keys that stand beside it. */
static bool fill_extra(const struct leti_host *host, const json_t *record, struct leti_problem *out,
                       struct leti_error *err)
{
    static const char *const names[] = { "entry_point", "setup", "run_prompt" };
    enum { N_NAMES = sizeof names / sizeof *names };
    const json_t *value, *extra = json_object_get(record, "extra");
    if (extra && !json_is_object(extra))
        return leti_error_set(err, "field \"extra\" must be an object of strings, and is %s",
                              field_type(extra));
    size_t size = json_object_size(extra);
    if (size > EXTRA_LIMIT)
        return leti_error_set(err, "field \"extra\" has %zu keys, more than %d", size, EXTRA_LIMIT);
    struct pairs pairs = { host->alloc(host, (size + N_NAMES) * sizeof *pairs.items), 0 };
    if (!add_object(host, extra, &pairs, err))
        return false;
    for (size_t i = 0; i < N_NAMES; i++)
        if (!field_string(record, names[i], false, &value, err) ||
            (value && !add_extra(host, names[i], value, &pairs, err)))
            return false;
    out->extra = pairs.items;
    out->n_extra = pairs.n;
    return true;
}

static bool fill_generic(const struct leti_host *host, const struct form *form,
                         const json_t *record, unsigned long long *number, struct leti_problem *out,
                         struct leti_error *err)
{
    static const char *const names[] = { "id",    "prompt",     "tests", "reference", "entry_point",
                                         "setup", "run_prompt", "extra", NULL };
    const json_t *id, *prompt, *tests, *reference;
    (void)form;
    (void)number;
    if (!field_check_names(record, names, err) || !field_string(record, "id", true, &id, err) ||
        !field_string(record, "prompt", true, &prompt, err) ||
        !field_string(record, "tests", false, &tests, err) ||
        !field_string(record, "reference", false, &reference, err) ||
        !set_id(host, json_string_value(id), out, err))
        return false;
    out->prompt = text_copy(host, "", prompt, "");
    out->tests = text_copy(host, "", tests, "");
    out->reference = text_copy(host, "", reference, "");
    return fill_extra(host, record, out, err);
}

const struct schema *schema_find(const char *name)
{
    static const struct schema schemas[] = { { "mbpp", NULL, fill_mbpp },
                                             { "humaneval", NULL, fill_humaneval },
                                             { "question", "examples", fill_question },
                                             { "generic", NULL, fill_generic } };
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        if (!strcmp(name, schemas[i].name))
            return &schemas[i];
    return NULL;
}
