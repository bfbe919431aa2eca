/* fuzz.h - what the fuzz targets share.
 *
 * A target is one function that takes any bytes. libFuzzer calls it with bytes that it makes up,
 * and replay.c with those of files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is computed from an input only so that it is read. */
__attribute__((unused)) static volatile unsigned fuzz_sink;

#define FUZZ_HOLDS(claim)                                                                          \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
