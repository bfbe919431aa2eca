/* tables.h - the tables of run.db.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

/* Rows are found by their key and by nothing else, so that most tables are their own index. */
extern const char *const store_tables;

/* Of each sample with all its verdicts: passed only where every evaluator says so. */
#define STORE_JUDGED(verdicts)                                                                     \
    "SELECT phase, iteration, problem, sample, max(outcome) AS outcome, count(*) AS verdicts,"     \
    " max(reused) AS reused FROM " verdicts " GROUP BY phase, iteration, problem, sample"

/* Puts that select, as `judged`, before the view of that name that the file has: whatever a
 * stranger's file says there, it is not run. */
extern const char *const store_own_views;

#endif
