/* validation - the references of held-out problems as training texts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/validation.h"

#include <stdlib.h>

const char *const validation_sets[VALIDATION_SETS] = { "validation_good", "validation_none" };

struct formatting {
    struct run *run;
    struct validation *validation;
    struct leti_verdict *verdicts; /* one an evaluator, all passed */
    size_t n_done;
};

static bool out_of_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for validation");
}

/* ---- the two variants of an example ---- */

/* Copies the spans; special ones stay without counting, or go. */
static bool copy_spans(struct arena *memory, const struct leti_example *from, bool keep_special,
                       struct leti_example *out)
{
    struct leti_span *spans = arena_array(memory, from->n_spans + 1, sizeof *spans);
    size_t n = 0;
    for (size_t i = 0; spans && i < from->n_spans; i++) {
        struct leti_span span = from->spans[i];
        bool special = span.flags & LETI_SPAN_SPECIAL;
        if (special && !keep_special)
            continue;
        char *data = arena_copy(memory, span.text.data, span.text.size);
        if (!data)
            return false;
        span.text.data = data;
        if (special)
            span.flags &= ~(uint32_t)LETI_SPAN_TRAIN;
        spans[n++] = span;
    }
    *out = (struct leti_example){ .spans = spans, .n_spans = n };
    return spans;
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    struct formatting *formatting = context;
    struct validation *validation = formatting->validation;
    for (size_t set = 0; set < VALIDATION_SETS; set++) {
        struct leti_example *out = &validation->items[set][tag];
        const char *id = out->problem;
        if (!copy_spans(&validation->memory, example, set == 0, out))
            return out_of_memory(err);
        out->problem = id;
    }
    formatting->n_done++;
    return true;
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    const struct formatting *formatting = context;
    return leti_error_set(err, "%s: validation, problem %s: %s",
                          formatting->run->pipeline->formatter->options.name,
                          formatting->validation->items[0][tag].problem, why);
}

/* ---- formatting ---- */

static bool submit(struct formatting *formatting, size_t number, const struct leti_problem *problem,
                   struct leti_error *err)
{
    struct run *run = formatting->run;
    char what[128];
    struct leti_sample sample = { .problem = problem,
                                  .program = problem->reference,
                                  .raw = problem->reference };
    for (size_t set = 0; set < VALIDATION_SETS; set++)
        formatting->validation->items[set][number].problem = problem->id;
    snprintf(what, sizeof what, "validation, problem %.64s", problem->id);
    return hub_format(run->relay.hub, run->pipeline->formatter, number, what, &sample,
                      formatting->verdicts, run->pipeline->n_evaluators, err);
}

static bool format_all(struct formatting *formatting, struct leti_error *err)
{
    struct run *run = formatting->run;
    const struct problems *problems = &run->validation;
    size_t n = 0;
    for (size_t i = 0; i < problems->n; i++) {
        while (!hub_room(run->relay.hub, run->pipeline->formatter))
            if (!relay_turn(&run->relay, err))
                return false;
        if (problems->items[i].reference.size && !submit(formatting, n++, &problems->items[i], err))
            return false;
    }
    while (formatting->n_done < n)
        if (!relay_turn(&run->relay, err))
            return false;
    formatting->validation->n = n;
    return true;
}

bool validation_open(struct run *run, struct validation *validation, struct leti_error *err)
{
    struct formatting formatting = { .run = run, .validation = validation };
    size_t n = run->pipeline->n_evaluators;
    if (!run->validation.n)
        return true;
    formatting.verdicts = calloc(n + 1, sizeof *formatting.verdicts);
    for (size_t set = 0; set < VALIDATION_SETS; set++)
        validation->items[set] = calloc(run->validation.n + 1, sizeof(struct leti_example));
    if (!formatting.verdicts || !validation->items[0] || !validation->items[1]) {
        free(formatting.verdicts);
        return out_of_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        formatting.verdicts[i] = (struct leti_verdict){
            .outcome = LETI_PASSED, .reason = "passed", .exception = "", .feedback = { "", 0 }
        };
    run->relay.to = (struct hub_handler){
        .context = &formatting, .example = on_example, .failed = on_failed, .lost = on_failed
    };
    bool good = format_all(&formatting, err);
    run->relay.to = (struct hub_handler){ 0 };
    free(formatting.verdicts);
    return good;
}

void validation_close(struct validation *validation)
{
    for (size_t set = 0; set < VALIDATION_SETS; set++)
        free(validation->items[set]);
    arena_free(&validation->memory);
    *validation = (struct validation){ 0 };
}

bool validation_check(const struct run *run, struct leti_error *err)
{
    return !run->validation.n || problems_with_reference(&run->validation) ||
           leti_error_set(err, "%s: validation: none of its %zu problems has a reference",
                          run->pipeline->file, run->validation.n);
}
