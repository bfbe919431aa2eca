/* decode.c - protobuf frames to C structs, believing nothing.
 *
 * protobuf-c checks the frame's structure and takes its memory from the arena, which bounds it.
 * Each get_x then checks one mirror against the bounds in wire.h and makes an x of it. The bytes
 * stay where protobuf-c put them: the arena's zero byte behind each piece is the NUL that the
 * plugin contract asks for, and the size that it remembers tells a string with a NUL inside.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include <math.h>

#include "leti.pb-c.h"

struct decoder {
    struct arena *arena;
    struct leti_error *err;
};

static void *arena_take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void arena_keep(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

/* ---- parts ---- */

static bool get_text(struct decoder *d, const char *what, const char *string, const char **out)
{
    size_t size = string == (const char *)protobuf_c_empty_string ? 0 : arena_size(string) - 1;
    if (size > WIRE_TEXT_BYTES)
        return leti_error_set(d->err, "%s is %zu bytes, at most %d are allowed", what, size,
                              WIRE_TEXT_BYTES);
    if (memchr(string, '\0', size))
        return leti_error_set(d->err, "%s holds a NUL", what);
    *out = string;
    return true;
}

static struct leti_bytes get_bytes(ProtobufCBinaryData bytes)
{
    return bytes.len ? (struct leti_bytes){ (const char *)bytes.data, bytes.len }
                     : (struct leti_bytes){ "", 0 };
}

static bool get_enum(struct decoder *d, const char *what, int value, int most)
{
    if (value < 0 || value > most)
        return leti_error_set(d->err, "%s %d is not one", what, value);
    return true;
}

static bool get_real(struct decoder *d, const char *what, double value, double most)
{
    if (!(value >= 0 && value <= most)) /* a NaN is refused, too */
        return leti_error_set(d->err, "%s is %g, 0 to %g is allowed", what, value, most);
    return true;
}

static void *get_list(struct decoder *d, const char *what, size_t n, size_t most, size_t size)
{
    if (n > most) {
        leti_error_set(d->err, "%s: %zu, at most %zu are allowed", what, n, most);
        return NULL;
    }
    void *list = arena_array(d->arena, n, size);
    if (!list)
        leti_error_set(d->err, "%s: %zu of them do not fit in memory", what, n);
    return list;
}

static bool get_pairs(struct decoder *d, const char *what, Leti__Pair *const *from, size_t n,
                      const struct leti_pair **out)
{
    struct leti_pair *pairs = get_list(d, what, n, WIRE_PAIRS, sizeof *pairs);
    for (size_t i = 0; pairs && i < n; i++) {
        pairs[i].value = get_bytes(from[i]->value);
        if (!get_text(d, "a key", from[i]->key, &pairs[i].key))
            return false;
    }
    *out = pairs;
    return pairs != NULL;
}

static bool get_problem(struct decoder *d, const Leti__Problem *from,
                        const struct leti_problem **out)
{
    if (!from)
        return leti_error_set(d->err, "the problem is missing");
    struct leti_problem *problem = arena_alloc(d->arena, sizeof *problem);
    if (!problem)
        return leti_error_set(d->err, "out of memory");
    *problem = (struct leti_problem){
        .prompt = get_bytes(from->prompt),
        .tests = get_bytes(from->tests),
        .reference = get_bytes(from->reference),
        .n_extra = from->n_extra,
    };
    *out = problem;
    return get_text(d, "a problem's id", from->id, &problem->id) &&
           get_pairs(d, "a problem's extra", from->extra, from->n_extra, &problem->extra);
}

/* None, or one a token. */
static bool get_logprobs(struct decoder *d, const float *logprobs, size_t n, uint32_t tokens,
                         const float **out)
{
    *out = NULL;
    if (!n)
        return true;
    if (n != tokens || n > WIRE_TOKENS)
        return leti_error_set(d->err, "%zu log-probabilities of %u tokens", n, tokens);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(logprobs[i]))
            return leti_error_set(d->err, "the log-probability of token %zu is %g", i,
                                  (double)logprobs[i]);
    *out = logprobs;
    return true;
}

static bool get_sample(struct decoder *d, const Leti__Sample *from, struct leti_sample *out)
{
    if (!from)
        return leti_error_set(d->err, "the sample is missing");
    *out = (struct leti_sample){
        .iteration = from->iteration,
        .index = from->index,
        .program = get_bytes(from->program),
        .raw = get_bytes(from->raw),
        .tokens = from->tokens,
        .finish = (enum leti_finish)from->finish,
    };
    return get_enum(d, "finish", (int)from->finish, LETI_FINISH_LENGTH) &&
           get_logprobs(d, from->logprobs, from->n_logprobs, from->tokens, &out->logprobs) &&
           get_problem(d, from->problem, &out->problem);
}

static bool get_verdict(struct decoder *d, const Leti__Verdict *from, struct leti_verdict *out)
{
    *out = (struct leti_verdict){
        .outcome = (enum leti_outcome)from->outcome,
        .feedback = get_bytes(from->feedback),
        .seconds = from->seconds,
        .n_scores = from->n_scores,
    };
    return get_enum(d, "outcome", (int)from->outcome, LETI_INFRA) &&
           get_real(d, "a verdict's seconds", from->seconds, 1e15) &&
           get_text(d, "a verdict's reason", from->reason, &out->reason) &&
           get_text(d, "a verdict's exception", from->exception, &out->exception) &&
           get_pairs(d, "a verdict's scores", from->scores, from->n_scores, &out->scores);
}

static bool get_example(struct decoder *d, const Leti__Example *from, struct leti_example *out)
{
    struct leti_span *spans =
        get_list(d, "an example's spans", from->n_spans, WIRE_SPANS, sizeof *spans);
    if (!spans)
        return false;
    for (size_t i = 0; i < from->n_spans; i++)
        spans[i] = (struct leti_span){ get_bytes(from->spans[i]->text), from->spans[i]->flags };
    *out = (struct leti_example){
        .iteration = from->iteration,
        .index = from->index,
        .spans = spans,
        .n_spans = from->n_spans,
    };
    return get_text(d, "an example's problem", from->problem, &out->problem);
}

static bool get_model(struct decoder *d, const Leti__Model *from, struct wire_model *out)
{
    if (!from)
        return leti_error_set(d->err, "the model is missing");
    out->version = from->version;
    return get_text(d, "a model's folder", from->dir, &out->dir);
}

/* Texts that may be of any length but end at a NUL: stops, and the values of settings. */
static bool get_strings(struct decoder *d, const char *what, const ProtobufCBinaryData *from,
                        size_t n, size_t most, const char ***out)
{
    const char **strings = get_list(d, what, n, most, sizeof *strings);
    for (size_t i = 0; strings && i < n; i++) {
        struct leti_bytes bytes = get_bytes(from[i]);
        if (memchr(bytes.data, '\0', bytes.size))
            return leti_error_set(d->err, "%s: one holds a NUL", what);
        strings[i] = bytes.data;
    }
    *out = strings;
    return strings != NULL;
}

/* ---- work ---- */

static bool get_generate(struct decoder *d, const Leti__Generate *from, uint64_t unit,
                         struct wire_generate *out)
{
    struct leti_request *r = &out->request;
    *r = (struct leti_request){
        .id = unit,
        .condition = (enum leti_condition)from->condition,
        .first = from->first,
        .samples = from->samples,
        .seed = from->seed,
        .temperature = from->temperature,
        .top_p = from->top_p,
        .top_k = from->top_k,
        .max_length = from->max_length,
        .stops.n = from->n_stops,
    };
    if (from->samples < 1 || from->samples > UINT32_MAX - from->first)
        return leti_error_set(d->err, "%u samples from %u on are wanted", from->samples,
                              from->first);
    const char **stops = NULL;
    if (!get_strings(d, "stops", from->stops, from->n_stops, WIRE_STOPS, &stops))
        return false;
    r->stops.items = stops;
    return get_enum(d, "condition", (int)from->condition, LETI_BAD) &&
           get_real(d, "temperature", from->temperature, 1e6) &&
           get_real(d, "top_p", from->top_p, 1) && get_problem(d, from->problem, &r->problem) &&
           get_model(d, from->model, &out->model);
}

static bool get_format(struct decoder *d, const Leti__Format *from, struct wire_format *out)
{
    struct leti_verdict *verdicts =
        get_list(d, "verdicts", from->n_verdicts, WIRE_VERDICTS, sizeof *verdicts);
    for (size_t i = 0; verdicts && i < from->n_verdicts; i++)
        if (!get_verdict(d, from->verdicts[i], &verdicts[i]))
            return false;
    out->verdicts = verdicts;
    out->n_verdicts = from->n_verdicts;
    return verdicts && get_sample(d, from->sample, &out->sample);
}

static bool get_train(struct decoder *d, const Leti__Train *from, struct wire_train *out)
{
    struct leti_example *examples =
        get_list(d, "examples", from->n_examples, WIRE_FRAME_BYTES, sizeof *examples);
    const char **held_out =
        examples ? get_list(d, "examples", from->n_examples, WIRE_FRAME_BYTES, sizeof *held_out)
                 : NULL;
    for (size_t i = 0; held_out && i < from->n_examples; i++)
        if (!get_example(d, from->examples[i], &examples[i]) ||
            !get_text(d, "a held-out set's name", from->examples[i]->held_out, &held_out[i]))
            return false;
    *out = (struct wire_train){
        .training = { .iteration = from->iteration, .seed = from->seed },
        .examples = examples,
        .held_out = held_out,
        .n_examples = from->n_examples,
        .part = from->part,
        .last = from->last,
    };
    return held_out && get_text(d, "a model's folder", from->out_dir, &out->training.out_dir) &&
           get_model(d, from->model, &out->model);
}

static bool get_work(struct decoder *d, const Leti__Work *from, struct wire_work *out)
{
    out->unit = from->unit;
    switch (from->what_case) {
    case LETI__WORK__WHAT_GENERATE:
        out->kind = LETI_GENERATOR;
        return get_generate(d, from->generate, from->unit, &out->generate);
    case LETI__WORK__WHAT_EVALUATE:
        out->kind = LETI_EVALUATOR;
        return get_sample(d, from->evaluate->sample, &out->evaluate);
    case LETI__WORK__WHAT_FORMAT:
        out->kind = LETI_FORMATTER;
        return get_format(d, from->format, &out->format);
    case LETI__WORK__WHAT_TRAIN:
        out->kind = LETI_TRAINER;
        return get_train(d, from->train, &out->train);
    default:
        return leti_error_set(d->err, "work of a kind that is not known");
    }
}

/* ---- results ---- */

static bool get_result(struct decoder *d, const Leti__Result *from, struct wire_result *out)
{
    out->unit = from->unit;
    out->done = from->done;
    switch (from->what_case) {
    case LETI__RESULT__WHAT__NOT_SET:
        out->answer = WIRE_NOTHING;
        return true;
    case LETI__RESULT__WHAT_OUTPUT:
        out->answer = WIRE_OUTPUT;
        out->output = (struct leti_output){
            .request = from->unit,
            .index = from->output->index,
            .raw = get_bytes(from->output->raw),
            .tokens = from->output->tokens,
            .finish = (enum leti_finish)from->output->finish,
        };
        return get_enum(d, "finish", (int)from->output->finish, LETI_FINISH_LENGTH) &&
               get_logprobs(d, from->output->logprobs, from->output->n_logprobs,
                            from->output->tokens, &out->output.logprobs);
    case LETI__RESULT__WHAT_VERDICT:
        out->answer = WIRE_VERDICT;
        return get_verdict(d, from->verdict, &out->verdict);
    case LETI__RESULT__WHAT_EXAMPLE:
        out->answer = WIRE_EXAMPLE;
        return get_example(d, from->example, &out->example);
    case LETI__RESULT__WHAT_ERROR:
        out->answer = WIRE_FAILURE;
        out->failure = get_bytes(from->error);
        return true;
    default:
        return leti_error_set(d->err, "a result of a kind that is not known");
    }
}

/* ---- the rest ---- */

static bool get_settings(struct decoder *d, Leti__Setting *const *from, size_t n,
                         const struct settings **out)
{
    struct settings *settings = arena_alloc(d->arena, sizeof *settings);
    struct setting *items = get_list(d, "settings", n, WIRE_SETTINGS, sizeof *items);
    if (!settings || !items)
        return leti_error_set(d->err, "settings: %zu of them are too many", n);
    for (size_t i = 0; i < n; i++) {
        const char *name = NULL, **values = NULL;
        if (!get_text(d, "a setting's name", from[i]->name, &name) ||
            !get_strings(d, name, from[i]->values, from[i]->n_values, WIRE_VALUES, &values))
            return false;
        if (!from[i]->list && from[i]->n_values != 1)
            return leti_error_set(d->err, "setting %s has %zu values", name, from[i]->n_values);
        items[i] = (struct setting){
            .name = (char *)name,
            .values = (char **)values,
            .n_values = from[i]->n_values,
            .is_list = from[i]->list,
        };
    }
    *settings = (struct settings){ .items = items, .n = n };
    *out = settings;
    return true;
}

static bool get_hello(struct decoder *d, const Leti__Hello *from, struct wire_hello *out)
{
    if (from->n_held > WIRE_HELD)
        return leti_error_set(d->err, "%zu units are held, at most %d are allowed", from->n_held,
                              WIRE_HELD);
    out->protocol = from->protocol;
    out->held = from->held;
    out->n_held = from->n_held;
    return get_text(d, "a stage's name", from->stage, &out->stage) &&
           get_text(d, "an identity", from->identity, &out->identity);
}

static bool get_welcome(struct decoder *d, const Leti__Welcome *from, struct wire_welcome *out)
{
    out->threads = from->threads;
    out->seed = from->seed;
    out->heartbeat_seconds = from->heartbeat_seconds;
    out->head = from->head;
    return get_real(d, "heartbeat_seconds", from->heartbeat_seconds, 86400) &&
           get_text(d, "a plugin's name", from->plugin, &out->plugin) &&
           get_text(d, "a plugin's version", from->plugin_version, &out->plugin_version) &&
           get_text(d, "a run's folder", from->run_dir, &out->run_dir) &&
           get_settings(d, from->settings, from->n_settings, &out->settings);
}

static bool get_message(struct decoder *d, const Leti__Envelope *from, struct wire_message *out)
{
    _Static_assert((int)WIRE_BYE == (int)LETI__ENVELOPE__WHAT_BYE, "kinds are field numbers");
    out->kind = (enum wire_kind)from->what_case;
    switch (from->what_case) {
    case LETI__ENVELOPE__WHAT_HELLO:
        return get_hello(d, from->hello, &out->hello);
    case LETI__ENVELOPE__WHAT_WELCOME:
        return get_welcome(d, from->welcome, &out->welcome);
    case LETI__ENVELOPE__WHAT_CREDIT:
        out->credit = (struct wire_credit){ from->credit->units, from->credit->samples };
        return true;
    case LETI__ENVELOPE__WHAT_WORK:
        return get_work(d, from->work, &out->work);
    case LETI__ENVELOPE__WHAT_RESULT:
        return get_result(d, from->result, &out->result);
    case LETI__ENVELOPE__WHAT_METRIC:
        out->metric.value = from->metric->value;
        return get_text(d, "a metric's name", from->metric->name, &out->metric.name);
    case LETI__ENVELOPE__WHAT_PROGRESS:
        out->progress = (struct wire_progress){ from->progress->done, from->progress->total };
        return true;
    case LETI__ENVELOPE__WHAT_LOG:
        out->log.level = (enum leti_level)from->log->level;
        out->log.text = get_bytes(from->log->text);
        return get_enum(d, "level", from->log->level, LETI_LOG_ERROR);
    case LETI__ENVELOPE__WHAT_ERROR:
        out->error = get_bytes(from->error->text);
        return true;
    case LETI__ENVELOPE__WHAT_HEARTBEAT:
    case LETI__ENVELOPE__WHAT_CANCEL:
    case LETI__ENVELOPE__WHAT_BYE:
        return true;
    default:
        return leti_error_set(d->err, "a message of a kind that is not known");
    }
}

/* Small fields grow most when they are unpacked, some fifty times at worst. */
static size_t memory_for(size_t frame_size)
{
    const size_t most = (size_t)1 << 30;
    size_t limit = frame_size * 64 + (64 << 10);
    return limit < most ? limit : most;
}

bool wire_decode(const void *data, size_t size, struct arena *arena, struct wire_message *out,
                 struct leti_error *err)
{
    if (size > WIRE_FRAME_BYTES)
        return leti_error_set(err, "a frame of %zu bytes, at most %d are allowed", size,
                              WIRE_FRAME_BYTES);
    arena->limit = arena->taken + memory_for(size);
    ProtobufCAllocator allocator = { arena_take, arena_keep, arena };
    Leti__Envelope *envelope = leti__envelope__unpack(&allocator, size, data);
    if (!envelope)
        return leti_error_set(err, "a frame of %zu bytes that is not a message", size);
    struct decoder d = { .arena = arena, .err = err };
    struct wire_message message = { 0 };
    if (!get_message(&d, envelope, &message))
        return false;
    *out = message;
    return true;
}
