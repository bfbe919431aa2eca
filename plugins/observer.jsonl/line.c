/* line - an event as a JSON object.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_int_t integer(uint64_t value)
{
    return value < INT64_MAX ? (json_int_t)value : INT64_MAX;
}

/* NULL where the sample is one that is trained on. */
static const char *test_name(const char *test)
{
    return *test ? test : NULL;
}

static json_t *run_line(const struct leti_event *e)
{
    return json_pack("{s:s, s:s, s:b, s:I, s:I}", "run", e->run.name, "folder", e->run.folder,
                     "resumed", e->run.resumed, "iterations", (json_int_t)e->run.iterations, "seed",
                     integer(e->run.seed));
}

static json_t *part_begins_line(const struct leti_event *e)
{
    return json_pack("{s:s}", "part", e->part.name);
}

static json_t *part_ends_line(const struct leti_event *e)
{
    return json_pack("{s:s, s:b, s:o}", "part", e->part.name, "done", e->part.done, "seconds",
                     number(e->part.seconds));
}

static json_t *metric_line(const struct leti_event *e)
{
    return json_pack("{s:s, s:s, s:I, s:o}", "stage", e->metric.stage, "name", e->metric.name,
                     "step", integer(e->metric.step), "value", number(e->metric.value));
}

static json_t *sample_line(const struct leti_event *e)
{
    static const char *const outcomes[] = { "passed", "failed", "infra" };
    return json_pack("{s:s?, s:s, s:I, s:s, s:s, s:s, s:o, s:I, s:b}", "test",
                     test_name(e->sample.test), "problem", e->sample.problem, "index",
                     (json_int_t)e->sample.index, "outcome", outcomes[e->sample.outcome], "reason",
                     e->sample.reason, "exception", e->sample.exception, "seconds",
                     number(e->sample.seconds), "tokens", (json_int_t)e->sample.tokens, "reused",
                     e->sample.reused);
}

static json_t *lost_line(const struct leti_event *e)
{
    return json_pack("{s:s?, s:s, s:I, s:s, s:s}", "test", test_name(e->trouble.test), "problem",
                     e->trouble.problem, "index", (json_int_t)e->trouble.index, "stage",
                     e->trouble.stage, "why", e->trouble.why);
}

static json_t *retry_line(const struct leti_event *e)
{
    json_t *line = lost_line(e);
    if (line)
        json_object_set_new(line, "attempt", json_integer(e->trouble.attempt));
    return line;
}

static json_t *test_line(const struct leti_event *e)
{
    json_t *line = json_pack("{s:s}", "test", e->test.name);
    for (uint32_t i = 0; line && i < e->test.n_k; i++) {
        char key[32];
        snprintf(key, sizeof key, "pass@%u", e->test.k[i]);
        json_object_set_new(line, key, number(e->test.pass[i]));
    }
    json_t *rest = json_pack("{s:[o,o], s:o, s:I, s:I, s:I}", "interval", number(e->test.low),
                             number(e->test.high), "solve_rate", number(e->test.solve_rate),
                             "n_problems", (json_int_t)e->test.n_problems, "n_samples",
                             (json_int_t)e->test.n_samples, "infra", integer(e->test.infra));
    if (line && rest)
        json_object_update(line, rest);
    json_decref(rest);
    return line;
}

static json_t *counts_line(const struct leti_event *e)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "sampled", integer(e->counts.sampled),
                     "passed", integer(e->counts.passed), "reused", integer(e->counts.reused),
                     "infra", integer(e->counts.infra), "sample_seconds",
                     number(e->counts.sample_seconds), "train_seconds",
                     number(e->counts.train_seconds));
}

static json_t *end_line(const struct leti_event *e)
{
    return json_pack("{s:b, s:s, s:o}", "finished", e->end.finished, "why", e->end.why, "seconds",
                     number(e->end.seconds));
}

static const struct kind {
    const char *name;
    json_t *(*line)(const struct leti_event *);
} kinds[] = {
    [LETI_EVENT_RUN_BEGINS] = { "run_begins", run_line },
    [LETI_EVENT_PART_BEGINS] = { "part_begins", part_begins_line },
    [LETI_EVENT_PART_ENDS] = { "part_ends", part_ends_line },
    [LETI_EVENT_METRIC] = { "metric", metric_line },
    [LETI_EVENT_SAMPLE] = { "sample", sample_line },
    [LETI_EVENT_RETRY] = { "retry", retry_line },
    [LETI_EVENT_LOST] = { "lost", lost_line },
    [LETI_EVENT_TEST] = { "test", test_line },
    [LETI_EVENT_ITERATION] = { "iteration", counts_line },
    [LETI_EVENT_RUN_ENDS] = { "run_ends", end_line },
};

json_t *line_of(const struct leti_event *e, bool *known)
{
    *known = (size_t)e->kind < sizeof kinds / sizeof *kinds && kinds[e->kind].line;
    if (!*known)
        return NULL;
    json_t *line =
        json_pack("{s:o, s:s, s:I, s:I}", "time", number(e->time), "event", kinds[e->kind].name,
                  "iteration", (json_int_t)e->iteration, "steps", integer(e->steps));
    json_t *rest = kinds[e->kind].line(e);
    bool good = line && rest && !json_object_update(line, rest);
    if (good && e->dropped)
        good = !json_object_set_new(line, "dropped", json_integer(integer(e->dropped)));
    json_decref(rest);
    if (good)
        return line;
    json_decref(line);
    return NULL;
}

/* ---- text ---- */

static bool write_real(double value, FILE *out)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    return fprintf(out, "%s%s", digits, strpbrk(digits, ".e") ? "" : ".0") > 0;
}

static bool write_value(const json_t *value, FILE *out)
{
    if (json_is_real(value))
        return write_real(json_real_value(value), out);
    if (!json_is_array(value))
        return !json_dumpf(value, out, JSON_ENCODE_ANY);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (fputs(i ? ", " : "[", out) == EOF || !write_value(json_array_get(value, i), out))
            return false;
    return fputs("]", out) != EOF;
}

bool line_write(const json_t *line, FILE *out)
{
    const char *key, *before = "{";
    json_t *value;
    json_object_foreach((json_t *)line, key, value)
    {
        if (fprintf(out, "%s\"%s\": ", before, key) < 0 || !write_value(value, out))
            return false;
        before = ", ";
    }
    return fputs("}\n", out) != EOF;
}
