/* tests.h - the tests of a pipeline, made of those that its file describes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_TESTS_H
#define SCRIPT_TESTS_H

#include "script/script.h"

/* Makes the pipeline's tests, whose generator is known by now: of each that is described one for
 * each of its conditions, and for programs cut and uncut. */
bool tests_fill(struct pipeline *, struct draft *, struct leti_error *err);
void tests_free(struct pipeline *);

#endif
