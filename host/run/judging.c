/* judging - samples to verdicts: queues, the verdict cache, attempts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/judging.h"

#include <stdlib.h>

#include "base/hash.h"
#include "run/observe.h"

/* ---- tags: 2 bits of kind, 14 of evaluator, 48 of number ---- */

uint64_t tag_make(enum unit_kind kind, uint32_t evaluator, size_t number)
{
    return (uint64_t)kind << 62 | (uint64_t)evaluator << 48 | (uint64_t)number;
}

enum unit_kind tag_kind(uint64_t tag)
{
    return (enum unit_kind)(tag >> 62);
}

static uint32_t tag_evaluator(uint64_t tag)
{
    return tag >> 48 & 0x3fff;
}

size_t tag_number(uint64_t tag)
{
    return tag & 0xffffffffffff;
}

/* ---- names ---- */

struct store_key judging_key(const struct judging *judging, size_t slot)
{
    return (struct store_key){ .phase = judging->phase,
                               .iteration = judging->iteration,
                               .problem = (uint32_t)(slot / judging->slots->samples),
                               .sample = (uint32_t)(slot % judging->slots->samples) };
}

struct leti_sample judging_sample(const struct judging *judging, size_t number)
{
    struct store_key key = judging_key(judging, number);
    const struct slot *slot = &judging->slots->items[number];
    return (struct leti_sample){ .problem = &judging->problems->items[key.problem],
                                 .iteration = key.iteration,
                                 .index = key.sample,
                                 .program = { slot->raw, slot->program_size },
                                 .raw = { slot->raw, slot->raw_size },
                                 .tokens = slot->tokens,
                                 .finish = slot->finish,
                                 .logprobs = slot->logprobs };
}

void judging_describe(const struct judging *judging, size_t slot, char *out, size_t size)
{
    struct store_key key = judging_key(judging, slot);
    snprintf(out, size, "%s%s%siteration %u, problem %.64s, sample %u", key.phase ? "test " : "",
             key.phase ? judging->pipeline->tests[key.phase - 1].name : "", key.phase ? ", " : "",
             key.iteration, judging->problems->items[key.problem].id, key.sample);
}

/* ---- life ---- */

bool judging_open(struct judging *judging, struct leti_error *err)
{
    judging->queues = calloc(judging->pipeline->n_evaluators + 1, sizeof *judging->queues);
    if (!judging->queues)
        return leti_error_set(err, "out of memory for evaluators");
    memset(&judging->in_work, 0, sizeof judging->in_work);
    return true;
}

void judging_close(struct judging *judging)
{
    for (size_t i = 0; judging->queues && i < judging->pipeline->n_evaluators; i++)
        queue_free(&judging->queues[i]);
    free(judging->queues);
    judging->queues = NULL;
}

size_t judging_backlog(const struct judging *judging)
{
    size_t n = 0;
    for (size_t i = 0; i < judging->pipeline->n_evaluators; i++)
        n += judging->queues[i].n;
    return n;
}

/* ---- verdicts ---- */

/* Stores the verdict and gives it to its slot. */
static bool give(struct judging *judging, struct judgement *judgement,
                 const struct leti_verdict *verdict, bool reused, struct leti_error *err)
{
    struct slot *slot = &judging->slots->items[judgement->slot];
    struct store_key key = judging_key(judging, judgement->slot);
    struct store_verdict row = { .evaluator = judgement->evaluator,
                                 .attempt = judgement->attempts ? judgement->attempts : 1,
                                 .reused = reused,
                                 .verdict = *verdict };
    bool keep = judgement->has_program && !reused && verdict->outcome != LETI_INFRA;
    if (!store_put_verdict(judging->relay->store, &key, &row, keep ? judgement->program : NULL,
                           err) ||
        !slot_judge(slot, judgement->evaluator, verdict, judging->with_texts, err))
        return false;
    judgement->reused = reused;
    if (slot->n_given < judging->slots->n_evaluators)
        return true;
    observe_sample(judging, judgement->slot);
    return judging->judged(judging->context, judgement->slot, err);
}

/* The verdict that counts: for this program and for those that waited for it. */
static bool settle(struct judging *judging, struct judgement *judgement,
                   const struct leti_verdict *verdict, struct leti_error *err)
{
    struct judgement *waiting = judgement->waiting;
    judgement->waiting = NULL;
    if (judgement->has_program)
        in_work_remove(&judging->in_work, judgement);
    if (!give(judging, judgement, verdict, false, err))
        return false;
    while (waiting) {
        struct judgement *next = waiting->next; /* its slot may end, and it with it */
        waiting->next = NULL;
        if (!give(judging, waiting, verdict, true, err))
            return false;
        waiting = next;
    }
    return true;
}

static struct judgement *find(struct judging *judging, uint64_t tag)
{
    struct slot *slot = &judging->slots->items[tag_number(tag)];
    if (slot->state != SLOT_JUDGING || slot->judgements[tag_evaluator(tag)].given)
        return NULL;
    return &slot->judgements[tag_evaluator(tag)];
}

static bool try_again(struct judging *judging, struct judgement *judgement, const char *why,
                      struct leti_error *err)
{
    struct store_key key = judging_key(judging, judgement->slot);
    observe_retry(judging, judgement, why);
    return store_put_retry(judging->relay->store, &key, judgement->evaluator, judgement->attempts,
                           why, err) &&
           queue_push(&judging->queues[judgement->evaluator], judgement, err);
}

bool judging_verdict(struct judging *judging, uint64_t tag, const struct leti_verdict *verdict,
                     struct leti_error *err)
{
    struct judgement *judgement = find(judging, tag);
    if (!judgement)
        return true;
    if (verdict->outcome == LETI_INFRA && judgement->attempts < JUDGING_ATTEMPTS)
        return try_again(judging, judgement, verdict->reason, err);
    return settle(judging, judgement, verdict, err);
}

bool judging_failed(struct judging *judging, uint64_t tag, const char *why, bool retry,
                    struct leti_error *err)
{
    struct judgement *judgement = find(judging, tag);
    if (!judgement)
        return true;
    if (retry && judgement->attempts < JUDGING_ATTEMPTS)
        return try_again(judging, judgement, why, err);
    struct leti_verdict verdict = { .outcome = LETI_INFRA,
                                    .reason = retry ? "error" : "lost",
                                    .exception = "",
                                    .feedback = { why, strlen(why) } };
    return settle(judging, judgement, &verdict, err);
}

/* ---- handing out ---- */

bool judging_add(struct judging *judging, size_t number, struct leti_error *err)
{
    struct slot *slot = &judging->slots->items[number];
    if (slot->n_given == judging->slots->n_evaluators)
        return judging->judged(judging->context, number, err);
    for (uint32_t i = 0; i < judging->slots->n_evaluators; i++)
        if (!slot->judgements[i].given &&
            !queue_push(&judging->queues[i], &slot->judgements[i], err))
            return false;
    return true;
}

/* The key of evaluator (its options included), problem and program. */
static void set_program(const struct judging *judging, struct judgement *judgement,
                        const struct leti_sample *sample)
{
    const struct stage *stage = judging->pipeline->evaluators[judgement->evaluator];
    const struct leti_problem *problem = sample->problem;
    unsigned char digest[HASH_BYTES];
    struct hash hash;
    hash_begin(&hash);
    hash_add_part(&hash, stage->options.name, strlen(stage->options.name));
    hash_add_part(&hash, problem->id, strlen(problem->id));
    hash_add_part(&hash, problem->prompt.data, problem->prompt.size);
    hash_add_part(&hash, problem->tests.data, problem->tests.size);
    for (size_t i = 0; i < problem->n_extra; i++) {
        hash_add_part(&hash, problem->extra[i].key, strlen(problem->extra[i].key));
        hash_add_part(&hash, problem->extra[i].value.data, problem->extra[i].value.size);
    }
    hash_add_part(&hash, sample->program.data, sample->program.size);
    hash_end(&hash, digest);
    memcpy(judgement->program, digest, sizeof judgement->program);
    judgement->has_program = true;
}

/* Settles the judgement by an identical program's verdict where there is one, or lets it wait for
 * the one that is being made. *settled: nothing is left to do. */
static bool reuse(struct judging *judging, struct judgement *judgement,
                  const struct leti_sample *sample, bool *settled, struct leti_error *err)
{
    struct leti_verdict verdict;
    *settled = true;
    set_program(judging, judgement, sample);
    struct judgement *leader = in_work_find(&judging->in_work, judgement);
    if (leader) {
        judgement->has_program = false;
        judgement->next = leader->waiting;
        leader->waiting = judgement;
        return true;
    }
    bool found = false;
    if (!store_find_verdict(judging->relay->store, judgement->program, &found, &verdict, err))
        return false;
    if (found)
        return give(judging, judgement, &verdict, true, err);
    in_work_add(&judging->in_work, judgement);
    *settled = false;
    return true;
}

static bool hand_out(struct judging *judging, struct judgement *judgement, struct leti_error *err)
{
    const struct stage *stage = judging->pipeline->evaluators[judgement->evaluator];
    struct leti_sample sample = judging_sample(judging, judgement->slot);
    char what[256];
    bool settled = false;
    if (judging->pipeline->cache && stage->plugin.desc->evaluator.deterministic &&
        !judgement->attempts && !reuse(judging, judgement, &sample, &settled, err))
        return false;
    if (settled)
        return true;
    judgement->attempts++;
    judging_describe(judging, judgement->slot, what, sizeof what);
    return hub_evaluate(judging->relay->hub, stage,
                        tag_make(UNIT_EVALUATE, judgement->evaluator, judgement->slot), what,
                        &sample, err);
}

bool judging_turn(struct judging *judging, struct leti_error *err)
{
    for (size_t i = 0; i < judging->pipeline->n_evaluators; i++) {
        const struct stage *stage = judging->pipeline->evaluators[i];
        while (judging->queues[i].n && hub_room(judging->relay->hub, stage))
            if (!hand_out(judging, queue_pop(&judging->queues[i]), err))
                return false;
    }
    return true;
}
