/* json_text - strings and numbers as JSON, for output that may carry any bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <math.h>
#include <stdlib.h>

static bool is_tail(unsigned char byte, unsigned char least, unsigned char most)
{
    return byte >= least && byte <= most;
}

/* Length of the UTF-8 sequence at p, 0 where there is none (Unicode standard, table 3-7: no
 * overlong forms, no surrogates, nothing past U+10FFFF). */
static size_t sequence_length(const unsigned char *p, size_t left)
{
    unsigned char first = p[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (!is_tail(p[1], least, most))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!is_tail(p[i], 0x80, 0xbf))
            return 0;
    return length;
}

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
    const unsigned char *p = (const unsigned char *)bytes;
    text_add_char(out, '"');
    for (size_t i = 0; i < size;) {
        size_t length = sequence_length(p + i, size - i);
        if (length == 1)
            add_ascii(out, bytes[i]);
        else if (length)
            text_append(out, bytes + i, length);
        else
            text_printf(out, "\\udc%02x", p[i]);
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
