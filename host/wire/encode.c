/* encode.c - C structs to protobuf frames.
 *
 * Each put_x makes protobuf's mirror of an x in the frame's scratch arena, borrowing its bytes;
 * what the other end would refuse is refused here, where the culprit is still known.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include <math.h>
#include <stdlib.h>

#include "leti.pb-c.h"

struct encoder {
    struct arena *scratch;
    struct leti_error *err;
};

static bool put_text(struct encoder *e, const char *what, const char *text, char **out)
{
    if (!text)
        return leti_error_set(e->err, "%s is NULL", what);
    if (strnlen(text, WIRE_TEXT_BYTES + 1) > WIRE_TEXT_BYTES)
        return leti_error_set(e->err, "%s is longer than %d bytes", what, WIRE_TEXT_BYTES);
    *out = (char *)text;
    return true;
}

static bool put_bytes(struct encoder *e, const char *what, struct leti_bytes bytes,
                      ProtobufCBinaryData *out)
{
    if (!bytes.data && bytes.size)
        return leti_error_set(e->err, "%s is NULL", what);
    if (bytes.size > WIRE_FRAME_BYTES)
        return leti_error_set(e->err, "%s is %zu bytes, at most %d fit in a frame", what,
                              bytes.size, WIRE_FRAME_BYTES);
    *out = (ProtobufCBinaryData){ .len = bytes.size, .data = (uint8_t *)bytes.data };
    return true;
}

/* Room for n mirrors of `size` bytes each and the array of pointers to them that protobuf wants;
 * *list stays NULL where n is 0. */
static void *put_list(struct encoder *e, const char *what, const void *from, size_t n, size_t most,
                      size_t size, void ***list)
{
    if (n > most || (n && !from)) {
        leti_error_set(e->err, "%s: %zu, at most %zu are allowed", what, n, most);
        return NULL;
    }
    char *mirrors = arena_array(e->scratch, n, size);
    *list = arena_array(e->scratch, n, sizeof **list);
    if (!mirrors || !*list) {
        leti_error_set(e->err, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        (*list)[i] = mirrors + i * size;
    return mirrors;
}

static void *put_one(struct encoder *e, size_t size)
{
    void *mirror = arena_alloc(e->scratch, size);
    if (!mirror)
        leti_error_set(e->err, "out of memory");
    return mirror;
}

static bool put_enum(struct encoder *e, const char *what, int value, int most)
{
    if (value < 0 || value > most)
        return leti_error_set(e->err, "%s %d is not one", what, value);
    return true;
}

static bool put_pairs(struct encoder *e, const char *what, const struct leti_pair *pairs, size_t n,
                      Leti__Pair ***out)
{
    Leti__Pair *mirrors = put_list(e, what, pairs, n, WIRE_PAIRS, sizeof *mirrors, (void ***)out);
    for (size_t i = 0; mirrors && i < n; i++) {
        leti__pair__init(&mirrors[i]);
        if (!put_text(e, what, pairs[i].key, &mirrors[i].key) ||
            !put_bytes(e, what, pairs[i].value, &mirrors[i].value))
            return false;
    }
    return mirrors != NULL;
}

static bool put_problem(struct encoder *e, const struct leti_problem *problem, Leti__Problem **out)
{
    if (!problem)
        return leti_error_set(e->err, "the problem is NULL");
    Leti__Problem *p = put_one(e, sizeof *p);
    if (!p)
        return false;
    leti__problem__init(p);
    p->n_extra = problem->n_extra;
    *out = p;
    return put_text(e, "a problem's id", problem->id, &p->id) &&
           put_bytes(e, "a problem's prompt", problem->prompt, &p->prompt) &&
           put_bytes(e, "a problem's tests", problem->tests, &p->tests) &&
           put_bytes(e, "a problem's reference", problem->reference, &p->reference) &&
           put_pairs(e, "a problem's extra", problem->extra, problem->n_extra, &p->extra);
}

static bool put_logprobs(struct encoder *e, const float *logprobs, uint32_t tokens, float **out,
                         size_t *n)
{
    if (!logprobs)
        return true;
    if (tokens > WIRE_TOKENS)
        return leti_error_set(e->err, "log-probabilities of %u tokens, at most %d are allowed",
                              tokens, WIRE_TOKENS);
    for (uint32_t i = 0; i < tokens; i++)
        if (!isfinite(logprobs[i]))
            return leti_error_set(e->err, "the log-probability of token %u is %g", i,
                                  (double)logprobs[i]);
    *out = (float *)logprobs;
    *n = tokens;
    return true;
}

static bool put_sample(struct encoder *e, const struct leti_sample *sample, Leti__Sample **out)
{
    Leti__Sample *s = put_one(e, sizeof *s);
    if (!s)
        return false;
    leti__sample__init(s);
    s->iteration = sample->iteration;
    s->index = sample->index;
    s->tokens = sample->tokens;
    s->finish = (Leti__Finish)sample->finish;
    *out = s;
    return put_enum(e, "finish", (int)sample->finish, LETI_FINISH_LENGTH) &&
           put_logprobs(e, sample->logprobs, sample->tokens, &s->logprobs, &s->n_logprobs) &&
           put_problem(e, sample->problem, &s->problem) &&
           put_bytes(e, "a sample's program", sample->program, &s->program) &&
           put_bytes(e, "a sample's raw text", sample->raw, &s->raw);
}

static bool put_verdict(struct encoder *e, const struct leti_verdict *verdict, Leti__Verdict *v)
{
    leti__verdict__init(v);
    if (!isfinite(verdict->seconds) || verdict->seconds < 0)
        return leti_error_set(e->err, "a verdict's seconds are %g", verdict->seconds);
    v->outcome = (Leti__Outcome)verdict->outcome;
    v->seconds = verdict->seconds;
    v->n_scores = verdict->n_scores;
    return put_enum(e, "outcome", (int)verdict->outcome, LETI_INFRA) &&
           put_text(e, "a verdict's reason", verdict->reason, &v->reason) &&
           put_text(e, "a verdict's exception", verdict->exception, &v->exception) &&
           put_bytes(e, "a verdict's feedback", verdict->feedback, &v->feedback) &&
           put_pairs(e, "a verdict's scores", verdict->scores, verdict->n_scores, &v->scores);
}

static bool put_verdicts(struct encoder *e, const struct leti_verdict *verdicts, size_t n,
                         Leti__Verdict ***out)
{
    Leti__Verdict *mirrors =
        put_list(e, "verdicts", verdicts, n, WIRE_VERDICTS, sizeof *mirrors, (void ***)out);
    for (size_t i = 0; mirrors && i < n; i++)
        if (!put_verdict(e, &verdicts[i], &mirrors[i]))
            return false;
    return mirrors != NULL;
}

static bool put_example(struct encoder *e, const struct leti_example *example, Leti__Example *x)
{
    leti__example__init(x);
    x->iteration = example->iteration;
    x->index = example->index;
    x->n_spans = example->n_spans;
    Leti__Span *spans = put_list(e, "an example's spans", example->spans, example->n_spans,
                                 WIRE_SPANS, sizeof *spans, (void ***)&x->spans);
    for (size_t i = 0; spans && i < example->n_spans; i++) {
        leti__span__init(&spans[i]);
        spans[i].flags = example->spans[i].flags;
        if (!put_bytes(e, "a span's text", example->spans[i].text, &spans[i].text))
            return false;
    }
    return spans && put_text(e, "an example's problem", example->problem, &x->problem);
}

static bool put_model(struct encoder *e, const struct wire_model *model, Leti__Model **out)
{
    Leti__Model *m = put_one(e, sizeof *m);
    if (!m)
        return false;
    leti__model__init(m);
    m->version = model->version;
    *out = m;
    return put_text(e, "a model's folder", model->dir, &m->dir);
}

/* ---- work ---- */

static bool put_stops(struct encoder *e, const struct leti_list *stops, Leti__Generate *g)
{
    g->n_stops = stops->n;
    if (stops->n > WIRE_STOPS)
        return leti_error_set(e->err, "%zu stops, at most %d are allowed", stops->n, WIRE_STOPS);
    g->stops = arena_array(e->scratch, stops->n, sizeof *g->stops);
    if (!g->stops)
        return leti_error_set(e->err, "out of memory");
    for (size_t i = 0; i < stops->n; i++) {
        struct leti_bytes stop = { stops->items[i], strlen(stops->items[i]) };
        if (!put_bytes(e, "a stop", stop, &g->stops[i]))
            return false;
    }
    return true;
}

static bool put_generate(struct encoder *e, const struct wire_generate *generate, Leti__Work *work)
{
    const struct leti_request *r = &generate->request;
    Leti__Generate *g = put_one(e, sizeof *g);
    if (!g)
        return false;
    leti__generate__init(g);
    g->condition = (Leti__Condition)r->condition;
    g->first = r->first;
    g->samples = r->samples;
    g->seed = r->seed;
    g->temperature = r->temperature;
    g->top_p = r->top_p;
    g->top_k = r->top_k;
    g->max_length = r->max_length;
    work->what_case = LETI__WORK__WHAT_GENERATE;
    work->generate = g;
    return put_enum(e, "condition", (int)r->condition, LETI_BAD) &&
           put_problem(e, r->problem, &g->problem) && put_stops(e, &r->stops, g) &&
           put_model(e, &generate->model, &g->model);
}

static bool put_evaluate(struct encoder *e, const struct leti_sample *sample, Leti__Work *work)
{
    Leti__Evaluate *v = put_one(e, sizeof *v);
    if (!v)
        return false;
    leti__evaluate__init(v);
    work->what_case = LETI__WORK__WHAT_EVALUATE;
    work->evaluate = v;
    return put_sample(e, sample, &v->sample);
}

static bool put_format(struct encoder *e, const struct wire_format *format, Leti__Work *work)
{
    Leti__Format *f = put_one(e, sizeof *f);
    if (!f)
        return false;
    leti__format__init(f);
    f->n_verdicts = format->n_verdicts;
    work->what_case = LETI__WORK__WHAT_FORMAT;
    work->format = f;
    return put_sample(e, &format->sample, &f->sample) &&
           put_verdicts(e, format->verdicts, format->n_verdicts, &f->verdicts);
}

static bool put_train(struct encoder *e, const struct wire_train *train, Leti__Work *work)
{
    Leti__Train *t = put_one(e, sizeof *t);
    if (!t)
        return false;
    leti__train__init(t);
    t->iteration = train->training.iteration;
    t->seed = train->training.seed;
    t->part = train->part;
    t->last = train->last;
    t->n_examples = train->n_examples;
    work->what_case = LETI__WORK__WHAT_TRAIN;
    work->train = t;
    Leti__Example *mirrors = put_list(e, "examples", train->examples, train->n_examples,
                                      WIRE_FRAME_BYTES, sizeof *mirrors, (void ***)&t->examples);
    for (size_t i = 0; mirrors && i < train->n_examples; i++)
        if (!put_example(e, &train->examples[i], &mirrors[i]) ||
            (train->held_out &&
             !put_text(e, "a held-out set's name", train->held_out[i], &mirrors[i].held_out)))
            return false;
    return mirrors && put_text(e, "a model's folder", train->training.out_dir, &t->out_dir) &&
           put_model(e, &train->model, &t->model);
}

static bool put_work(struct encoder *e, const struct wire_work *work, Leti__Work *w)
{
    leti__work__init(w);
    w->unit = work->unit;
    switch (work->kind) {
    case LETI_GENERATOR:
        return put_generate(e, &work->generate, w);
    case LETI_EVALUATOR:
        return put_evaluate(e, &work->evaluate, w);
    case LETI_FORMATTER:
        return put_format(e, &work->format, w);
    case LETI_TRAINER:
        return put_train(e, &work->train, w);
    case LETI_SOURCE:
    case LETI_OBSERVER:
        break;
    }
    return leti_error_set(e->err, "there is no work for a stage of kind %d", (int)work->kind);
}

/* ---- results ---- */

static bool put_output(struct encoder *e, const struct leti_output *output, Leti__Result *r)
{
    Leti__Output *o = put_one(e, sizeof *o);
    if (!o)
        return false;
    leti__output__init(o);
    o->index = output->index;
    o->tokens = output->tokens;
    o->finish = (Leti__Finish)output->finish;
    r->what_case = LETI__RESULT__WHAT_OUTPUT;
    r->output = o;
    return put_enum(e, "finish", (int)output->finish, LETI_FINISH_LENGTH) &&
           put_logprobs(e, output->logprobs, output->tokens, &o->logprobs, &o->n_logprobs) &&
           put_bytes(e, "a sample's raw text", output->raw, &o->raw);
}

static bool put_result(struct encoder *e, const struct wire_result *result, Leti__Result *r)
{
    leti__result__init(r);
    r->unit = result->unit;
    r->done = result->done;
    switch (result->answer) {
    case WIRE_NOTHING:
        return true;
    case WIRE_OUTPUT:
        return put_output(e, &result->output, r);
    case WIRE_VERDICT:
        r->what_case = LETI__RESULT__WHAT_VERDICT;
        r->verdict = put_one(e, sizeof *r->verdict);
        return r->verdict && put_verdict(e, &result->verdict, r->verdict);
    case WIRE_EXAMPLE:
        r->what_case = LETI__RESULT__WHAT_EXAMPLE;
        r->example = put_one(e, sizeof *r->example);
        return r->example && put_example(e, &result->example, r->example);
    case WIRE_FAILURE:
        r->what_case = LETI__RESULT__WHAT_ERROR;
        return put_bytes(e, "an error's text", result->failure, &r->error);
    }
    return leti_error_set(e->err, "answer %d is not one", (int)result->answer);
}

/* ---- the rest ---- */

static bool put_setting(struct encoder *e, const struct setting *setting, Leti__Setting *s)
{
    leti__setting__init(s);
    s->list = setting->is_list;
    s->n_values = setting->n_values;
    if (setting->n_values > WIRE_VALUES)
        return leti_error_set(e->err, "%s has %zu values, at most %d are allowed", setting->name,
                              setting->n_values, WIRE_VALUES);
    s->values = arena_array(e->scratch, setting->n_values, sizeof *s->values);
    if (!s->values)
        return leti_error_set(e->err, "out of memory");
    for (size_t i = 0; i < setting->n_values; i++) {
        struct leti_bytes value = { setting->values[i], strlen(setting->values[i]) };
        if (!put_bytes(e, "a setting's value", value, &s->values[i]))
            return false;
    }
    return put_text(e, "a setting's name", setting->name, &s->name);
}

static bool put_welcome(struct encoder *e, const struct wire_welcome *welcome, Leti__Welcome *w)
{
    const struct settings *settings = welcome->settings;
    leti__welcome__init(w);
    w->threads = welcome->threads;
    w->seed = welcome->seed;
    w->heartbeat_seconds = welcome->heartbeat_seconds;
    w->head = welcome->head;
    w->n_settings = settings->n;
    Leti__Setting *mirrors = put_list(e, "settings", settings->items, settings->n, WIRE_SETTINGS,
                                      sizeof *mirrors, (void ***)&w->settings);
    for (size_t i = 0; mirrors && i < settings->n; i++)
        if (!put_setting(e, &settings->items[i], &mirrors[i]))
            return false;
    return mirrors && put_text(e, "a plugin's name", welcome->plugin, &w->plugin) &&
           put_text(e, "a plugin's version", welcome->plugin_version, &w->plugin_version) &&
           put_text(e, "a run's folder", welcome->run_dir, &w->run_dir);
}

static bool put_hello(struct encoder *e, const struct wire_hello *hello, Leti__Hello *h)
{
    leti__hello__init(h);
    if (hello->n_held > WIRE_HELD)
        return leti_error_set(e->err, "%zu units are held, at most %d are allowed", hello->n_held,
                              WIRE_HELD);
    h->protocol = hello->protocol;
    h->n_held = hello->n_held;
    h->held = (uint64_t *)hello->held;
    return put_text(e, "a stage's name", hello->stage, &h->stage) &&
           put_text(e, "an identity", hello->identity, &h->identity);
}

/* Envelope's member `field`, of its kind, in the scratch. */
#define PUT(kind, field)                                                                           \
    (envelope->what_case = LETI__ENVELOPE__WHAT_##kind,                                            \
     (envelope->field = put_one(e, sizeof *envelope->field)) &&                                    \
         (leti__##field##__init(envelope->field), true))

static bool put_message(struct encoder *e, const struct wire_message *m, Leti__Envelope *envelope)
{
    switch (m->kind) {
    case WIRE_HELLO:
        return PUT(HELLO, hello) && put_hello(e, &m->hello, envelope->hello);
    case WIRE_WELCOME:
        return PUT(WELCOME, welcome) && put_welcome(e, &m->welcome, envelope->welcome);
    case WIRE_CREDIT:
        if (!PUT(CREDIT, credit))
            return false;
        envelope->credit->units = m->credit.units;
        envelope->credit->samples = m->credit.samples;
        return true;
    case WIRE_WORK:
        return PUT(WORK, work) && put_work(e, &m->work, envelope->work);
    case WIRE_RESULT:
        return PUT(RESULT, result) && put_result(e, &m->result, envelope->result);
    case WIRE_METRIC:
        if (!PUT(METRIC, metric))
            return false;
        envelope->metric->value = m->metric.value;
        return put_text(e, "a metric's name", m->metric.name, &envelope->metric->name);
    case WIRE_PROGRESS:
        if (!PUT(PROGRESS, progress))
            return false;
        envelope->progress->done = m->progress.done;
        envelope->progress->total = m->progress.total;
        return true;
    case WIRE_LOG:
        if (!PUT(LOG, log))
            return false;
        envelope->log->level = (int32_t)m->log.level;
        return put_enum(e, "level", (int)m->log.level, LETI_LOG_ERROR) &&
               put_bytes(e, "a line", m->log.text, &envelope->log->text);
    case WIRE_HEARTBEAT:
        return PUT(HEARTBEAT, heartbeat);
    case WIRE_CANCEL:
        return PUT(CANCEL, cancel);
    case WIRE_ERROR:
        return PUT(ERROR, error) &&
               put_bytes(e, "an error's text", m->error, &envelope->error->text);
    case WIRE_BYE:
        return PUT(BYE, bye);
    }
    return leti_error_set(e->err, "message %d is not one", (int)m->kind);
}

static bool frame_reserve(struct wire_frame *frame, size_t size, struct leti_error *err)
{
    if (size > WIRE_FRAME_BYTES)
        return leti_error_set(err, "the message is %zu bytes, at most %d fit in a frame", size,
                              WIRE_FRAME_BYTES);
    if (size <= frame->room)
        return true;
    unsigned char *data = realloc(frame->data, size + size / 2);
    if (!data)
        return leti_error_set(err, "out of memory");
    frame->data = data;
    frame->room = size + size / 2;
    return true;
}

bool wire_encode(const struct wire_message *message, struct wire_frame *frame,
                 struct leti_error *err)
{
    arena_reset(&frame->scratch);
    struct encoder e = { .scratch = &frame->scratch, .err = err };
    Leti__Envelope envelope = LETI__ENVELOPE__INIT;
    if (!put_message(&e, message, &envelope))
        return false;
    size_t size = leti__envelope__get_packed_size(&envelope);
    if (!frame_reserve(frame, size, err))
        return false;
    frame->size = leti__envelope__pack(&envelope, frame->data);
    return true;
}

void wire_frame_free(struct wire_frame *frame)
{
    free(frame->data);
    arena_free(&frame->scratch);
    *frame = (struct wire_frame){ 0 };
}
