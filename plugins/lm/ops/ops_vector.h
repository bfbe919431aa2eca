/* ops_vector.h - what the vectorised loops of ops_*.c share; not for others.
 *
 * The library is built for any x86-64, so the functions that hold a hot loop are compiled once
 * for each generation of vectors and the loader picks. A loop within an OpenMP region is not
 * cloned with its function: the regions call plain functions that are marked LM_VECTOR. Such a
 * function must be plain loops: vectors of a fixed width are slow where the machine's are narrower.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_OPS_VECTOR_H
#define LM_OPS_VECTOR_H

#include <stdint.h>
#include <string.h>

/* Sanitizers' run time is not up yet when the loader picks. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LM_VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LM_VECTOR
#endif

#define LM_INLINE static inline __attribute__((always_inline, unused))

/* e^x to 2 units in the last place, in arithmetic that the compiler turns into vectors: e^x = 2^n
 * e^r with |r| <= ln(2)/2, the second factor by Taylor's series. Below -87 it is 0; not a number
 * stays not a number. */
LM_INLINE float lm_exp(float x)
{
    float y = x < -87.0f ? -87.0f : x;
    y = y > 88.0f ? 88.0f : y;
    float shifted = y * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: rounds to an integer */
    float n = shifted - 12582912.0f;
    float r = (y - n * 0.693359375f) + n * 2.12194440e-4f; /* ln 2 in two parts */
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (int32_t)(((uint32_t)bits + 127u) << 23); /* what the shift left in the low bits */
    float power;
    memcpy(&power, &bits, sizeof power);
    return x < -87.0f ? 0.0f : p * power;
}

/* The largest of n > 0 numbers, sixteen abreast; if one is not a number, some number or that. */
LM_INLINE float lm_max(const float *x, int64_t n)
{
    enum { LANES = 16 };
    float top[LANES], most = x[0];
    for (int i = 0; i < LANES; i++)
        top[i] = x[0];
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES)
        for (int i = 0; i < LANES; i++)
            top[i] = x[j + i] > top[i] ? x[j + i] : top[i];
    for (; j < n; j++)
        most = x[j] > most ? x[j] : most;
    for (int i = 0; i < LANES; i++)
        most = top[i] > most ? top[i] : most;
    return most;
}

#endif
