/* cut.h - a task's post-processing: where a program that a model wrote ends.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CUT_H
#define BASE_CUT_H

#include <stddef.h>

/* Length of text after the task's cut: it ends before the first of the stops, and trailing white
 * space goes. A stop that starts with a line feed stands at the start of a line: it also matches
 * at the very start of the text, without the line feed. Without stops only white space goes. */
size_t cut_length(const char *text, size_t size, const char *const *stops, size_t n_stops);

#endif
