/* slots.h - the samples of one part of the run while they are on their way: which are there, what
 * was said of them, who waits for whom.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SLOTS_H
#define RUN_SLOTS_H

#include "leti/error.h"
#include "leti/plugin.h"
#include "store/store.h"

enum slot_state {
    SLOT_MISSING, /* to be generated */
    SLOT_JUDGING,
    SLOT_FORMATTING,
    SLOT_DONE,
    SLOT_LOST, /* given up */
};

/* What one evaluator says of one sample. */
struct judgement {
    struct leti_verdict verdict; /* once given; its texts live in memory */
    void *memory;
    bool given, reused; /* from an identical program */
    uint32_t attempts;
    size_t slot; /* whose it is, and which evaluator's */
    uint32_t evaluator;
    /* The verdict cache: the key of evaluator, problem and program; the identical programs that
     * wait for this verdict; the next one in the list that this one is in. */
    unsigned char program[STORE_PROGRAM_BYTES];
    bool has_program;
    struct judgement *waiting, *next;
};

struct slot {
    enum slot_state state;
    char *raw; /* owned, NUL-terminated; until the slot is done */
    size_t raw_size, program_size;
    uint32_t tokens;
    enum leti_finish finish;
    float *logprobs;              /* owned, [tokens], or NULL; until the slot is done */
    struct judgement *judgements; /* owned, one an evaluator; until the slot is done */
    uint32_t n_given;
};

/* A slot's number is problem * samples + sample. */
struct slots {
    struct slot *items;
    size_t n;
    uint32_t samples; /* of each problem */
    uint32_t n_evaluators;
};

bool slots_create(struct slots *, size_t n_problems, uint32_t samples, uint32_t n_evaluators,
                  struct leti_error *err);
void slots_free(struct slots *);

/* Gives a missing slot its sample, of which the key does not count. Copies. */
bool slot_fill(struct slots *, size_t number, const struct store_sample *, struct leti_error *err);

/* Keeps the verdict; with feedback and scores, or without. */
bool slot_judge(struct slot *, uint32_t evaluator, const struct leti_verdict *, bool with_texts,
                struct leti_error *err);

/* The worst outcome of its verdicts, all of which are given. */
enum leti_outcome slot_outcome(const struct slots *, const struct slot *);

/* Ends it, and gives back its memory. */
void slot_end(struct slots *, struct slot *, enum slot_state);

/* Judgements in the order that they came in. Zero it to begin with. */
struct judgement_queue {
    struct judgement **items;
    size_t first, n, capacity;
};

bool queue_push(struct judgement_queue *, struct judgement *, struct leti_error *err);
struct judgement *queue_pop(struct judgement_queue *); /* NULL when empty */
void queue_free(struct judgement_queue *);

/* Judgements that are being made, by their program. */
enum { IN_WORK_BUCKETS = 4096 };
struct in_work {
    struct judgement *buckets[IN_WORK_BUCKETS];
};

struct judgement *in_work_find(const struct in_work *, const struct judgement *like);
void in_work_add(struct in_work *, struct judgement *);
void in_work_remove(struct in_work *, struct judgement *);

#endif
