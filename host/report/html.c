/* html - bytes of any kind as text of an HTML page.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

static const char no_value[] = "–";

static void add_character(struct text *out, const char *bytes, size_t length)
{
    uint32_t c = utf8_character(bytes, length);
    switch (c) {
    case '<':
        text_add(out, "&lt;");
        break;
    case '>':
        text_add(out, "&gt;");
        break;
    case '&':
        text_add(out, "&amp;");
        break;
    case '"':
        text_add(out, "&quot;");
        break;
    case '\'':
        text_add(out, "&#39;");
        break;
    default:
        if (utf8_is_unseen(c) && c != '\n' && c != '\t')
            text_printf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
        else
            text_append(out, bytes, length);
    }
}

void html_bytes(struct text *out, struct leti_bytes bytes)
{
    for (size_t i = 0; i < bytes.size;) {
        size_t length = utf8_length(bytes.data + i, bytes.size - i);
        if (length)
            add_character(out, bytes.data + i, length);
        else
            text_printf(out, "\\x%02x", (unsigned char)bytes.data[i]);
        i += length ? length : 1;
    }
}

void html_string(struct text *out, const char *string)
{
    html_bytes(out, (struct leti_bytes){ string, strlen(string) });
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void html_beginning(struct text *out, struct leti_bytes bytes, size_t most)
{
    if (bytes.size <= most) {
        html_bytes(out, bytes);
        return;
    }
    size_t size = most;
    while (size && most - size < 3 && continues_character(bytes.data[size]))
        size--;
    html_bytes(out, (struct leti_bytes){ bytes.data, size });
    text_printf(out, "… (%zu more bytes)", bytes.size - size);
}

void html_percent(struct text *out, double share)
{
    text_printf(out, "%.1f", 100 * share);
}

void html_change(struct text *out, double before, double after)
{
    char shown[2][64];
    snprintf(shown[0], sizeof shown[0], "%.1f", 100 * before);
    snprintf(shown[1], sizeof shown[1], "%.1f", 100 * after);
    double change = strtod(shown[1], NULL) - strtod(shown[0], NULL);
    text_printf(out, "%s%.1f", change < 0 ? "−" : "+", fabs(change));
}

void html_count(struct text *out, double n)
{
    char digits[64];
    if (!isfinite(n) || fabs(n) > 1e18) {
        text_add(out, no_value);
        return;
    }
    size_t size = (size_t)snprintf(digits, sizeof digits, "%.0f", n);
    for (size_t i = 0; i < size; i++) {
        if (i && digits[i - 1] != '-' && (size - i) % 3 == 0 && size > 4)
            text_add(out, "\u202f"); /* a narrow space that does not break */
        text_add_char(out, digits[i]);
    }
}

void html_number(struct text *out, double value)
{
    if (!isfinite(value))
        text_add(out, no_value);
    else if (fabs(value) >= 10000 && fabs(value) < 1e15)
        html_count(out, value);
    else
        text_printf(out, "%.4g", value);
}

void html_seconds(struct text *out, double seconds)
{
    if (!isfinite(seconds) || seconds < 0 || seconds > 1e12)
        text_add(out, no_value);
    else if (seconds < 10)
        text_printf(out, "%.1f s", seconds);
    else if (seconds < 60)
        text_printf(out, "%.0f s", seconds);
    else if (seconds < 3600)
        text_printf(out, "%.0f min %.0f s", floor(seconds / 60), fmod(floor(seconds), 60));
    else
        text_printf(out, "%.0f h %.0f min", floor(seconds / 3600), fmod(floor(seconds / 60), 60));
}
