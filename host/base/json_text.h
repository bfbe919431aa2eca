/* json_text.h - strings and numbers as JSON, for output that may carry any bytes.
 *
 * What a model writes need not be UTF-8, and jansson refuses what is not. Here a byte outside of
 * valid UTF-8 becomes \udc80 .. \udcff, as Python's surrogateescape has it, so that nothing is
 * lost: json.loads(line)["x"].encode("utf-8", "surrogateescape") gives the bytes back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/text.h"

/* Appends the bytes as a JSON string, quotes included. */
void json_text(struct text *, const char *bytes, size_t size);
void json_text_string(struct text *, const char *string); /* NULL: null */

/* Appends a number that reads back as the same double; null where it is not finite. */
void json_number(struct text *, double value);

#endif
