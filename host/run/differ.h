/* differ.h - where two texts of settings, one a line, differ.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_DIFFER_H
#define RUN_DIFFER_H

#include <stdbool.h>

/* A line of a text, without its end; size 0 behind the last one. It lives as long as the text. */
struct line {
    const char *text;
    int size;
};

/* The first line of the text, and what follows it in *rest, which may be NULL. */
struct line line_first(const char *text, const char **rest);

/* The first line that begins with the word; an empty one where none does. */
struct line line_beginning(const char *text, const char *word);

/* Whether they are the same to the last byte. */
bool line_same(struct line a, struct line b);

/* Goes on to the first line in which the texts differ; false where none does. */
bool line_differing(const char **a, const char **b);

/* How much of both an error or a note shows of two lines that differ: with the first byte that
 * differs, in the midst of "..." where much stands before or behind it. */
enum { LINE_SHOWN = 128 };
void line_show(struct line line, struct line other, char out[LINE_SHOWN]);

#endif
