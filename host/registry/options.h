/* options.h - what a pipeline sets, checked against a plugin's table and stored in an instance.
 *
 * The one place that turns text into option values: whole-string parsing, ranges, choices,
 * defaults. The head checks with it before anything starts, the worker fills instances with it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_OPTIONS_H
#define REGISTRY_OPTIONS_H

#include "leti/error.h"
#include "leti/plugin.h"

/* One `name = value` of a pipeline; every value as text ("true", "0.5", "abc"). */
struct setting {
    char *name;
    char **values; /* exactly one unless is_list */
    size_t n_values;
    bool is_list;
    char *where; /* "mbpp.lua:12" or "--set"; may be NULL */
};

/* Owns its settings. Zero it to begin with. */
struct settings {
    struct setting *items;
    size_t n;
    char *where; /* of the whole: begins the error about an option that is not set; may be NULL */
};

/* Adds or replaces; copies everything. Fails only where memory does. */
bool settings_put(struct settings *, const char *name, const char *const *values, size_t n_values,
                  bool is_list, const char *where, struct leti_error *err);
const struct setting *settings_get(const struct settings *, const char *name);
bool settings_copy(const struct settings *from, struct settings *out, struct leti_error *err);
void settings_free(struct settings *);

size_t option_count(const struct leti_option *table); /* of NULL: 0 */
/* NULL where the table has no such option. */
const struct leti_option *option_find(const struct leti_option *table, const char *name);
const char *option_type_name(enum leti_type type); /* "bool", "int", "real", "text", "list" */

/* Whether the table makes sense: names that a pipeline can write, each once; fields inside the
 * instance and apart from each other; defaults within their own ranges and choices. */
bool option_table_check(const struct leti_option *table, size_t instance_size,
                        struct leti_error *err);

/* Whether the setting's name is one of the names; if not, the nearest is offered, or all of them
 * where none is near. stage: as below. */
bool option_known(const struct setting *, const char *const *names, size_t n, const char *stage,
                  struct leti_error *err);

/* Fills the fields of instance (table's offsets) with the settings, and the defaults where none
 * is set. An unknown name (the nearest is offered), a value of another type or out of range, a
 * choice that does not exist, an option that must be set: errors that begin with the setting's
 * `where` and name `stage` (a word for people) and the option.
 * Texts and lists live in *memory, which the caller frees with options_free after the instance;
 * after a failure the fields hold nothing that may be used. */
struct option_memory;
bool options_fill(const struct leti_option *table, const struct settings *, const char *stage,
                  void *instance, struct option_memory **memory, struct leti_error *err);
void options_free(struct option_memory *);

/* The same check, keeping nothing. */
bool options_check(const struct leti_option *table, const struct settings *, const char *stage,
                   size_t instance_size, struct leti_error *err);

#endif
