/* recorded - one sample of a run with its problem and all that was said of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "replay/recorded.h"

#include <stdlib.h>

#include "store/packed.h"

static bool no_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for a sample");
}

static bool copy_bytes(struct arena *memory, struct leti_bytes from, struct leti_bytes *out)
{
    char *data = arena_copy(memory, from.data, from.size);
    *out = (struct leti_bytes){ data ? data : "", from.size };
    return data;
}

static char *copy_text(struct arena *memory, const char *text)
{
    return arena_copy(memory, text, strlen(text));
}

/* What is unpacked points into what is packed, which is copied first. */
static bool copy_pairs(struct arena *memory, struct leti_bytes packed,
                       const struct leti_pair **pairs, size_t *n, struct leti_error *err)
{
    struct leti_bytes copy;
    struct leti_pair *unpacked = NULL;
    size_t count = 0;
    if (!copy_bytes(memory, packed, &copy))
        return no_memory(err);
    if (!packed_pairs(copy, &unpacked, &count, err))
        return false;
    *pairs = count ? (void *)arena_copy(memory, unpacked, count * sizeof *unpacked) : NULL;
    *n = count;
    free(unpacked);
    return *pairs || !count || no_memory(err);
}

/* ---- which sample ---- */

static bool bind_name(struct store_rows *rows, const struct recorded_name *name,
                      struct leti_error *err)
{
    return store_bind_text(rows, 1, name->problem, err) &&
           store_bind_text(rows, 2, name->test ? name->test : "", err) &&
           store_bind_number(rows, 3, name->iteration, err) &&
           store_bind_number(rows, 4, name->sample, err);
}

static bool refuse(const char *folder, const struct recorded_name *name, struct leti_error *err)
{
    char iteration[48] = "";
    if (name->iteration >= 0)
        snprintf(iteration, sizeof iteration, " in iteration %lld", (long long)name->iteration);
    return leti_error_set(err, "%s: problem \"%s\" has no sample %u%s%s%s", folder, name->problem,
                          name->sample, iteration, name->test ? " in test " : "",
                          name->test ? name->test : "");
}

enum {
    PHASE,
    TEST,
    PROBLEM,
    ITERATION,
    RAW,
    PROGRAM_SIZE,
    TOKENS,
    FINISH,
    LOGPROBS,
    PROMPT,
    TESTS,
    REFERENCE,
    EXTRA,
};

static const char *const sample_sql =
    "SELECT phase, name, problem, iteration, raw, program_size, tokens, finish, logprobs, prompt,"
    " tests, reference, extra FROM problem JOIN phase USING (phase) JOIN sample USING (phase, "
    "problem) WHERE id = ?1 AND (?2 = '' OR (phase > 0 AND name = ?2)) AND (?3 < 0 OR iteration = "
    "?3) AND sample = ?4 ORDER BY phase, iteration DESC LIMIT 1";

/* ---- the sample ---- */

static bool take_problem(struct recorded *recorded, const char *id, const struct store_rows *rows,
                         struct leti_error *err)
{
    struct leti_problem *problem = &recorded->problem;
    problem->id = copy_text(&recorded->memory, id);
    if (!problem->id ||
        !copy_bytes(&recorded->memory, store_bytes(rows, PROMPT), &problem->prompt) ||
        !copy_bytes(&recorded->memory, store_bytes(rows, TESTS), &problem->tests) ||
        !copy_bytes(&recorded->memory, store_bytes(rows, REFERENCE), &problem->reference))
        return no_memory(err);
    return copy_pairs(&recorded->memory, store_bytes(rows, EXTRA), &problem->extra,
                      &problem->n_extra, err);
}

static bool take_sample(struct recorded *recorded, struct store_rows *rows, struct leti_error *err)
{
    struct leti_sample *sample = &recorded->sample;
    size_t size = (size_t)store_number(rows, PROGRAM_SIZE);
    *sample = (struct leti_sample){ .problem = &recorded->problem,
                                    .iteration = recorded->key.iteration,
                                    .index = recorded->key.sample,
                                    .tokens = (uint32_t)store_number(rows, TOKENS),
                                    .finish = (enum leti_finish)store_number(rows, FINISH) };
    if (!copy_bytes(&recorded->memory, store_bytes(rows, RAW), &sample->raw))
        return no_memory(err);
    const char *data = sample->raw.data;
    if (size < sample->raw.size && !(data = arena_copy(&recorded->memory, data, size)))
        return no_memory(err);
    sample->program =
        (struct leti_bytes){ data, size < sample->raw.size ? size : sample->raw.size };
    const float *logprobs = store_floats(rows, LOGPROBS, sample->tokens);
    if (logprobs && !(sample->logprobs = (void *)arena_copy(&recorded->memory, logprobs,
                                                            sample->tokens * sizeof *logprobs)))
        return no_memory(err);
    return true;
}

static bool take_row(struct recorded *recorded, const struct recorded_name *name,
                     struct store_rows *rows, struct leti_error *err)
{
    recorded->key = (struct store_key){ .phase = (uint32_t)store_number(rows, PHASE),
                                        .iteration = (uint32_t)store_number(rows, ITERATION),
                                        .problem = (uint32_t)store_number(rows, PROBLEM),
                                        .sample = name->sample };
    if (recorded->key.phase &&
        !(recorded->test = copy_text(&recorded->memory, store_text(rows, TEST))))
        return no_memory(err);
    return take_problem(recorded, name->problem, rows, err) && take_sample(recorded, rows, err);
}

static bool find_sample(struct store *store, const char *folder, const struct recorded_name *name,
                        struct recorded *recorded, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(store, sample_sql, &rows, err))
        return false;
    if (bind_name(rows, name, err))
        status = store_next(rows, err);
    bool good = status == LETI_OK && (take_row(recorded, name, rows, err) ||
                                      leti_error_set(err, "%s: %s", folder, err->text));
    store_rows_close(rows);
    return status == LETI_DONE ? refuse(folder, name, err) : good;
}

/* ---- its verdicts ---- */

static bool take_verdict(struct recorded *recorded, const struct store_rows *rows,
                         struct leti_error *err)
{
    struct arena *memory = &recorded->memory;
    uint64_t evaluator = (uint64_t)store_number(rows, 0);
    struct leti_verdict *verdict = arena_alloc(memory, sizeof *verdict);
    if (!verdict)
        return no_memory(err);
    *verdict = (struct leti_verdict){ .outcome = (enum leti_outcome)store_number(rows, 1),
                                      .reason = copy_text(memory, store_text(rows, 2)),
                                      .exception = copy_text(memory, store_text(rows, 3)),
                                      .seconds = store_real(rows, 5) };
    if (!verdict->reason || !verdict->exception ||
        !copy_bytes(memory, store_bytes(rows, 4), &verdict->feedback))
        return no_memory(err);
    if (!store_is_null(rows, 6) &&
        !copy_pairs(memory, store_bytes(rows, 6), &verdict->scores, &verdict->n_scores, err))
        return false;
    if (evaluator < recorded->n_evaluators)
        recorded->verdicts[evaluator] = verdict;
    return true;
}

static bool bind_key(struct store_rows *rows, const struct store_key *key, struct leti_error *err)
{
    return store_bind_number(rows, 1, key->phase, err) &&
           store_bind_number(rows, 2, key->iteration, err) &&
           store_bind_number(rows, 3, key->problem, err) &&
           store_bind_number(rows, 4, key->sample, err);
}

static bool find_verdicts(struct store *store, struct recorded *recorded, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    recorded->verdicts = calloc(recorded->n_evaluators + 1, sizeof *recorded->verdicts);
    if (!recorded->verdicts)
        return no_memory(err);
    if (!store_select(
            store,
            "SELECT evaluator, outcome, reason, exception, feedback, seconds, scores FROM "
            "verdict WHERE phase = ? AND iteration = ? AND problem = ? AND sample = ?",
            &rows, err))
        return false;
    if (bind_key(rows, &recorded->key, err))
        while ((status = store_next(rows, err)) == LETI_OK)
            if (!take_verdict(recorded, rows, err)) {
                status = LETI_ERROR;
                break;
            }
    store_rows_close(rows);
    return status == LETI_DONE;
}

/* ---- the whole ---- */

bool recorded_find(struct store *store, const char *folder, const struct recorded_name *name,
                   size_t n_evaluators, struct recorded *recorded, struct leti_error *err)
{
    *recorded = (struct recorded){ .n_evaluators = n_evaluators };
    bool found = find_sample(store, folder, name, recorded, err);
    if (found && find_verdicts(store, recorded, err))
        return true;
    if (found)
        leti_error_set(err, "%s: %s", folder, err->text);
    recorded_free(recorded);
    return false;
}

void recorded_free(struct recorded *recorded)
{
    free(recorded->verdicts);
    arena_free(&recorded->memory);
    *recorded = (struct recorded){ 0 };
}

bool recorded_is_judged(const struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->n_evaluators; i++)
        if (!recorded->verdicts[i] || recorded->verdicts[i]->outcome == LETI_INFRA)
            return false;
    return true;
}
