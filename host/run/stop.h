/* stop.h - Ctrl-C and SIGTERM: the first asks the run to stop, a second one ends the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_STOP_H
#define RUN_STOP_H

#include "leti/error.h"

/* Catches both signals from now on. */
bool stop_watch(struct leti_error *err);
bool stop_asked(void);

#endif
