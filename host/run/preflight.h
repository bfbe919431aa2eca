/* preflight.h - before a run starts: do its stages work at all?
 *
 * A known-good program (a problem's reference) must pass every evaluator, a known-bad one (an
 * empty program) must fail, one problem goes through generator and formatter, and these and the
 * trainer must mean the same tokens (tokens.h). Nothing of it is kept but what was found.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PREFLIGHT_H
#define RUN_PREFLIGHT_H

#include "base/text.h"
#include "run/context.h"

/* *found: "generator ok; evaluator ok (known good passed, ...)". */
bool preflight_run(struct run *, struct text *found, struct leti_error *err);

#endif
