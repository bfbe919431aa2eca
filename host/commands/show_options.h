/* show_options.h - option tables, as text for people and as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_SHOW_OPTIONS_H
#define COMMANDS_SHOW_OPTIONS_H

#include "base/text.h"
#include "registry/options.h"

/* Two lines an option: name, default, type and what is allowed; below it the help. */
void show_table(struct text *, const struct leti_option *table);

/* [{"name", "type", "default", "min", "max", "choices", "help"}, ...] */
void show_table_json(struct text *, const struct leti_option *table);

/* The value in force, as a pipeline would write it ({ "a", "b" }) or as JSON. */
void show_value(struct text *, const struct leti_option *, const struct settings *);
void show_value_json(struct text *, const struct leti_option *, const struct settings *);

#endif
