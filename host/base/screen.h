/* screen.h - where a command's long output goes: on a terminal through a pager and with colours,
 * elsewhere plainly to stdout.
 *
 * The pager is $PAGER, or less where there is one; PAGER=cat or an empty one means none. Colours
 * are left out where NO_COLOR is set (no-color.org) or the terminal is a dumb one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SCREEN_H
#define BASE_SCREEN_H

#include "base/text.h"

struct screen {
    FILE *out;
    bool colour;
    bool paged;
};

/* The main thread's, and once a process at a time: while there is a pager, Ctrl-C and a pipe that
 * ends are its own affair. */
void screen_open(struct screen *);
/* Waits until the pager's reader has seen enough. */
void screen_close(struct screen *);

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_RED, PAINT_GREEN, PAINT_CYAN };

/* Begins a colour, or ends it (PAINT_NONE); nothing on a screen without colours. */
void screen_paint(const struct screen *, struct text *, enum paint);

#endif
