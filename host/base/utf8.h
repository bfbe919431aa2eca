/* utf8.h - where characters begin and end in bytes that may be anything.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence at bytes, of which `left` > 0 are there; 0 where there is none
 * (Unicode standard, table 3-7: no overlong forms, no surrogates, nothing past U+10FFFF). */
size_t utf8_length(const char *bytes, size_t left);

/* The character of a sequence that utf8_length found. */
uint32_t utf8_character(const char *bytes, size_t length);

/* Copies the string with U+FFFD for each byte that is not UTF-8; gives the size of the copy, its
 * NUL included. to: that much room, or NULL to ask for the size alone. */
size_t utf8_valid(const char *from, char *to);

/* Whether it controls what others look like or where they stand instead of being seen itself:
 * controls (line feed and tab, too), directions of writing, joiners, what is no character. */
bool utf8_is_unseen(uint32_t character);

#endif
