/* observe - what a run tells its observers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/observe.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/observer.h"
#include "result/result.h"

struct observers {
    struct observer **items;
    size_t n;
    double begun;
    uint64_t steps_before, steps; /* gradient steps before this training, and in it */
    uint32_t touched;             /* the iteration of the last part that was worked on, */
    bool any;                     /* if there was any */
};

static double now(void)
{
    struct timespec time = { 0 };
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void tell(struct observers *observers, struct leti_event event)
{
    event.size = sizeof event;
    event.time = now();
    event.steps = observers->steps_before + observers->steps;
    for (size_t i = 0; i < observers->n; i++)
        observer_tell(observers->items[i], &event);
}

/* ---- beginning and end ---- */

/* The trainings that are done: the last one's iteration, and the gradient steps of all, 0 where the
 * trainer tells none. */
static void trained(struct run *run, uint32_t *iteration, uint64_t *steps)
{
    static const char *const sql =
        "SELECT max(iteration), sum((SELECT value FROM metric WHERE iteration = part.iteration AND "
        "stage = ? AND name = 'steps' ORDER BY step DESC LIMIT 1)) "
        "FROM part WHERE part = 'train' AND done";
    struct store_rows *rows = NULL;
    double sum = 0;
    *iteration = 0;
    *steps = 0;
    if (!run->pipeline->trainer || !store_select(run->store, sql, &rows, NULL))
        return;
    if (store_bind_text(rows, 1, run->pipeline->trainer->options.name, NULL) &&
        store_next(rows, NULL) == LETI_OK) {
        *iteration = (uint32_t)store_number(rows, 0);
        sum = store_real(rows, 1);
    }
    store_rows_close(rows);
    if (sum >= 0 && sum < 1e18)
        *steps = (uint64_t)sum;
}

static void close_all(struct observers *observers)
{
    for (size_t i = 0; i < observers->n; i++)
        observer_close(observers->items[i]);
    for (size_t i = 0; i < observers->n; i++)
        observer_end(observers->items[i]);
    free(observers->items);
    free(observers);
}

static bool start_all(struct run *run, struct observers *observers, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    observers->items = calloc(pipeline->n_observers, sizeof(struct observer *));
    if (!observers->items)
        return leti_error_set(err, "out of memory");
    for (; observers->n < pipeline->n_observers; observers->n++)
        if (!observer_start(pipeline->observers[observers->n], run->folder.path, pipeline->seed,
                            &observers->items[observers->n], err))
            return false;
    return true;
}

bool observe_begin(struct run *run, bool resumed, struct leti_error *err)
{
    if (!run->pipeline->n_observers)
        return true;
    struct observers *observers = calloc(1, sizeof *observers);
    if (!observers)
        return leti_error_set(err, "out of memory");
    observers->begun = clock_seconds();
    trained(run, &observers->touched, &observers->steps_before);
    if (!start_all(run, observers, err)) {
        close_all(observers);
        return false;
    }
    run->observers = observers;
    tell(observers, (struct leti_event){ .kind = LETI_EVENT_RUN_BEGINS,
                                         .iteration = observers->touched,
                                         .run = { .name = run->folder.name,
                                                  .folder = run->folder.path,
                                                  .resumed = resumed,
                                                  .iterations = run->pipeline->iterations,
                                                  .seed = run->pipeline->seed } });
    return true;
}

void observe_end(struct run *run, const char *why)
{
    struct observers *observers = run->observers;
    if (!observers)
        return;
    tell(observers,
         (struct leti_event){ .kind = LETI_EVENT_RUN_ENDS,
                              .iteration = observers->touched,
                              .end = { .finished = !why,
                                       .why = why ? why : "",
                                       .seconds = clock_seconds() - observers->begun } });
    close_all(observers);
    run->observers = NULL;
}

/* ---- parts ---- */

void observe_part_begins(struct run *run, uint32_t iteration, const char *part)
{
    struct observers *observers = run->observers;
    if (!observers)
        return;
    trained(run, &observers->touched, &observers->steps_before);
    observers->any = true;
    observers->touched = iteration;
    observers->steps = 0;
    tell(observers, (struct leti_event){ .kind = LETI_EVENT_PART_BEGINS,
                                         .iteration = iteration,
                                         .part = { .name = part } });
}

void observe_part_ends(struct run *run, uint32_t iteration, const char *part, double seconds,
                       bool done)
{
    if (run->observers)
        tell(run->observers,
             (struct leti_event){ .kind = LETI_EVENT_PART_ENDS,
                                  .iteration = iteration,
                                  .part = { .name = part, .seconds = seconds, .done = done } });
}

/* A result that cannot be had is missed, as an event that an observer was too slow for. */
void observe_test(struct run *run, uint32_t test, uint32_t iteration)
{
    struct result result;
    struct leti_error err;
    if (!run->observers)
        return;
    if (!result_of(run->store, test + 1, iteration, run->tests[test].n,
                   run->pipeline->tests[test].samples, &result, &err)) {
        log_line(LETI_LOG_WARN, "observers are not told a test's result: %s", err.text);
        return;
    }
    struct leti_event event = { .kind = LETI_EVENT_TEST,
                                .iteration = iteration,
                                .test = { .name = run->pipeline->tests[test].name,
                                          .n_problems = (uint32_t)result.n_problems,
                                          .n_samples = result.n_samples,
                                          .low = result.interval.low,
                                          .high = result.interval.high,
                                          .solve_rate = result.solve_rate,
                                          .infra = result.infra } };
    for (int i = 0; i < RESULT_KS; i++) {
        if (!result.has_pass[i])
            continue;
        event.test.k[event.test.n_k] = result_ks[i];
        event.test.pass[event.test.n_k++] = result.pass[i];
    }
    tell(run->observers, event);
}

void observe_iteration(struct run *run, uint32_t iteration)
{
    struct counts counts = { 0 };
    struct leti_error err;
    double sampling, training;
    bool done;
    if (!run->observers || !run->observers->any || run->observers->touched != iteration)
        return;
    if (!counts_of(run->store, STORE_TRAINING, iteration, &counts, &err) ||
        !store_part(run->store, iteration, "sample", &done, &sampling, &err) ||
        !store_part(run->store, iteration, "train", &done, &training, &err)) {
        log_line(LETI_LOG_WARN, "observers are not told an iteration's counts: %s", err.text);
        return;
    }
    tell(run->observers, (struct leti_event){ .kind = LETI_EVENT_ITERATION,
                                              .iteration = iteration,
                                              .counts = { .sampled = counts.sampled,
                                                          .passed = counts.passed,
                                                          .reused = counts.reused,
                                                          .infra = counts.infra,
                                                          .sample_seconds = sampling,
                                                          .train_seconds = training } });
}

/* ---- numbers, samples ---- */

void observe_metric(struct observers *observers, uint32_t iteration, const char *stage,
                    const char *name, uint64_t step, double value)
{
    if (!observers)
        return;
    if (!strcmp(name, "steps") && value >= 0 && value < 1e18)
        observers->steps = (uint64_t)value;
    tell(observers, (struct leti_event){
                        .kind = LETI_EVENT_METRIC,
                        .iteration = iteration,
                        .metric = { .stage = stage, .name = name, .step = step, .value = value } });
}

static const char *test_of(const struct judging *judging)
{
    return judging->phase ? judging->pipeline->tests[judging->phase - 1].name : "";
}

void observe_sample(const struct judging *judging, size_t number)
{
    const struct slot *slot = &judging->slots->items[number];
    const struct store_key key = judging_key(judging, number);
    if (!judging->observers)
        return;
    struct leti_event event = { .kind = LETI_EVENT_SAMPLE,
                                .iteration = key.iteration,
                                .sample = { .test = test_of(judging),
                                            .problem = judging->problems->items[key.problem].id,
                                            .index = key.sample,
                                            .tokens = slot->tokens,
                                            .outcome = slot_outcome(judging->slots, slot),
                                            .reason = "",
                                            .exception = "" } };
    for (uint32_t i = judging->slots->n_evaluators; i-- > 0;) {
        const struct judgement *judgement = &slot->judgements[i];
        event.sample.seconds += judgement->verdict.seconds;
        event.sample.reused |= judgement->reused;
        if (judgement->verdict.outcome != event.sample.outcome)
            continue;
        event.sample.reason = judgement->verdict.reason;
        event.sample.exception = judgement->verdict.exception;
    }
    tell(judging->observers, event);
}

static void tell_trouble(const struct judging *judging, enum leti_event_kind kind, size_t slot,
                         const char *stage, uint32_t attempt, const char *why)
{
    const struct store_key key = judging_key(judging, slot);
    if (judging->observers)
        tell(judging->observers,
             (struct leti_event){ .kind = kind,
                                  .iteration = key.iteration,
                                  .trouble = { .test = test_of(judging),
                                               .problem = judging->problems->items[key.problem].id,
                                               .index = key.sample,
                                               .attempt = attempt,
                                               .stage = stage,
                                               .why = why } });
}

void observe_retry(const struct judging *judging, const struct judgement *judgement,
                   const char *why)
{
    tell_trouble(judging, LETI_EVENT_RETRY, judgement->slot,
                 judging->pipeline->evaluators[judgement->evaluator]->options.name,
                 judgement->attempts, why);
}

void observe_lost(const struct judging *judging, size_t slot, const char *stage, const char *why)
{
    tell_trouble(judging, LETI_EVENT_LOST, slot, stage, 0, why);
}
