/* ops_rows.h - within the operations: products of a few rows in f32.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_OPS_ROWS_H
#define LM_OPS_ROWS_H

#include "ops/ops.h"

/* y [m][n] = beta y + x [m][K] w [n][K]^T, m at most LM_FEW_ROWS, beta 0 or 1. */
void lm_few_rows(const float *x, const float *w, float *y, float beta, int64_t m, int64_t n,
                 int64_t K);

#endif
