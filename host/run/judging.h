/* judging.h - samples to verdicts: queues, the verdict cache, attempts.
 *
 * A deterministic evaluator judges the same program for the same problem once: later ones take
 * the verdict from the store, and those that come while it is being made wait for it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_JUDGING_H
#define RUN_JUDGING_H

#include "run/problems.h"
#include "run/relay.h"
#include "run/slots.h"

enum { JUDGING_ATTEMPTS = 3 };

/* The part's samples and where they belong; shared with who fills the slots. */
struct judging {
    struct relay *relay;
    struct observers *observers; /* see observe.h; may be NULL */
    const struct pipeline *pipeline;
    const struct problems *problems;
    struct slots *slots;
    uint32_t phase, iteration;
    bool with_texts; /* verdicts are wanted after they are stored */
    /* Called when a slot has its last verdict. */
    bool (*judged)(void *context, size_t slot, struct leti_error *err);
    void *context;
    struct judgement_queue *queues; /* one an evaluator */
    struct in_work in_work;
};

/* The caller has filled in all but queues and in_work. */
bool judging_open(struct judging *, struct leti_error *err);
void judging_close(struct judging *);

/* Queues what is missing of a filled slot's verdicts. */
bool judging_add(struct judging *, size_t slot, struct leti_error *err);

/* Hands out as much as the evaluators have room for. */
bool judging_turn(struct judging *, struct leti_error *err);

/* Samples that wait to be handed out. */
size_t judging_backlog(const struct judging *);

/* What the hub says of a unit that judging_turn submitted; `tag` less its kind. */
bool judging_verdict(struct judging *, uint64_t tag, const struct leti_verdict *,
                     struct leti_error *err);
/* The evaluator failed, or was lost with the unit: `retry` says whether another attempt makes
 * sense. */
bool judging_failed(struct judging *, uint64_t tag, const char *why, bool retry,
                    struct leti_error *err);

/* The key and the sample of a slot; what they point to lives as long as the slot is open. */
struct store_key judging_key(const struct judging *, size_t slot);
struct leti_sample judging_sample(const struct judging *, size_t slot);

/* "iteration 2, problem 601, sample 3" */
void judging_describe(const struct judging *, size_t slot, char *out, size_t size);

/* A unit's tag: what it is, whose, and of which slot or request. */
enum unit_kind { UNIT_GENERATE, UNIT_EVALUATE, UNIT_FORMAT };
uint64_t tag_make(enum unit_kind, uint32_t evaluator, size_t number);
enum unit_kind tag_kind(uint64_t tag);
size_t tag_number(uint64_t tag);

#endif
