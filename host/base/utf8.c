/* utf8 - where characters begin and end in bytes that may be anything.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

static bool is_tail(unsigned char byte, unsigned char least, unsigned char most)
{
    return byte >= least && byte <= most;
}

size_t utf8_length(const char *bytes, size_t left)
{
    const unsigned char *p = (const unsigned char *)bytes;
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

uint32_t utf8_character(const char *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (length == 1)
        return p[0];
    uint32_t character = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (p[i] & 0x3fu);
    return character;
}

size_t utf8_valid(const char *from, char *to)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    size_t size = strlen(from), n = 0;
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(from + i, size - i);
        const char *piece = length ? from + i : replacement;
        size_t piece_size = length ? length : sizeof replacement - 1;
        if (to)
            memcpy(to + n, piece, piece_size);
        n += piece_size;
        i += length ? length : 1;
    }
    if (to)
        to[n] = '\0';
    return n + 1;
}

bool utf8_is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c & 0xfffe) == 0xfffe;
}
