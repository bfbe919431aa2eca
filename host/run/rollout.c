/* rollout - one part of a run that samples.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/rollout.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cut.h"
#include "base/text.h"
#include "run/judging.h"
#include "run/observe.h"
#include "run/progress.h"
#include "run/sampling.h"
#include "run/slots.h"
#include "store/packed.h"

/* Generation waits while so many samples wait to be judged. */
enum { BACKLOG_LIMIT = 8192 };

/* A run of missing samples of one problem. */
struct wanted {
    uint32_t problem, first, n;
};

struct rollout {
    const struct rollout_config *config;
    struct slots slots;
    struct judging judging;
    struct wanted *wanted;
    size_t n_wanted, n_requested;
    size_t *to_format; /* slots, a ring as large as there are slots */
    size_t format_first, n_to_format;
    size_t n_ended, n_passed, n_judged, n_infra; /* slots */
    size_t n_absent;                             /* slots that stay empty: nothing is generated */
    struct progress progress;
};

/* ---- the end of a slot ---- */

/* Why samples could not be had or judged, the most frequent cause first. */
static void tell_causes(struct rollout *rollout, struct text *out)
{
    static const char *const sql =
        "SELECT why, count(*) AS n FROM ("
        " SELECT reason || CASE WHEN length(feedback) THEN ': ' || substr(feedback, 1, 120) "
        "  ELSE '' END AS why FROM verdict WHERE phase = ?1 AND iteration = ?2 AND outcome = 2"
        " UNION ALL SELECT stage || ': ' || substr(why, 1, 120) FROM lost"
        "  WHERE phase = ?1 AND iteration = ?2) GROUP BY why ORDER BY n DESC LIMIT 3";
    struct store_rows *rows = NULL;
    const struct rollout_config *config = rollout->config;
    if (!store_select(config->relay->store, sql, &rows, NULL))
        return;
    if (store_bind_number(rows, 1, config->phase, NULL) &&
        store_bind_number(rows, 2, config->iteration, NULL))
        while (store_next(rows, NULL) == LETI_OK)
            text_printf(out, "; %" PRId64 " x %s", store_number(rows, 1), store_text(rows, 0));
    store_rows_close(rows);
}

static bool count_infra(struct rollout *rollout, struct leti_error *err)
{
    double limit = rollout->config->pipeline->infra_limit * (double)rollout->slots.n;
    rollout->n_infra++;
    if ((double)rollout->n_infra <= limit)
        return true;
    struct text causes = { 0 };
    tell_causes(rollout, &causes);
    leti_error_set(err,
                   "%s: %zu of %zu samples met infrastructure errors, more than infra_limit %g "
                   "allows%s",
                   rollout->config->label, rollout->n_infra, rollout->slots.n,
                   rollout->config->pipeline->infra_limit, text_string(&causes));
    text_free(&causes);
    return false;
}

static void end_slot(struct rollout *rollout, size_t number, enum slot_state state)
{
    slot_end(&rollout->slots, &rollout->slots.items[number], state);
    rollout->n_ended++;
}

static bool lose(struct rollout *rollout, size_t number, const char *stage, const char *why,
                 struct leti_error *err)
{
    struct store_key key = judging_key(&rollout->judging, number);
    if (!store_put_lost(rollout->config->relay->store, &key, stage, why, err))
        return false;
    observe_lost(&rollout->judging, number, stage, why);
    end_slot(rollout, number, SLOT_LOST);
    return count_infra(rollout, err);
}

/* A slot has its last verdict: it is made into an example, or ends. */
static bool on_judged(void *context, size_t number, struct leti_error *err)
{
    struct rollout *rollout = context;
    struct slot *slot = &rollout->slots.items[number];
    enum leti_outcome outcome = slot_outcome(&rollout->slots, slot);
    rollout->n_judged += outcome != LETI_INFRA;
    rollout->n_passed += outcome == LETI_PASSED;
    if (outcome == LETI_INFRA) {
        end_slot(rollout, number, SLOT_DONE);
        return count_infra(rollout, err);
    }
    if (!rollout->config->format) {
        end_slot(rollout, number, SLOT_DONE);
        return true;
    }
    slot->state = SLOT_FORMATTING;
    size_t place = (rollout->format_first + rollout->n_to_format++) % rollout->slots.n;
    rollout->to_format[place] = number;
    return true;
}

/* ---- what comes out of the hub ---- */

static bool take_sample(struct rollout *rollout, size_t number, const struct leti_output *output,
                        struct leti_error *err)
{
    const struct pipeline *pipeline = rollout->config->pipeline;
    struct store_sample row = { .key = judging_key(&rollout->judging, number),
                                .raw = output->raw,
                                .tokens = output->tokens,
                                .finish = output->finish,
                                .logprobs = output->logprobs };
    row.program_size = rollout->config->uncut
                           ? row.raw.size
                           : cut_length(row.raw.data, row.raw.size,
                                        (const char *const *)pipeline->post, pipeline->n_post);
    return store_put_sample(rollout->config->relay->store, &row, err) &&
           slot_fill(&rollout->slots, number, &row, err) &&
           judging_add(&rollout->judging, number, err);
}

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    struct rollout *rollout = context;
    const struct wanted *wanted = &rollout->wanted[tag_number(tag)];
    if (output->index < wanted->first || output->index - wanted->first >= wanted->n)
        return leti_error_set(err, "%s: gave sample %u where %u to %u were wanted",
                              rollout->config->pipeline->generator->options.name, output->index,
                              wanted->first, wanted->first + wanted->n - 1);
    size_t number = (size_t)wanted->problem * rollout->slots.samples + output->index;
    if (rollout->slots.items[number].state != SLOT_MISSING)
        return true;
    return take_sample(rollout, number, output, err);
}

/* A request ended: what it has not given will not come. */
static bool end_request(struct rollout *rollout, size_t request, const char *why,
                        struct leti_error *err)
{
    const struct wanted *wanted = &rollout->wanted[request];
    size_t first = (size_t)wanted->problem * rollout->slots.samples + wanted->first;
    const char *stage = rollout->config->pipeline->generator->options.name;
    for (size_t i = first; i < first + wanted->n; i++)
        if (rollout->slots.items[i].state == SLOT_MISSING && !lose(rollout, i, stage, why, err))
            return false;
    return true;
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    return end_request(context, tag_number(tag), "the generator did not give it", err);
}

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    struct rollout *rollout = context;
    return judging_verdict(&rollout->judging, tag, verdict, err);
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    struct rollout *rollout = context;
    size_t number = tag_number(tag);
    struct store_key key = judging_key(&rollout->judging, number);
    struct leti_example row = { .iteration = key.iteration,
                                .problem = rollout->config->problems->items[key.problem].id,
                                .index = key.sample,
                                .spans = example->spans,
                                .n_spans = example->n_spans };
    if (rollout->slots.items[number].state != SLOT_FORMATTING)
        return true;
    end_slot(rollout, number, SLOT_DONE);
    return store_put_example(rollout->config->relay->store, key.problem, &row, err);
}

static bool give_up(struct rollout *rollout, uint64_t tag, const char *why, bool retry,
                    struct leti_error *err)
{
    char what[256];
    switch (tag_kind(tag)) {
    case UNIT_GENERATE:
        return end_request(rollout, tag_number(tag), why, err);
    case UNIT_EVALUATE:
        return judging_failed(&rollout->judging, tag, why, retry, err);
    case UNIT_FORMAT:
        break;
    }
    judging_describe(&rollout->judging, tag_number(tag), what, sizeof what);
    return leti_error_set(err, "%s: %s: %s", rollout->config->pipeline->formatter->options.name,
                          what, why);
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    return give_up(context, tag, why, true, err);
}

static bool on_lost(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    return give_up(context, tag, why, false, err);
}

/* ---- what the store has already ---- */

/* Opens a select whose parameters are the phase and the iteration. */
static bool select_part(struct rollout *rollout, const char *sql, struct store_rows **out,
                        struct leti_error *err)
{
    const struct rollout_config *config = rollout->config;
    struct store_rows *rows = NULL;
    if (!store_select(config->relay->store, sql, &rows, err))
        return false;
    if (!store_bind_number(rows, 1, config->phase, err) ||
        !store_bind_number(rows, 2, config->iteration, err)) {
        store_rows_close(rows);
        return false;
    }
    *out = rows;
    return true;
}

/* The slot that the row's first two columns name; NULL where it is not one of these. */
static struct slot *slot_of(struct rollout *rollout, const struct store_rows *rows, size_t *number)
{
    uint64_t problem = (uint64_t)store_number(rows, 0), sample = (uint64_t)store_number(rows, 1);
    if (problem >= rollout->config->problems->n || sample >= rollout->slots.samples)
        return NULL;
    *number = problem * rollout->slots.samples + sample;
    return &rollout->slots.items[*number];
}

static bool load_sample(struct rollout *rollout, struct store_rows *rows, struct leti_error *err)
{
    size_t number;
    struct store_sample sample = { .raw = store_bytes(rows, 2),
                                   .program_size = (size_t)store_number(rows, 3),
                                   .tokens = (uint32_t)store_number(rows, 4),
                                   .finish = (enum leti_finish)store_number(rows, 5) };
    if (!slot_of(rollout, rows, &number))
        return true;
    if (sample.program_size > sample.raw.size)
        sample.program_size = sample.raw.size;
    sample.logprobs = store_floats(rows, 6, sample.tokens);
    return slot_fill(&rollout->slots, number, &sample, err);
}

static bool load_verdict(struct rollout *rollout, struct store_rows *rows, struct leti_error *err)
{
    size_t number, n_scores = 0;
    struct leti_pair *scores = NULL;
    struct slot *slot = slot_of(rollout, rows, &number);
    uint64_t evaluator = (uint64_t)store_number(rows, 2);
    if (!slot || slot->state != SLOT_JUDGING || evaluator >= rollout->slots.n_evaluators)
        return true;
    if (!store_is_null(rows, 8) && !packed_pairs(store_bytes(rows, 8), &scores, &n_scores, err))
        return false;
    struct leti_verdict verdict = { .outcome = (enum leti_outcome)store_number(rows, 3),
                                    .reason = store_text(rows, 4),
                                    .exception = store_text(rows, 5),
                                    .feedback = store_bytes(rows, 6),
                                    .seconds = store_real(rows, 7),
                                    .scores = scores,
                                    .n_scores = n_scores };
    bool kept = slot_judge(slot, (uint32_t)evaluator, &verdict, rollout->config->format, err);
    free(scores);
    return kept;
}

/* A sample with an example has nothing left to do. */
static bool load_example(struct rollout *rollout, struct store_rows *rows, struct leti_error *err)
{
    size_t number;
    struct slot *slot = slot_of(rollout, rows, &number);
    (void)err;
    if (!slot || slot->state != SLOT_JUDGING || slot->n_given < rollout->slots.n_evaluators)
        return true;
    rollout->n_judged++;
    rollout->n_passed += slot_outcome(&rollout->slots, slot) == LETI_PASSED;
    end_slot(rollout, number, SLOT_DONE);
    return true;
}

static bool load_rows(struct rollout *rollout, const char *sql,
                      bool (*load)(struct rollout *, struct store_rows *, struct leti_error *),
                      struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!select_part(rollout, sql, &rows, err))
        return false;
    enum leti_status status;
    while ((status = store_next(rows, err)) == LETI_OK)
        if (!load(rollout, rows, err)) {
            status = LETI_ERROR;
            break;
        }
    store_rows_close(rows);
    return status == LETI_DONE;
}

static bool load(struct rollout *rollout, struct leti_error *err)
{
    const struct rollout_config *config = rollout->config;
    struct store *store = config->relay->store;
    if (!store_forget_infra(store, config->phase, config->iteration, err) ||
        !store_commit(store, err) ||
        !load_rows(rollout,
                   "SELECT problem, sample, raw, program_size, tokens, finish, logprobs "
                   "FROM sample WHERE phase = ? AND iteration = ?",
                   load_sample, err) ||
        !load_rows(rollout,
                   "SELECT problem, sample, evaluator, outcome, reason, exception, feedback, "
                   "seconds, scores FROM verdict WHERE phase = ? AND iteration = ?",
                   load_verdict, err))
        return false;
    if (config->format && !load_rows(rollout,
                                     "SELECT problem, sample FROM example "
                                     "WHERE ?1 = 0 AND iteration = ?2",
                                     load_example, err))
        return false;
    for (size_t i = 0; i < rollout->slots.n; i++)
        if (rollout->slots.items[i].state == SLOT_JUDGING &&
            !judging_add(&rollout->judging, i, err))
            return false;
    return true;
}

/* ---- handing out ---- */

/* Writes down the runs of missing samples; where nothing is generated, they are done. */
static bool plan_requests(struct rollout *rollout, struct leti_error *err)
{
    uint32_t samples = rollout->slots.samples;
    size_t n = 0;
    for (size_t i = 0; i < rollout->slots.n; i++)
        n += rollout->slots.items[i].state == SLOT_MISSING;
    if (!rollout->config->model) {
        rollout->n_ended += n;
        rollout->n_absent = n;
        return true;
    }
    rollout->wanted = calloc(n + 1, sizeof *rollout->wanted);
    if (!rollout->wanted)
        return leti_error_set(err, "out of memory for requests");
    for (size_t i = 0; i < rollout->slots.n; i++) {
        if (rollout->slots.items[i].state != SLOT_MISSING)
            continue;
        bool goes_on = i % samples && rollout->slots.items[i - 1].state == SLOT_MISSING;
        if (!goes_on)
            rollout->wanted[rollout->n_wanted++] =
                (struct wanted){ (uint32_t)(i / samples), (uint32_t)(i % samples), 0 };
        rollout->wanted[rollout->n_wanted - 1].n++;
    }
    return true;
}

static bool request(struct rollout *rollout, size_t number, struct leti_error *err)
{
    const struct rollout_config *config = rollout->config;
    const struct pipeline *pipeline = config->pipeline;
    const struct wanted *wanted = &rollout->wanted[number];
    struct leti_request request = config->sampling;
    char what[256];
    request.id = number;
    request.problem = &config->problems->items[wanted->problem];
    request.first = wanted->first;
    request.samples = wanted->n;
    request.seed = sampling_seed(pipeline, config->phase, config->iteration, wanted->problem);
    if (!config->past_cut)
        request.stops = (struct leti_list){ (const char *const *)pipeline->post, pipeline->n_post };
    judging_describe(&rollout->judging,
                     (size_t)wanted->problem * rollout->slots.samples + wanted->first, what,
                     sizeof what);
    return hub_generate(config->relay->hub, pipeline->generator, tag_make(UNIT_GENERATE, 0, number),
                        what, &request, config->model, err);
}

static bool hand_out_requests(struct rollout *rollout, struct leti_error *err)
{
    while (rollout->n_requested < rollout->n_wanted &&
           judging_backlog(&rollout->judging) < BACKLOG_LIMIT &&
           hub_room(rollout->config->relay->hub, rollout->config->pipeline->generator))
        if (!request(rollout, rollout->n_requested++, err))
            return false;
    return true;
}

static bool format(struct rollout *rollout, size_t number, struct leti_error *err)
{
    const struct rollout_config *config = rollout->config;
    struct leti_sample sample = judging_sample(&rollout->judging, number);
    const struct slot *slot = &rollout->slots.items[number];
    uint32_t n = rollout->slots.n_evaluators;
    struct leti_verdict *verdicts = calloc((size_t)n + 1, sizeof *verdicts);
    char what[256];
    if (!verdicts)
        return leti_error_set(err, "out of memory for verdicts");
    for (uint32_t i = 0; i < n; i++)
        verdicts[i] = slot->judgements[i].verdict;
    judging_describe(&rollout->judging, number, what, sizeof what);
    bool sent = hub_format(config->relay->hub, config->pipeline->formatter,
                           tag_make(UNIT_FORMAT, 0, number), what, &sample, verdicts, n, err);
    free(verdicts);
    return sent;
}

static bool hand_out_formats(struct rollout *rollout, struct leti_error *err)
{
    const struct rollout_config *config = rollout->config;
    while (rollout->n_to_format && hub_room(config->relay->hub, config->pipeline->formatter)) {
        size_t number = rollout->to_format[rollout->format_first];
        rollout->format_first = (rollout->format_first + 1) % rollout->slots.n;
        rollout->n_to_format--;
        if (!format(rollout, number, err))
            return false;
    }
    return true;
}

/* Units that are still open may yet say something, which nobody else would understand. */
static bool is_over(const struct rollout *rollout)
{
    return rollout->n_ended == rollout->slots.n &&
           !hub_open_units(rollout->config->relay->hub, NULL);
}

/* Verdicts that are reused are rows as well: they are committed before they go on. */
static bool turn(struct rollout *rollout, struct leti_error *err)
{
    return hand_out_requests(rollout, err) && judging_turn(&rollout->judging, err) &&
           store_commit(rollout->config->relay->store, err) && hand_out_formats(rollout, err) &&
           (is_over(rollout) || relay_turn(rollout->config->relay, err));
}

/* ---- the whole ---- */

static void show(struct rollout *rollout)
{
    char note[64] = "";
    if (rollout->n_judged)
        snprintf(note, sizeof note, "passed %.0f %%",
                 100.0 * (double)rollout->n_passed / (double)rollout->n_judged);
    progress_show(&rollout->progress, rollout->n_ended - rollout->n_absent, note);
}

static bool work(struct rollout *rollout, struct leti_error *err)
{
    if (!load(rollout, err) || !plan_requests(rollout, err))
        return false;
    progress_begin(&rollout->progress, rollout->config->label,
                   rollout->config->model ? "sampled" : "judged",
                   rollout->n_ended - rollout->n_absent, rollout->slots.n - rollout->n_absent);
    bool good = true;
    while (good && !is_over(rollout)) {
        good = turn(rollout, err);
        show(rollout);
    }
    progress_end(&rollout->progress);
    return good && store_commit(rollout->config->relay->store, err);
}

bool rollout_run(const struct rollout_config *config, struct leti_error *err)
{
    struct rollout rollout = { .config = config };
    struct judging *judging = &rollout.judging;
    *judging = (struct judging){ .relay = config->relay,
                                 .observers = config->observers,
                                 .pipeline = config->pipeline,
                                 .problems = config->problems,
                                 .slots = &rollout.slots,
                                 .phase = config->phase,
                                 .iteration = config->iteration,
                                 .with_texts = config->format,
                                 .judged = on_judged,
                                 .context = &rollout };
    config->relay->to = (struct hub_handler){ .context = &rollout,
                                              .sample = on_sample,
                                              .verdict = on_verdict,
                                              .example = on_example,
                                              .done = on_done,
                                              .failed = on_failed,
                                              .lost = on_lost };
    bool good = slots_create(&rollout.slots, config->problems->n, config->samples,
                             (uint32_t)config->pipeline->n_evaluators, err);
    if (good) {
        rollout.to_format = calloc(rollout.slots.n + 1, sizeof *rollout.to_format);
        good = rollout.to_format || leti_error_set(err, "out of memory for samples");
    }
    good = good && judging_open(judging, err) && work(&rollout, err);
    config->relay->to = (struct hub_handler){ 0 };
    judging_close(judging);
    slots_free(&rollout.slots);
    free(rollout.wanted);
    free(rollout.to_format);
    return good;
}
