/* replay_tell - what a stage says now beside what it said then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/plain.h"
#include "result/names.h"
#include "replay/replay_parts.h"
#include "store/packed.h"

static bool same_bytes(struct leti_bytes a, struct leti_bytes b)
{
    return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

/* The bytes for a terminal, and a line feed where there is none. */
static void add_lines(struct text *out, struct leti_bytes bytes)
{
    plain_text(out, bytes);
    if (bytes.size && bytes.data[bytes.size - 1] != '\n')
        text_add_char(out, '\n');
}

/* ---- which sample ---- */

static void add_name(struct text *out, const struct replay *replay)
{
    const struct recorded *recorded = &replay->recorded;
    text_add(out, "== problem ");
    plain_line(out, recorded->problem.id);
    text_add(out, ", ");
    if (recorded->test)
        text_printf(out, "test %s, ", recorded->test);
    text_printf(out, "iteration %u, sample %u\n", recorded->key.iteration, recorded->key.sample);
}

static void add_name_json(struct text *out, const struct replay *replay, const char *stage)
{
    const struct recorded *recorded = &replay->recorded;
    text_add(out, "{\"run\": ");
    json_text_string(out, replay->config->folder);
    text_add(out, ", \"problem\": ");
    json_text_string(out, recorded->problem.id);
    text_add(out, ", \"test\": ");
    json_text_string(out, recorded->test);
    text_printf(out, ", \"iteration\": %u, \"sample\": %u, \"stage\": \"%s\"",
                recorded->key.iteration, recorded->key.sample, stage);
}

/* ---- evaluate ---- */

/* What a program comes to: its text may hold addresses and times, and does not count. */
static bool agrees(const struct leti_verdict *then, const struct leti_verdict *now)
{
    return then->outcome == now->outcome && !strcmp(then->reason, now->reason) &&
           !strcmp(then->exception, now->exception);
}

static void add_verdict(struct text *out, const char *when, const struct leti_verdict *verdict)
{
    text_printf(out, "   %s: ", when);
    if (!verdict) {
        text_add(out, "not judged");
        return;
    }
    text_add(out, outcome_name(verdict->outcome));
    if (verdict->outcome != LETI_PASSED) {
        text_add(out, ", ");
        plain_line(out, *verdict->exception ? verdict->exception : verdict->reason);
    }
}

static void add_evaluator(struct text *out, const struct stage *stage,
                          const struct leti_verdict *then, const struct leti_verdict *now)
{
    text_printf(out, "-- %s", stage->options.name);
    add_verdict(out, "then", then);
    add_verdict(out, "now", now);
    text_printf(out, " (%.3f s)%s\n", now->seconds,
                !then               ? ""
                : agrees(then, now) ? "   they agree"
                                    : "   THEY DIFFER");
    bool same = then && same_bytes(then->feedback, now->feedback);
    if (then && !same) {
        text_add(out, "said then:\n");
        add_lines(out, then->feedback);
        text_add(out, "says now:\n");
    }
    add_lines(out, now->feedback);
}

static void add_verdict_json(struct text *out, const struct leti_verdict *verdict)
{
    if (!verdict) {
        text_add(out, "null");
        return;
    }
    text_printf(out, "{\"outcome\": \"%s\", \"reason\": ", outcome_name(verdict->outcome));
    json_text_string(out, verdict->reason);
    text_add(out, ", \"exception\": ");
    json_text_string(out, *verdict->exception ? verdict->exception : NULL);
    text_add(out, ", \"feedback\": ");
    json_text(out, verdict->feedback.data, verdict->feedback.size);
    text_add(out, ", \"seconds\": ");
    json_number(out, verdict->seconds);
    text_add(out, "}");
}

static const char *word(const struct leti_verdict *then, bool same)
{
    return !then ? "null" : same ? "true" : "false";
}

static void tell_verdicts_json(struct text *out, const struct replay *replay)
{
    bool all = true;
    add_name_json(out, replay, "evaluate");
    text_add(out, ", \"evaluators\": [");
    for (size_t i = 0; i < replay->n_verdicts; i++) {
        const struct leti_verdict *then = replay->recorded.verdicts[i], *now = &replay->verdicts[i];
        bool same = then && agrees(then, now);
        all = all && same;
        text_add(out, i ? ", {\"evaluator\": " : "{\"evaluator\": ");
        json_text_string(out, replay->pipeline->evaluators[i]->options.name);
        text_add(out, ", \"recorded\": ");
        add_verdict_json(out, then);
        text_add(out, ", \"now\": ");
        add_verdict_json(out, now);
        text_printf(out, ", \"agrees\": %s, \"same_feedback\": %s}", word(then, same),
                    word(then, then && same_bytes(then->feedback, now->feedback)));
    }
    text_printf(out, "], \"agrees\": %s}\n", all ? "true" : "false");
}

static void tell_verdicts(struct text *out, const struct replay *replay)
{
    add_name(out, replay);
    for (size_t i = 0; i < replay->n_verdicts; i++)
        add_evaluator(out, replay->pipeline->evaluators[i], replay->recorded.verdicts[i],
                      &replay->verdicts[i]);
}

/* ---- feedback ---- */

/* Whether the store has the very same example; *there: it has one at all. */
static bool same_example(const struct replay *replay, bool *there, bool *same,
                         struct leti_error *err)
{
    const struct store_key *key = &replay->recorded.key;
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_DONE;
    *there = *same = false;
    if (key->phase != STORE_TRAINING)
        return true;
    if (!store_select(
            replay->store,
            "SELECT spans FROM example WHERE iteration = ? AND problem = ? AND sample = ?", &rows,
            err))
        return false;
    status = store_bind_number(rows, 1, key->iteration, err) &&
                     store_bind_number(rows, 2, key->problem, err) &&
                     store_bind_number(rows, 3, key->sample, err)
                 ? store_next(rows, err)
                 : LETI_ERROR;
    *there = status == LETI_OK;
    *same = *there && same_bytes(store_bytes(rows, 0), replay->spans);
    store_rows_close(rows);
    return status != LETI_ERROR;
}

static void add_span_json(struct text *out, const struct leti_span *span)
{
    text_add(out, "{\"text\": ");
    json_text(out, span->text.data, span->text.size);
    text_printf(out, ", \"trained\": %s, \"special\": %s, \"feedback\": %s}",
                span->flags & LETI_SPAN_TRAIN ? "true" : "false",
                span->flags & LETI_SPAN_SPECIAL ? "true" : "false",
                span->flags & LETI_SPAN_FEEDBACK ? "true" : "false");
}

static void tell_spans_json(struct text *out, const struct replay *replay,
                            const struct leti_span *spans, size_t n, const char *same)
{
    add_name_json(out, replay, "feedback");
    text_add(out, ", \"spans\": [");
    for (size_t i = 0; i < n; i++) {
        text_add(out, i ? ", " : "");
        add_span_json(out, &spans[i]);
    }
    text_printf(out, "], \"identical\": %s}\n", same);
}

static void tell_spans(struct text *out, const struct replay *replay, const struct leti_span *spans,
                       size_t n, const char *same)
{
    struct text whole = { 0 };
    for (size_t i = 0; i < n; i++)
        text_append(&whole, spans[i].text.data, spans[i].text.size);
    add_name(out, replay);
    text_printf(out, "-- %s   %s\n", replay->pipeline->formatter->options.name, same);
    add_lines(out, (struct leti_bytes){ text_string(&whole), whole.size });
    text_free(&whole);
}

static bool tell_example(struct text *out, const struct replay *replay, struct leti_error *err)
{
    bool there, same;
    size_t n = 0;
    struct leti_span *spans = NULL;
    if (!same_example(replay, &there, &same, err))
        return false;
    if (!packed_spans(replay->spans, &spans, &n, err))
        return leti_error_set(err, "%s: %s", replay->config->folder, err->text);
    if (replay->config->json)
        tell_spans_json(out, replay, spans, n, !there ? "null" : same ? "true" : "false");
    else
        tell_spans(out, replay, spans, n,
                   !there ? "nothing is recorded"
                   : same ? "identical to what is recorded"
                          : "DIFFERS from what is recorded");
    free(spans);
    return true;
}

/* ---- generate ---- */

static void add_sample_json(struct text *out, const struct leti_sample *sample)
{
    text_add(out, "{\"program\": ");
    json_text(out, sample->program.data, sample->program.size);
    text_add(out, ", \"raw\": ");
    json_text(out, sample->raw.data, sample->raw.size);
    text_printf(out, ", \"tokens\": %u, \"finish\": \"%s\"}", sample->tokens,
                finish_name(sample->finish));
}

static void tell_sample_json(struct text *out, const struct replay *replay, bool same)
{
    add_name_json(out, replay, "generate");
    text_add(out, ", \"model\": ");
    json_text_string(out, replay->model);
    text_add(out, ", \"recorded\": ");
    add_sample_json(out, &replay->recorded.sample);
    text_add(out, ", \"now\": ");
    add_sample_json(out, &replay->sample);
    text_printf(out, ", \"identical\": %s}\n", same ? "true" : "false");
}

static void tell_sample(struct text *out, const struct replay *replay, bool same)
{
    add_name(out, replay);
    text_printf(out, "-- %s   %s, by %s\n", replay->pipeline->generator->options.name,
                same ? "identical to what is recorded" : "DIFFERS from what is recorded",
                replay->model);
    if (!same) {
        text_add(out, "wrote then:\n");
        add_lines(out, replay->recorded.sample.raw);
        text_add(out, "writes now:\n");
    }
    add_lines(out, replay->sample.raw);
}

/* ---- the whole ---- */

bool replay_tell(const struct replay *replay, struct leti_error *err)
{
    struct text out = { 0 };
    bool json = replay->config->json, good = true;
    bool same = same_bytes(replay->recorded.sample.raw, replay->sample.raw);
    switch (replay->config->stage) {
    case REPLAY_EVALUATE:
        (json ? tell_verdicts_json : tell_verdicts)(&out, replay);
        break;
    case REPLAY_FEEDBACK:
        good = tell_example(&out, replay, err);
        break;
    case REPLAY_GENERATE:
        (json ? tell_sample_json : tell_sample)(&out, replay, same);
        break;
    }
    char *told = good ? text_take(&out, err) : NULL;
    log_progress(NULL);
    if (told)
        fputs(told, stdout);
    free(told);
    text_free(&out);
    return told;
}
