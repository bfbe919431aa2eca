/* samples_json - reads a little more than JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/samples_json.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAFE_DIGITS = 18, ESCAPE = 6 };

/* Text that is made plain in its place. */
struct plain {
    char *data;
    size_t size;
};

static bool starts(const struct plain *text, size_t at, const char *word)
{
    size_t n = strlen(word);
    return text->size - at >= n && memcmp(text->data + at, word, n) == 0;
}

/* The n characters become the number 0. */
static size_t put_zero(struct plain *text, size_t at, size_t n)
{
    memset(text->data + at, ' ', n);
    text->data[at] = '0';
    return at + n;
}

/* Goes over what is outside of strings. */
static size_t pass_number(struct plain *text, size_t at)
{
    size_t n = 0;
    while (at + n < text->size && isdigit((unsigned char)text->data[at + n]))
        n++;
    char next = at + n < text->size ? text->data[at + n] : '\0';
    bool whole = next != '.' && next != 'e' && next != 'E';
    return n > SAFE_DIGITS && whole ? put_zero(text, at, n) : at + n;
}

/* Whether \uXXXX at this place is half of a pair, and which one. */
static bool is_half(const struct plain *text, size_t at, bool low)
{
    unsigned value;
    char digits[5] = "";
    if (!starts(text, at, "\\u") || text->size - at < ESCAPE)
        return false;
    memcpy(digits, text->data + at + 2, 4);
    return sscanf(digits, "%4x", &value) == 1 && value >= (low ? 0xdc00u : 0xd800u) &&
           value < (low ? 0xe000u : 0xdc00u);
}

static size_t pass_escape(struct plain *text, size_t at)
{
    bool high = is_half(text, at, false);
    if (high && is_half(text, at + ESCAPE, true))
        return at + (size_t)2 * ESCAPE;
    if (!high && !is_half(text, at, true))
        return at + 2;
    memcpy(text->data + at, "\\u0000", ESCAPE);
    return at + ESCAPE;
}

static void make_plain(struct plain *text)
{
    bool in_string = false;
    for (size_t at = 0; at < text->size;) {
        char c = text->data[at];
        if (in_string && c == '\\') {
            at = pass_escape(text, at);
        } else if (c == '"') {
            in_string = !in_string;
            at++;
        } else if (!in_string && isdigit((unsigned char)c)) {
            at = pass_number(text, at);
        } else if (!in_string && starts(text, at, "NaN")) {
            at = put_zero(text, at, strlen("NaN"));
        } else if (!in_string && starts(text, at, "Infinity")) {
            at = put_zero(text, at, strlen("Infinity"));
        } else {
            at++;
        }
    }
}

json_t *samples_json(const char *text, size_t size, json_error_t *why)
{
    enum { FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL };
    json_t *value = json_loadb(text, size, FLAGS, why);
    struct plain plain = { value ? NULL : malloc(size + 1), size };
    if (!plain.data)
        return value;
    memcpy(plain.data, text, size);
    make_plain(&plain);
    value = json_loadb(plain.data, size, FLAGS, NULL);
    free(plain.data);
    return value;
}
