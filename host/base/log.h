/* log.h - what the program says on stderr: lines for people, and one line that moves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "leti/plugin.h"

/* Lines below this level are dropped; LETI_LOG_INFO to begin with. */
void log_set_level(enum leti_level least);

/* Where lines go besides stderr, those below the level too; NULL: nowhere. The sink is called
 * by one thread at a time and must not log. */
void log_set_sink(void (*sink)(void *context, enum leti_level, const char *line), void *context);

/* One line, whole, from any thread; the format carries no line feed. */
__attribute__((format(printf, 2, 3))) void log_line(enum leti_level, const char *format, ...);

/* Shows the line in the place of the last one, where stderr is a terminal; logged lines scroll
 * past above it. NULL takes it away, which whoever writes to stdout does first. Any thread. */
void log_progress(const char *line);
bool log_has_progress(void); /* stderr is a terminal */

#endif
