/* ops_adamw.c - one step of AdamW, in the order of operations of PyTorch's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>

#include "ops/ops_vector.h"

/* What is the same for all elements of a step. */
struct step {
    float keep;      /* 1 - lr weight_decay */
    float rate;      /* lr / (1 - beta1^step) */
    float correct_v; /* 1 / sqrt(1 - beta2^step) */
    float beta1, beta2, eps;
};

LM_VECTOR static void update(const struct step *step, float *params, const float *grad, float *m,
                             float *v, int64_t n)
{
    struct step s = *step;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float g = grad[i];
        m[i] = s.beta1 * m[i] + (1.0f - s.beta1) * g;
        v[i] = s.beta2 * v[i] + (1.0f - s.beta2) * g * g;
        params[i] =
            params[i] * s.keep - s.rate * m[i] / (__builtin_sqrtf(v[i]) * s.correct_v + s.eps);
    }
}

void lm_adamw_update(const struct lm_adamw *adamw, float *params, const float *grad, float *m,
                     float *v, size_t n, bool decay)
{
    enum { CHUNK = 8192 };
    struct step step = {
        .keep = decay ? (float)(1.0 - (double)adamw->lr * (double)adamw->weight_decay) : 1.0f,
        .rate = (float)((double)adamw->lr / (1.0 - pow(adamw->beta1, (double)adamw->step))),
        .correct_v = (float)(1.0 / sqrt(1.0 - pow(adamw->beta2, (double)adamw->step))),
        .beta1 = adamw->beta1,
        .beta2 = adamw->beta2,
        .eps = adamw->eps,
    };
    int64_t size = (int64_t)n;
#pragma omp parallel for schedule(static) if (size > CHUNK)
    for (int64_t i = 0; i < size; i += CHUNK)
        update(&step, params + i, grad + i, m + i, v + i, i + CHUNK < size ? CHUNK : size - i);
}
