/* program.h - what evaluator.python hands over with each program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

/* The set-up code and the text follow. */
struct program {
    uint32_t setup_size; /* bytes */
    uint32_t tests_from; /* bytes of the text before the tests */
    uint32_t tests_line; /* the line, from 1, on which they start */
};

#endif
