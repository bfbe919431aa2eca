/* stop.h - Ctrl-C, SIGTERM and SIGHUP: the first asks the run to stop, a second ends the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_STOP_H
#define RUN_STOP_H

#include "leti/error.h"

/* Catches the signals from now on; not SIGHUP where it is ignored, as under nohup. */
bool stop_watch(struct leti_error *err);
bool stop_asked(void);

#endif
