/* tokenizer_bytes.c - the characters that stand for bytes in byte-level BPE, and UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_bytes.h"

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

static bool is_spelled_as_itself(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xff && byte != 0xad);
}

/* Of a character of one or two bytes; -1 if it stands for none. */
static int byte_of_character(uint32_t c)
{
    if (c < 0x100)
        return is_spelled_as_itself((int)c) ? (int)c : -1;
    uint32_t next = 0x100;
    for (int byte = 0; byte < 0x100; byte++) {
        if (!is_spelled_as_itself(byte) && next++ == c)
            return byte;
    }
    return -1;
}

bool lm_bytes_of_spelling(const char *spelling, char *out, size_t *size)
{
    const uint8_t *p = (const uint8_t *)spelling;
    char *start = out;
    while (*p) {
        uint32_t c = *p++;
        if (c >= 0x80)
            c = c >= 0xc2 && c < 0xe0 ? (c & 0x1f) << 6 | (*p++ & 0x3f) : UINT32_MAX;
        int byte = byte_of_character(c);
        if (byte < 0) {
            *size = strlen(spelling);
            memcpy(start, spelling, *size);
            return false;
        }
        *out++ = (char)byte;
    }
    *size = (size_t)(out - start);
    return true;
}
