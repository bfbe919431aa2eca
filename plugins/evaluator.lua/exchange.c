/* exchange.c - a sample as bytes and back.
 *
 * Each text is a size of 4 bytes, the bytes, and a NUL, so that it can be used where it lies.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "protocol.h"

enum { N_TEXTS = 6 };

struct head {
    uint32_t iteration, index, tokens, finish, n_extra;
};

static size_t packed_size(size_t size)
{
    return sizeof(uint32_t) + size + 1;
}

static char *put(char *to, const char *data, size_t size)
{
    uint32_t n = (uint32_t)size;
    memcpy(to, &n, sizeof n);
    memcpy(to + sizeof n, data, size);
    to[sizeof n + size] = '\0';
    return to + packed_size(size);
}

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
        to = put(to, texts[i].data ? texts[i].data : "", texts[i].size);
    for (size_t i = 0; i < problem->n_extra; i++) {
        const struct leti_pair *pair = &problem->extra[i];
        to = put(to, pair->key, strlen(pair->key));
        to = put(to, pair->value.data, pair->value.size);
    }
    *out = payload;
    *size = total;
    return true;
}

/* Takes the next text off the payload. */
static bool get(const char **at, const char *end, struct leti_bytes *out)
{
    uint32_t n;
    if ((size_t)(end - *at) < sizeof n)
        return false;
    memcpy(&n, *at, sizeof n);
    if ((size_t)(end - *at) < packed_size(n) || (*at)[sizeof n + n] != '\0')
        return false;
    *out = (struct leti_bytes){ *at + sizeof n, n };
    *at += packed_size(n);
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
        ok = get(&at, end, &texts[i]);
    for (size_t i = 0; i < head.n_extra && ok; i++) {
        ok = get(&at, end, &key) && get(&at, end, &extra[i].value);
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
