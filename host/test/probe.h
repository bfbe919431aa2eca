/* probe.h - which reward tokens does a model have? The generator is asked, with one short sample.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PROBE_H
#define RUN_PROBE_H

#include "script/pipeline.h"

struct probe;

/* Starts the pipeline's generator on a model; what it cannot do without a token either is an
 * error. Borrows both. */
bool probe_open(const struct pipeline *, const char *model, struct probe **out,
                struct leti_error *err);

/* Whether it samples under the condition; where not, *why says what the generator said, and lives
 * as long as the probe. Asked once, remembered after. */
bool probe_knows(struct probe *, enum leti_condition, bool *knows, const char **why,
                 struct leti_error *err);

void probe_close(struct probe *); /* NULL is fine */

#endif
