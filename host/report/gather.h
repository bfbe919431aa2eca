/* gather.h - reads what a report shows from a run's database.
 *
 * A run that is still being written is read as it was at one moment. A part that is not done is
 * left out, since its rows are not all there.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include "report/data.h"

/* Reads the run in the folder into *out. */
bool gather_run(struct arena *, const char *folder, struct run_data *out, struct leti_error *err);

#endif
