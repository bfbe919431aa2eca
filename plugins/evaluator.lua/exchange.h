/* exchange.h - what the stage and its helper say to each other, as payloads of protocol.h.
 *
 *     stage                                   leti-lua
 *     SETTINGS struct setup, function, file ->
 *                                           <- READY what was printed, or FAILED and a text
 *     PROGRAM  packed sample                ->                                    } for every
 *                                           <- RESULT struct answer, feedback,    } sample
 *                                                     what was printed            }
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"
#include "leti/plugin.h"

enum {
    NAME_MAX_BYTES = 64, /* of a reason or a score, with its NUL */
    TYPE_MAX_BYTES = 256,
    TEXT_MAX_BYTES = 64 << 10, /* of a feedback */
    PRINTED_MAX_BYTES = 4 << 10,
    SCORES_MAX = 32,
};

struct setup {
    uint64_t timeout_ns;    /* processor time of one call */
    uint64_t memory_bytes;  /* of the Lua state */
    uint32_t function_size; /* of the function's name; the file's comes after it */
    uint32_t unused;
};

enum { ANSWER_NONE, ANSWER_PASSED, ANSWER_FAILED, ANSWER_BROKEN };

struct score {
    char name[NAME_MAX_BYTES];
    double value;
};

struct answer {
    uint32_t outcome; /* written last */
    uint32_t n_scores;
    uint32_t feedback_size, printed_size;
    double seconds;
    char reason[NAME_MAX_BYTES];
    char exception[TYPE_MAX_BYTES];
    struct score scores[SCORES_MAX];
};

/* An answer with its texts, in memory that the helper's child shares with the helper. */
struct sheet {
    struct answer answer;
    char feedback[TEXT_MAX_BYTES];
    char printed[PRINTED_MAX_BYTES];
};

/* The sample as one payload. *out (malloc) is the caller's. */
bool exchange_pack(const struct leti_sample *sample, char **out, size_t *size,
                   struct leti_error *err);

struct unpacked {
    struct leti_sample sample;
    struct leti_problem problem;
    struct leti_pair *extra; /* malloc; all else points into the payload */
};

/* The other way. *out points into the payload. */
bool exchange_unpack(const char *payload, size_t size, struct unpacked *out,
                     struct leti_error *err);

#endif
