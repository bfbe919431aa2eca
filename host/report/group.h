/* group.h - which runs are the same but for their seed, and what the others differ in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_GROUP_H
#define REPORT_GROUP_H

#include "report/data.h"

/* Fills the report's groups, in the order of their first runs. */
bool group_runs(struct report *, struct leti_error *err);

#endif
