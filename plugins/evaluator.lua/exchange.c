/* exchange.c - a sample as bytes and back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "packing.h"
#include "protocol.h"

enum { N_TEXTS = 6 };

struct head {
    uint32_t iteration, index, tokens, finish, n_extra;
};

bool exchange_pack(const struct leti_sample *sample, char **out, size_t *size,
                   struct leti_error *err)
{
    const struct leti_problem *problem = sample->problem;
    struct leti_bytes texts[N_TEXTS] = { { problem->id, strlen(problem->id) },
                                         problem->prompt,
                                         problem->tests,
                                         problem->reference,
                                         sample->program,
                                         sample->raw };
    struct head head = { sample->iteration, sample->index, sample->tokens, (uint32_t)sample->finish,
                         (uint32_t)problem->n_extra };
    size_t total = sizeof head;
    for (size_t i = 0; i < N_TEXTS; i++)
        total += packed_size(texts[i].size);
    for (size_t i = 0; i < problem->n_extra; i++)
        total +=
            packed_size(strlen(problem->extra[i].key)) + packed_size(problem->extra[i].value.size);
    if (total > MESSAGE_MAX)
        return leti_error_set(err, "a sample of %zu bytes is too long, at most %d", total,
                              (int)MESSAGE_MAX);
    char *payload = malloc(total), *to = payload;
    if (!payload)
        return leti_error_set(err, "no memory for a sample of %zu bytes", total);
    memcpy(to, &head, sizeof head);
    to += sizeof head;
    for (size_t i = 0; i < N_TEXTS; i++)
        to = packed_put(to, texts[i]);
    for (size_t i = 0; i < problem->n_extra; i++) {
        const struct leti_pair *pair = &problem->extra[i];
        to = packed_put(to, (struct leti_bytes){ pair->key, strlen(pair->key) });
        to = packed_put(to, pair->value);
    }
    *out = payload;
    *size = total;
    return true;
}

bool exchange_unpack(const char *payload, size_t size, struct unpacked *out, struct leti_error *err)
{
    struct head head;
    struct leti_bytes texts[N_TEXTS], key;
    const char *at = payload + sizeof head, *end = payload + size;
    if (size < sizeof head)
        return leti_error_set(err, "a sample of %zu bytes", size);
    memcpy(&head, payload, sizeof head);
    if (head.n_extra > size)
        return leti_error_set(err, "a sample with %u extra keys", head.n_extra);
    struct leti_pair *extra = calloc((size_t)head.n_extra + 1, sizeof *extra);
    if (!extra)
        return leti_error_set(err, "no memory for a sample");
    bool ok = true;
    for (size_t i = 0; i < N_TEXTS && ok; i++)
        ok = packed_get(&at, end, &texts[i]);
    for (size_t i = 0; i < head.n_extra && ok; i++) {
        ok = packed_get(&at, end, &key) && packed_get(&at, end, &extra[i].value);
        extra[i].key = ok ? key.data : NULL;
    }
    if (!ok || at != end) {
        free(extra);
        return leti_error_set(err, "a sample that makes no sense");
    }
    out->extra = extra;
    out->problem = (struct leti_problem){ .id = texts[0].data,
                                          .prompt = texts[1],
                                          .tests = texts[2],
                                          .reference = texts[3],
                                          .extra = extra,
                                          .n_extra = head.n_extra };
    out->sample = (struct leti_sample){ .iteration = head.iteration,
                                        .index = head.index,
                                        .program = texts[4],
                                        .raw = texts[5],
                                        .tokens = head.tokens,
                                        .finish = (enum leti_finish)head.finish };
    return true;
}
