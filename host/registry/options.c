/* options - what a pipeline sets, checked against a plugin's table and stored in an instance.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "registry/plugin.h"

/* What a value is read for: where it goes, and whom an error names. */
struct reader {
    const struct leti_option *option;
    const char *where, *stage;
    struct option_memory *memory;
    struct leti_error *err;
};

/* ---- memory of texts and lists ---- */

struct option_memory {
    void **blocks;
    size_t n;
};

static void *keep(struct option_memory *memory, size_t size)
{
    void **blocks = realloc(memory->blocks, (memory->n + 1) * sizeof *blocks);
    if (!blocks)
        return NULL;
    memory->blocks = blocks;
    blocks[memory->n] = malloc(size ? size : 1);
    return blocks[memory->n] ? blocks[memory->n++] : NULL;
}

static const char *keep_text(struct option_memory *memory, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = keep(memory, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void options_free(struct option_memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < memory->n; i++)
        free(memory->blocks[i]);
    free(memory->blocks);
    free(memory);
}

/* ---- errors ---- */

/* "where: stage: " as far as they are known. */
static void say_subject(struct text *out, const char *where, const char *stage)
{
    if (where)
        text_printf(out, "%s: ", where);
    if (stage)
        text_printf(out, "%s: ", stage);
}

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *r, const char *format,
                                                         ...)
{
    struct text message = { 0 };
    say_subject(&message, r->where, r->stage);
    text_printf(&message, "option \"%s\" ", r->option->name);
    va_list args;
    va_start(args, format);
    text_vprintf(&message, format, args);
    va_end(args);
    leti_error_set(r->err, "%s", text_string(&message));
    text_free(&message);
    return false;
}

static bool refuse_range(const struct reader *r, const char *value)
{
    const struct leti_option *o = r->option;
    const char *unit = o->type == LETI_LIST ? "items" : "";
    if (o->min == o->max)
        return refuse(r, "must be %.15g%s%s, not %s", o->min, *unit ? " " : "", unit, value);
    return refuse(r, "must be from %.15g to %.15g%s%s, not %s", o->min, o->max, *unit ? " " : "",
                  unit, value);
}

/* ---- values ---- */

static void *field(const struct reader *r, void *instance)
{
    return (char *)instance + r->option->offset;
}

static bool read_bool(const struct reader *r, const char *value, bool *out)
{
    if (strcmp(value, "true") && strcmp(value, "false"))
        return refuse(r, "must be true or false, not \"%s\"", value);
    *out = !strcmp(value, "true");
    return true;
}

static bool read_int(const struct reader *r, const char *value, int64_t *out)
{
    char *end;
    errno = 0;
    intmax_t number = strtoimax(value, &end, 10);
    if (!*value || value[strspn(value, "+-0123456789")] || *end)
        return refuse(r, "must be a whole number, not \"%s\"", value);
    if (errno || (double)number < r->option->min || (double)number > r->option->max)
        return refuse_range(r, value);
    *out = number;
    return true;
}

static bool read_real(const struct reader *r, const char *value, double *out)
{
    char *end;
    double number = strtod(value, &end);
    if (!*value || value[strspn(value, "+-.0123456789eE")] || *end)
        return refuse(r, "must be a number, not \"%s\"", value);
    if (!(number >= r->option->min && number <= r->option->max))
        return refuse_range(r, value);
    *out = number;
    return true;
}

static bool has_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);
    for (const char *p = choices;; p++) {
        size_t length = strcspn(p, "|");
        if (length == size && !memcmp(p, value, size))
            return true;
        p += length;
        if (!*p)
            return false;
    }
}

static bool read_text(const struct reader *r, const char *value, const char **out)
{
    if (r->option->choices && !has_choice(r->option->choices, value))
        return refuse(r, "must be one of %s, not \"%s\"", r->option->choices, value);
    *out = keep_text(r->memory, value);
    return *out || refuse(r, "found no memory");
}

static bool read_list(const struct reader *r, const char *const *values, size_t n,
                      struct leti_list *out)
{
    char count[32];
    snprintf(count, sizeof count, "%zu", n);
    if ((double)n < r->option->min || (double)n > r->option->max)
        return refuse_range(r, count);
    const char **items = keep(r->memory, (n + 1) * sizeof *items);
    if (!items)
        return refuse(r, "found no memory");
    for (size_t i = 0; i < n; i++)
        if (!read_text(r, values[i], &items[i]))
            return false;
    items[n] = NULL;
    *out = (struct leti_list){ .items = items, .n = n };
    return true;
}

static bool read_values(const struct reader *r, const char *const *values, size_t n, bool is_list,
                        void *instance)
{
    if (r->option->type == LETI_LIST)
        return read_list(r, values, n, field(r, instance));
    if (is_list || n != 1)
        return refuse(r, "takes one value, not a list");
    switch (r->option->type) {
    case LETI_BOOL:
        return read_bool(r, values[0], field(r, instance));
    case LETI_INT:
        return read_int(r, values[0], field(r, instance));
    case LETI_REAL:
        return read_real(r, values[0], field(r, instance));
    default:
        return read_text(r, values[0], field(r, instance));
    }
}

/* The default; a list's items stand one a line. */
static bool read_initial(const struct reader *r, void *instance)
{
    const char *initial = r->option->initial;
    if (r->option->type != LETI_LIST)
        return read_values(r, &initial, 1, false, instance);

    size_t n = 0;
    const char **items = calloc(strlen(initial) + 1, sizeof *items);
    char *copy = strdup(initial);
    bool ok = (items && copy) || refuse(r, "found no memory");
    char *rest = copy;
    for (char *line; ok && *initial && (line = strsep(&rest, "\n"));)
        items[n++] = line;
    ok = ok && read_list(r, items, n, field(r, instance));
    free(items);
    free(copy);
    return ok;
}

/* ---- tables ---- */

size_t option_count(const struct leti_option *table)
{
    size_t n = 0;
    while (table && table[n].name)
        n++;
    return n;
}

const struct leti_option *option_find(const struct leti_option *table, const char *name)
{
    for (size_t i = 0; i < option_count(table); i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}

const char *option_type_name(enum leti_type type)
{
    static const char *const names[] = { "bool", "int", "real", "text", "list" };
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

static bool is_known_type(enum leti_type type)
{
    return (unsigned)type <= LETI_LIST;
}

static size_t field_size(enum leti_type type)
{
    static const size_t sizes[] = { sizeof(bool), sizeof(int64_t), sizeof(double),
                                    sizeof(const char *), sizeof(struct leti_list) };
    return sizes[type];
}

static size_t field_alignment(enum leti_type type)
{
    static const size_t alignments[] = { _Alignof(bool), _Alignof(int64_t), _Alignof(double),
                                         _Alignof(const char *), _Alignof(struct leti_list) };
    return alignments[type];
}

static bool is_name(const char *name)
{
    const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return *name && strchr(letters, *name) &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")];
}

static bool overlaps(const struct leti_option *a, const struct leti_option *b)
{
    return a->offset < b->offset + field_size(b->type) &&
           b->offset < a->offset + field_size(a->type);
}

/* The shape of entry i, so that defaults can be read into it afterwards. */
static bool check_entry(const struct leti_option *table, size_t i, size_t instance_size,
                        struct leti_error *err)
{
    const struct leti_option *o = &table[i];
    if (!is_name(o->name))
        return leti_error_set(err, "\"%s\" is no name for an option", o->name);
    if (!is_known_type(o->type))
        return leti_error_set(err, "option \"%s\" has the unknown type %d", o->name, (int)o->type);
    if (o->offset > instance_size || field_size(o->type) > instance_size - o->offset)
        return leti_error_set(err, "option \"%s\" lies outside of the instance (%zu bytes)",
                              o->name, instance_size);
    if (o->offset % field_alignment(o->type))
        return leti_error_set(err, "option \"%s\" is not aligned", o->name);
    if (!o->help)
        return leti_error_set(err, "option \"%s\" has no help", o->name);
    if (!(o->min <= o->max))
        return leti_error_set(err, "option \"%s\" has the empty range %g to %g", o->name, o->min,
                              o->max);
    for (size_t k = 0; k < i; k++) {
        if (!strcmp(table[k].name, o->name))
            return leti_error_set(err, "option \"%s\" is there twice", o->name);
        if (overlaps(&table[k], o))
            return leti_error_set(err, "options \"%s\" and \"%s\" share a field", table[k].name,
                                  o->name);
    }
    return true;
}

static bool check_defaults(const struct leti_option *table, size_t instance_size,
                           struct leti_error *err)
{
    struct option_memory *memory = calloc(1, sizeof *memory);
    void *instance = calloc(1, instance_size + 1);
    bool ok = (memory && instance) || leti_error_set(err, "out of memory");
    for (size_t i = 0; ok && i < option_count(table); i++) {
        struct reader reader = { .option = &table[i], .memory = memory, .err = err };
        ok = !table[i].initial || read_initial(&reader, instance);
    }
    free(instance);
    options_free(memory);
    return ok;
}

bool option_table_check(const struct leti_option *table, size_t instance_size,
                        struct leti_error *err)
{
    for (size_t i = 0; i < option_count(table); i++)
        if (!check_entry(table, i, instance_size, err))
            return false;
    return check_defaults(table, instance_size, err);
}

/* ---- filling ---- */

bool option_known(const struct setting *setting, const char *const *names, size_t n,
                  const char *stage, struct leti_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], setting->name))
            return true;
    struct text message = { 0 };
    say_subject(&message, setting->where, stage);
    text_printf(&message, "no option \"%s\"", setting->name);
    const char *nearest = nearest_name(setting->name, names, n);
    if (nearest)
        text_printf(&message, "; did you mean \"%s\"?", nearest);
    for (size_t i = 0; !nearest && i < n; i++)
        text_printf(&message, "%s%s", i ? ", " : "; it has ", names[i]);
    leti_error_set(err, "%s", text_string(&message));
    text_free(&message);
    return false;
}

static bool check_known(const struct leti_option *table, const struct settings *settings,
                        const char *stage, struct leti_error *err)
{
    size_t n = option_count(table);
    const char **names = calloc(n + 1, sizeof *names);
    if (!names)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < n; i++)
        names[i] = table[i].name;
    bool ok = true;
    for (size_t i = 0; ok && i < settings->n; i++)
        ok = option_known(&settings->items[i], names, n, stage, err);
    free(names);
    return ok;
}

static bool fill_option(const struct reader *r, const struct settings *settings, void *instance)
{
    const struct setting *setting = settings_get(settings, r->option->name);
    if (setting)
        return read_values(r, (const char *const *)setting->values, setting->n_values,
                           setting->is_list, instance);
    if (!r->option->initial)
        return refuse(r, "must be set: %s", r->option->help);
    return read_initial(r, instance);
}

bool options_fill(const struct leti_option *table, const struct settings *settings,
                  const char *stage, void *instance, struct option_memory **memory,
                  struct leti_error *err)
{
    if (!check_known(table, settings, stage, err))
        return false;
    struct option_memory *kept = calloc(1, sizeof *kept);
    if (!kept)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < option_count(table); i++) {
        const struct setting *setting = settings_get(settings, table[i].name);
        struct reader reader = { .option = &table[i],
                                 .where = setting ? setting->where : settings->where,
                                 .stage = stage,
                                 .memory = kept,
                                 .err = err };
        if (!fill_option(&reader, settings, instance)) {
            options_free(kept);
            return false;
        }
    }
    *memory = kept;
    return true;
}

bool options_check(const struct leti_option *table, const struct settings *settings,
                   const char *stage, size_t instance_size, struct leti_error *err)
{
    void *instance = calloc(1, instance_size + 1);
    if (!instance)
        return leti_error_set(err, "out of memory");
    struct option_memory *memory;
    bool ok = options_fill(table, settings, stage, instance, &memory, err);
    if (ok)
        options_free(memory);
    free(instance);
    return ok;
}
