/* json_text - strings and numbers as JSON, for output that may carry any bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

static void add_ascii(struct text *out, char c)
{
    const char *const plain = "\"\\\n\r\t";
    const char *const letter = "\"\\nrt";
    const char *special = c ? strchr(plain, c) : NULL;
    if (special)
        text_printf(out, "\\%c", letter[special - plain]);
    else if ((unsigned char)c < 0x20)
        text_printf(out, "\\u%04x", c);
    else
        text_add_char(out, c);
}

void json_text(struct text *out, const char *bytes, size_t size)
{
    text_add_char(out, '"');
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(bytes + i, size - i);
        if (length == 1)
            add_ascii(out, bytes[i]);
        else if (length)
            text_append(out, bytes + i, length);
        else
            text_printf(out, "\\udc%02x", (unsigned char)bytes[i]);
        i += length ? length : 1;
    }
    text_add_char(out, '"');
}

void json_text_string(struct text *out, const char *string)
{
    if (string)
        json_text(out, string, strlen(string));
    else
        text_add(out, "null");
}

void json_number(struct text *out, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        text_add(out, "null");
        return;
    }
    snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        snprintf(digits, sizeof digits, "%.17g", value);
    text_add(out, digits);
}
