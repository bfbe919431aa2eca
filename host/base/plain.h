/* plain.h - bytes of any kind as text for a terminal.
 *
 * What a terminal would obey, and what changes how other characters look or where they stand,
 * becomes an escape that can be read (\x1b, \u202e), as does what is not UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include "base/text.h"
#include "leti/plugin.h"

/* Line feeds and tabs stay. */
void plain_text(struct text *, struct leti_bytes);
/* Becomes one line: they do not. */
void plain_line(struct text *, const char *string);

#endif
