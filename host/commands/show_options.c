/* show_options - option tables, as text for people and as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "commands/show_options.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"

static bool has_range(const struct leti_option *o)
{
    return o->type == LETI_INT || o->type == LETI_REAL || o->type == LETI_LIST;
}

/* ---- values ---- */

static void show_item(struct text *out, const struct leti_option *o, const char *value)
{
    if (o->type == LETI_TEXT || o->type == LETI_LIST)
        json_text_string(out, value);
    else
        text_add(out, value);
}

/* For people, who want no page of text among the options: few-shot examples, say. */
static void show_item_shortened(struct text *out, const struct leti_option *o, const char *value)
{
    enum { SHOWN = 60, LONG = 200 };
    size_t size = strlen(value);
    if (o->type != LETI_TEXT || size <= LONG) {
        show_item(out, o, value);
        return;
    }
    char start[SHOWN + 1];
    snprintf(start, sizeof start, "%.*s", SHOWN, value);
    json_text_string(out, start);
    text_printf(out, "... (%zu bytes)", size);
}

/* Numbers are read and written again: "+3" is a value of an option, but not JSON. */
static void show_item_json(struct text *out, const struct leti_option *o, const char *value)
{
    if (o->type == LETI_INT)
        text_printf(out, "%" PRIdMAX, strtoimax(value, NULL, 10));
    else if (o->type == LETI_REAL)
        json_number(out, strtod(value, NULL));
    else
        show_item(out, o, value);
}

typedef void show_one(struct text *, const struct leti_option *, const char *value);

static void show_list(struct text *out, const struct leti_option *o, const char *const *items,
                      size_t n, show_one *show)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            text_add(out, ", ");
        show(out, o, items[i]);
    }
}

/* The items of a default list, which stand one a line. */
static void show_lines(struct text *out, const struct leti_option *o, show_one *show)
{
    const char *line = o->initial;
    for (size_t i = 0; *line; i++) {
        size_t size = strcspn(line, "\n");
        char *item = strndup(line, size);
        const char *shown = item;
        if (i)
            text_add(out, ", ");
        if (item)
            show_list(out, o, &shown, 1, show);
        free(item);
        line += size + (line[size] == '\n');
    }
}

static void show_in_force(struct text *out, const struct leti_option *o,
                          const struct settings *settings, show_one *show, const char *none,
                          const char *const brackets[2])
{
    const struct setting *set = settings ? settings_get(settings, o->name) : NULL;
    if (!set && !o->initial) {
        text_add(out, none);
        return;
    }
    bool list = o->type == LETI_LIST;
    text_add(out, list ? brackets[0] : "");
    if (set)
        show_list(out, o, (const char *const *)set->values, set->n_values, show);
    else if (list)
        show_lines(out, o, show);
    else
        show(out, o, o->initial);
    text_add(out, list ? brackets[1] : "");
}

void show_value(struct text *out, const struct leti_option *o, const struct settings *settings)
{
    show_in_force(out, o, settings, show_item_shortened, "not set",
                  (const char *const[]){ "{ ", " }" });
}

void show_value_json(struct text *out, const struct leti_option *o, const struct settings *settings)
{
    show_in_force(out, o, settings, show_item_json, "null", (const char *const[]){ "[", "]" });
}

/* ---- tables ---- */

static void show_allowed(struct text *out, const struct leti_option *o)
{
    if (o->choices)
        text_printf(out, ", %s", o->choices);
    else if (has_range(o))
        text_printf(out, ", %.15g .. %.15g%s", o->min, o->max,
                    o->type == LETI_LIST ? " items" : "");
}

void show_table(struct text *out, const struct leti_option *table)
{
    for (size_t i = 0; i < option_count(table); i++) {
        const struct leti_option *o = &table[i];
        text_printf(out, "  %s", o->name);
        if (o->initial) {
            text_add(out, " = ");
            show_value(out, o, NULL);
        }
        text_printf(out, "  (%s", option_type_name(o->type));
        show_allowed(out, o);
        text_printf(out, "%s)\n      %s\n", o->initial ? "" : ", must be set", o->help);
    }
}

static void show_choices_json(struct text *out, const char *choices)
{
    if (!choices) {
        text_add(out, "null");
        return;
    }
    text_add_char(out, '[');
    for (const char *p = choices;; p++) {
        size_t size = strcspn(p, "|");
        json_text(out, p, size);
        p += size;
        if (!*p)
            break;
        text_add(out, ", ");
    }
    text_add_char(out, ']');
}

static void show_bound_json(struct text *out, const struct leti_option *o, double bound)
{
    if (has_range(o))
        json_number(out, bound);
    else
        text_add(out, "null");
}

static void show_option_json(struct text *out, const struct leti_option *o)
{
    text_add(out, "{\"name\": ");
    json_text_string(out, o->name);
    text_printf(out, ", \"type\": \"%s\", \"default\": ", option_type_name(o->type));
    show_value_json(out, o, NULL);
    text_add(out, ", \"min\": ");
    show_bound_json(out, o, o->min);
    text_add(out, ", \"max\": ");
    show_bound_json(out, o, o->max);
    text_add(out, ", \"choices\": ");
    show_choices_json(out, o->choices);
    text_add(out, ", \"help\": ");
    json_text_string(out, o->help);
    text_add_char(out, '}');
}

void show_table_json(struct text *out, const struct leti_option *table)
{
    text_add_char(out, '[');
    for (size_t i = 0; i < option_count(table); i++) {
        text_add(out, i ? ", " : "");
        show_option_json(out, &table[i]);
    }
    text_add_char(out, ']');
}
