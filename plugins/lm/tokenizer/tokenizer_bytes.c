/* tokenizer_bytes.c - the characters that stand for bytes in byte-level BPE, and UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_bytes.h"

#include <stdint.h>
#include <string.h>

/* Unicode 15, table 3-7: the range of the second byte depends on the first. */
size_t lm_utf8_length(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text;
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || length > size)
        return 0;
    uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    }
    return length;
}

uint32_t lm_utf8_character(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    uint32_t c = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

static bool is_spelled_as_itself(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xff && byte != 0xad);
}

enum { FIRST_OTHER = 0x100 }; /* the characters from here on spell what is not itself */

/* Of a character of one or two bytes; -1 if it stands for none. The bytes that are not spelled as
 * themselves are 0x00 to 0x20, 0x7f to 0xa0 and 0xad. */
static int byte_of_character(uint32_t c)
{
    if (c < FIRST_OTHER)
        return is_spelled_as_itself((int)c) ? (int)c : -1;
    uint32_t k = c - FIRST_OTHER;
    return k <= 0x20 ? (int)k : k <= 0x42 ? (int)(k - 0x21 + 0x7f) : k == 0x43 ? 0xad : -1;
}

size_t lm_spelling_of_byte(int byte, char out[2])
{
    int c = is_spelled_as_itself(byte) ? byte
            : byte <= 0x20             ? FIRST_OTHER + byte
            : byte == 0xad             ? FIRST_OTHER + 0x43
                                       : FIRST_OTHER + 0x21 + byte - 0x7f;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
}

bool lm_bytes_of_spelling(const char *spelling, size_t length, char *out, size_t *size)
{
    const uint8_t *p = (const uint8_t *)spelling, *end = p + length;
    char *start = out;
    while (p < end) {
        uint32_t c = *p++;
        if (c >= 0x80)
            c = c >= 0xc2 && c < 0xe0 && p < end ? (c & 0x1f) << 6 | (*p++ & 0x3f) : UINT32_MAX;
        int byte = byte_of_character(c);
        if (byte < 0) {
            *size = length;
            memcpy(start, spelling, length);
            return false;
        }
        *out++ = (char)byte;
    }
    *size = (size_t)(out - start);
    return true;
}
