/* page.h - the numbers of a run, as Prometheus reads them: text exposition format 0.0.4.
 *
 * Labels come from the run's data, so each metric keeps a bounded number of them: what is added
 * beyond that counts under other="true", what is set beyond it is left out, and counted.
 * Filled by one thread, read by another.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVER_PROMETHEUS_PAGE_H
#define OBSERVER_PROMETHEUS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

enum page_metric {
    PAGE_RUN_INFO,
    PAGE_RUNNING,
    PAGE_ITERATION,
    PAGE_ITERATIONS,
    PAGE_STEPS,
    PAGE_SAMPLES,
    PAGE_REUSED,
    PAGE_TOKENS,
    PAGE_JUDGING_SECONDS,
    PAGE_RETRIES,
    PAGE_LOST,
    PAGE_LOSS,
    PAGE_METRIC,
    PAGE_PASS_AT_1,
    PAGE_PASS_AT_1_LOW,
    PAGE_PASS_AT_1_HIGH,
    PAGE_SOLVE_RATE,
    PAGE_PART_SECONDS,
    PAGE_MISSED,
    PAGE_LEFT_OUT,
    PAGE_METRICS,
};

enum { PAGE_LABELS = 64, PAGE_LABEL_SIZE = 512 };

struct page;

/* NULL where memory is refused. */
struct page *page_create(void);
void page_destroy(struct page *);

/* A metric's labels, name and value in turn, ending with NULL. A value is cut where it is too
 * long. */
#define PAGE_NO_LABELS ((const char *const[]){ NULL })

/* false where the value was left out. */
bool page_set(struct page *, enum page_metric, const char *const *labels, double value);
void page_add(struct page *, enum page_metric, const char *const *labels, double more);

const char *page_name(enum page_metric);

/* All of it, which the caller frees; NULL where memory is refused. */
char *page_text(struct page *, size_t *size);

#endif
