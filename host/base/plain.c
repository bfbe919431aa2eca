/* plain - bytes of any kind as text for a terminal.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/plain.h"

#include "base/utf8.h"

static void add(struct text *out, struct leti_bytes bytes, const char *kept)
{
    for (size_t i = 0; i < bytes.size;) {
        const char *at = bytes.data + i;
        size_t length = utf8_length(at, bytes.size - i);
        uint32_t c = length ? utf8_character(at, length) : 0;
        if (!length)
            text_printf(out, "\\x%02x", (unsigned char)*at);
        else if (utf8_is_unseen(c) && !(c && c < 0x80 && strchr(kept, (int)c)))
            text_printf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
        else
            text_append(out, at, length);
        i += length ? length : 1;
    }
}

void plain_text(struct text *out, struct leti_bytes bytes)
{
    add(out, bytes, "\n\t");
}

void plain_line(struct text *out, const char *string)
{
    add(out, (struct leti_bytes){ string, strlen(string) }, "");
}
