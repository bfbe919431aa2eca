/* warnings.h - what went wrong while a run went on, from its log.jsonl.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_WARNINGS_H
#define REPORT_WARNINGS_H

#include "report/data.h"

/* Reads the log's first warnings and errors, none where there is no log. A line that is not whole,
 * as the last one of a run that goes on may be, is passed over. */
bool warnings_read(struct arena *, struct run_data *, struct leti_error *err);

#endif
