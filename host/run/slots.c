/* slots - the samples of one part of the run while they are on their way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/slots.h"

#include <stdlib.h>

static bool out_of_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for samples");
}

bool slots_create(struct slots *slots, size_t n_problems, uint32_t samples, uint32_t n_evaluators,
                  struct leti_error *err)
{
    size_t n;
    if (__builtin_mul_overflow(n_problems, (size_t)samples, &n))
        return out_of_memory(err);
    struct slot *items = calloc(n + 1, sizeof *items);
    if (!items)
        return out_of_memory(err);
    *slots = (struct slots){ items, n, samples, n_evaluators };
    return true;
}

static void release(struct slots *slots, struct slot *slot)
{
    for (uint32_t i = 0; slot->judgements && i < slots->n_evaluators; i++)
        free(slot->judgements[i].memory);
    free(slot->judgements);
    free(slot->raw);
    free(slot->logprobs);
    slot->judgements = NULL;
    slot->raw = NULL;
    slot->logprobs = NULL;
}

void slots_free(struct slots *slots)
{
    for (size_t i = 0; i < slots->n; i++)
        release(slots, &slots->items[i]);
    free(slots->items);
    *slots = (struct slots){ 0 };
}

bool slot_fill(struct slots *slots, size_t number, const struct store_sample *sample,
               struct leti_error *err)
{
    struct slot *slot = &slots->items[number];
    size_t size = sample->raw.size, n = sample->logprobs ? sample->tokens : 0;
    char *copy = malloc(size + 1);
    float *logprobs = n ? malloc(n * sizeof *logprobs) : NULL;
    struct judgement *judgements = calloc((size_t)slots->n_evaluators + 1, sizeof *judgements);
    if (!copy || (n && !logprobs) || !judgements) {
        free(copy);
        free(logprobs);
        free(judgements);
        return out_of_memory(err);
    }
    memcpy(copy, sample->raw.data, size);
    copy[size] = '\0';
    if (n)
        memcpy(logprobs, sample->logprobs, n * sizeof *logprobs);
    for (uint32_t i = 0; i < slots->n_evaluators; i++) {
        judgements[i].slot = number;
        judgements[i].evaluator = i;
    }
    *slot = (struct slot){ .state = SLOT_JUDGING,
                           .raw = copy,
                           .raw_size = size,
                           .program_size = sample->program_size,
                           .tokens = sample->tokens,
                           .finish = sample->finish,
                           .logprobs = logprobs,
                           .judgements = judgements };
    return true;
}

/* Copies bytes and a NUL to *to, and moves it on. */
static struct leti_bytes put_bytes(char **to, const char *data, size_t size)
{
    char *begin = *to;
    memcpy(begin, data, size);
    begin[size] = '\0';
    *to += size + 1;
    return (struct leti_bytes){ begin, size };
}

static size_t texts_size(const struct leti_verdict *v)
{
    size_t size = strlen(v->reason) + strlen(v->exception) + v->feedback.size + 3;
    for (size_t i = 0; i < v->n_scores; i++)
        size += strlen(v->scores[i].key) + v->scores[i].value.size + 2;
    return size;
}

/* A copy of the verdict whose texts stand behind its scores in one piece of memory. */
static bool copy_verdict(const struct leti_verdict *from, struct leti_verdict *out, void **memory,
                         struct leti_error *err)
{
    struct leti_pair *scores = malloc(from->n_scores * sizeof *scores + texts_size(from));
    if (!scores)
        return out_of_memory(err);
    char *to = (char *)(scores + from->n_scores);
    *out = *from;
    out->reason = put_bytes(&to, from->reason, strlen(from->reason)).data;
    out->exception = put_bytes(&to, from->exception, strlen(from->exception)).data;
    out->feedback = put_bytes(&to, from->feedback.data, from->feedback.size);
    out->scores = scores;
    for (size_t i = 0; i < from->n_scores; i++) {
        const struct leti_pair *pair = &from->scores[i];
        scores[i].key = put_bytes(&to, pair->key, strlen(pair->key)).data;
        scores[i].value = put_bytes(&to, pair->value.data, pair->value.size);
    }
    *memory = scores;
    return true;
}

bool slot_judge(struct slot *slot, uint32_t evaluator, const struct leti_verdict *verdict,
                bool with_texts, struct leti_error *err)
{
    struct judgement *judgement = &slot->judgements[evaluator];
    struct leti_verdict kept = *verdict;
    if (!with_texts) {
        kept.feedback = (struct leti_bytes){ "", 0 };
        kept.n_scores = 0;
    }
    if (!copy_verdict(&kept, &judgement->verdict, &judgement->memory, err))
        return false;
    judgement->given = true;
    slot->n_given++;
    return true;
}

enum leti_outcome slot_outcome(const struct slots *slots, const struct slot *slot)
{
    enum leti_outcome worst = LETI_PASSED;
    for (uint32_t i = 0; i < slots->n_evaluators; i++)
        if (slot->judgements[i].verdict.outcome > worst)
            worst = slot->judgements[i].verdict.outcome;
    return worst;
}

void slot_end(struct slots *slots, struct slot *slot, enum slot_state state)
{
    release(slots, slot);
    slot->state = state;
}

bool queue_push(struct judgement_queue *queue, struct judgement *judgement, struct leti_error *err)
{
    if (queue->n == queue->capacity) {
        size_t larger = queue->capacity ? 2 * queue->capacity : 1024;
        struct judgement **items = calloc(larger, sizeof *items);
        if (!items)
            return out_of_memory(err);
        for (size_t i = 0; i < queue->n; i++)
            items[i] = queue->items[(queue->first + i) % queue->capacity];
        free(queue->items);
        queue->items = items;
        queue->first = 0;
        queue->capacity = larger;
    }
    queue->items[(queue->first + queue->n++) % queue->capacity] = judgement;
    return true;
}

struct judgement *queue_pop(struct judgement_queue *queue)
{
    if (!queue->n)
        return NULL;
    struct judgement *judgement = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->n--;
    return judgement;
}

void queue_free(struct judgement_queue *queue)
{
    free(queue->items);
    *queue = (struct judgement_queue){ 0 };
}

/* The key is the beginning of a hash: any of its bytes do. */
static size_t bucket_of(const struct judgement *judgement)
{
    return (judgement->program[0] | (size_t)judgement->program[1] << 8) % IN_WORK_BUCKETS;
}

struct judgement *in_work_find(const struct in_work *in_work, const struct judgement *like)
{
    struct judgement *at = in_work->buckets[bucket_of(like)];
    while (at && memcmp(at->program, like->program, sizeof at->program) != 0)
        at = at->next;
    return at;
}

void in_work_add(struct in_work *in_work, struct judgement *judgement)
{
    struct judgement **bucket = &in_work->buckets[bucket_of(judgement)];
    judgement->next = *bucket;
    *bucket = judgement;
}

void in_work_remove(struct in_work *in_work, struct judgement *judgement)
{
    struct judgement **at = &in_work->buckets[bucket_of(judgement)];
    while (*at && *at != judgement)
        at = &(*at)->next;
    if (*at)
        *at = judgement->next;
    judgement->next = NULL;
}
