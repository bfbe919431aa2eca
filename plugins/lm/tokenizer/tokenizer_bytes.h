/* tokenizer_bytes.h - the characters that stand for bytes in byte-level BPE, and UTF-8.
 *
 * A printable byte of Latin-1 is spelled as itself; the others as U+0100 and what follows, in
 * their order (Radford et al., "Language models are unsupervised multitask learners", 2019).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_BYTES_H
#define LM_TOKENIZER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed UTF-8 character at text, 0 if there is none. size > 0. */
size_t lm_utf8_length(const char *text, size_t size);

/* The character of so many bytes, which are well-formed. */
uint32_t lm_utf8_character(const char *text, size_t length);

/* Turns a token's spelling in UTF-8 into the bytes that it stands for, at most length of them;
 * *size says how many. False if a character stands for no byte: then out holds the spelling as it
 * is, which is what the reference decodes such a token to. */
bool lm_bytes_of_spelling(const char *spelling, size_t length, char *out, size_t *size);

/* The character that stands for a byte, in UTF-8 of up to two bytes; returns how many. */
size_t lm_spelling_of_byte(int byte, char out[2]);

#endif
