/* command_json.h - JSON by hand, for texts of any bytes.
 *
 * What a model writes need not be UTF-8. A byte outside of valid UTF-8 becomes \udc80 .. \udcff,
 * as Python's surrogateescape has it: json.loads(line)["text"].encode("utf-8", "surrogateescape")
 * gives the bytes back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_COMMAND_JSON_H
#define LM_COMMAND_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Prints the bytes as a JSON string, quotes included. */
void json_put_text(FILE *out, const char *bytes, size_t size);
/* A number that reads back as the same; null where it is not finite. */
void json_put_double(FILE *out, double value);
void json_put_float(FILE *out, float value);
void json_put_ids(FILE *out, const int32_t *ids, size_t n);
void json_put_floats(FILE *out, const float *values, size_t n);

#endif
