/* wire_test - what is encoded is decoded as it was, and nothing malformed is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leti.pb-c.h"
#include "wire/wire.h"

static struct wire_frame frame;
static struct arena arena;

static int clean_up(void **state)
{
    (void)state;
    wire_frame_free(&frame);
    arena_free(&arena);
    return 0;
}

static struct leti_bytes bytes_of(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* ---- specimens: one message of each kind, with every field set ---- */

static const struct leti_pair pairs[] = { { "entry_point", { "f\0g", 3 } }, { "", { "", 0 } } };
static const struct leti_problem problem = {
    "601", { "\xff\0\n", 3 }, { "assert f()", 10 }, { "", 0 }, pairs, 2
};
static const float logprobs[] = { -0.5f, -1e-3f, 0.0f, -40.0f };
static const struct leti_sample sample = {
    .problem = &problem,
    .iteration = 3,
    .index = 127,
    .program = { "x", 1 },
    .raw = { "x y", 3 },
    .tokens = 4,
    .finish = LETI_FINISH_STOP,
    .logprobs = logprobs,
};
static const struct leti_verdict verdicts[] = {
    { LETI_INFRA, "jail", "", { "", 0 }, 0, NULL, 0 },
    { LETI_FAILED, "exception", "NameError", { "Traceback\xc3", 10 }, 0.5, pairs, 2 },
};
static const struct leti_span spans[] = { { { "<|good|>", 8 }, LETI_SPAN_SPECIAL },
                                          { { "", 0 }, LETI_SPAN_TRAIN | LETI_SPAN_FEEDBACK } };
static const struct leti_example examples[] = { { 2, "601", 5, spans, 2 }, { 2, "", 6, NULL, 0 } };
static const char *const held_out[] = { "", "validation_good" };
static const char *const stops[] = { "\nclass", "Q:" };
static char *values[] = { "a", "" };
static struct setting items[] = {
    { .name = "epochs", .values = values, .n_values = 1 },
    { .name = "words", .values = values, .n_values = 2, .is_list = true },
    { .name = "none", .n_values = 0, .is_list = true },
};
static const struct settings settings = { .items = items, .n = 3 };
static const uint64_t held[] = { 1, UINT64_MAX };

static const struct leti_request request = {
    .id = 9,
    .problem = &problem,
    .condition = LETI_BAD,
    .first = 4,
    .samples = 128,
    .seed = UINT64_MAX - 1,
    .temperature = 0.8,
    .top_p = 0.95,
    .top_k = 50,
    .max_length = 512,
    .stops = { stops, 2 },
};

static const struct wire_message specimens[] = {
    { .kind = WIRE_HELLO, .hello = { 1, "evaluate", "host-1", held, 2 } },
    { .kind = WIRE_WELCOME,
      .welcome = { "evaluator.python", "1.0", "/run", 8, 7, &settings, 0.5, 3 } },
    { .kind = WIRE_CREDIT, .credit = { 64, 256 } },
    { .kind = WIRE_WORK,
      .work = { 9, LETI_GENERATOR, .generate = { request, { 3, "/models/3" } } } },
    { .kind = WIRE_WORK, .work = { 10, LETI_EVALUATOR, .evaluate = sample } },
    { .kind = WIRE_WORK, .work = { 11, LETI_FORMATTER, .format = { sample, verdicts, 2 } } },
    { .kind = WIRE_WORK,
      .work = { 12, LETI_TRAINER,
                .train = { { 2, "/out", 5 },
                           { 1, "/models/1" },
                           examples,
                           held_out,
                           2,
                           7,
                           true } } },
    { .kind = WIRE_RESULT,
      .result = { 9, true, WIRE_OUTPUT,
                  .output = { 9, 131, { "raw\0", 4 }, 17, LETI_FINISH_LENGTH, NULL } } },
    { .kind = WIRE_RESULT,
      .result = { 10, true, WIRE_VERDICT,
                  .verdict = { LETI_FAILED, "timeout", "", { "late", 4 }, 5, pairs, 2 } } },
    { .kind = WIRE_RESULT,
      .result = { 11, true, WIRE_EXAMPLE, .example = { 2, "601", 5, spans, 2 } } },
    { .kind = WIRE_RESULT, .result = { 12, true, WIRE_NOTHING, .failure = { NULL, 0 } } },
    { .kind = WIRE_RESULT, .result = { 13, true, WIRE_FAILURE, .failure = { "why", 3 } } },
    { .kind = WIRE_METRIC, .metric = { "loss", 0.71 } },
    { .kind = WIRE_PROGRESS, .progress = { 3, 320 } },
    { .kind = WIRE_LOG, .log = { LETI_LOG_WARN, { "a line", 6 } } },
    { .kind = WIRE_HEARTBEAT },
    { .kind = WIRE_CANCEL },
    { .kind = WIRE_ERROR, .error = { "no model", 8 } },
    { .kind = WIRE_BYE },
    { .kind = WIRE_RESULT,
      .result = { 9, true, WIRE_OUTPUT,
                  .output = { 9, 132, { "raw", 3 }, 4, LETI_FINISH_EOS, logprobs } } },
};
enum { SPECIMENS = sizeof specimens / sizeof *specimens };

static void encode(const struct wire_message *message)
{
    struct leti_error err;
    if (!wire_encode(message, &frame, &err))
        fail_msg("%s", err.text);
}

static void decode(struct wire_message *out)
{
    struct leti_error err;
    if (!wire_decode(frame.data, frame.size, &arena, out, &err))
        fail_msg("%s", err.text);
}

static void through(const struct wire_message *message, struct wire_message *out)
{
    arena_reset(&arena);
    encode(message);
    decode(out);
    assert_int_equal(out->kind, message->kind);
}

/* ---- the same afterwards ---- */

static void same_bytes(struct leti_bytes a, struct leti_bytes b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    assert_int_equal(a.data[a.size], '\0');
}

static void same_pairs(const struct leti_pair *a, size_t n_a, const struct leti_pair *b, size_t n)
{
    assert_int_equal(n_a, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(a[i].key, b[i].key);
        same_bytes(a[i].value, b[i].value);
    }
}

static void same_problem(const struct leti_problem *a, const struct leti_problem *b)
{
    assert_string_equal(a->id, b->id);
    same_bytes(a->prompt, b->prompt);
    same_bytes(a->tests, b->tests);
    same_bytes(a->reference, b->reference);
    same_pairs(a->extra, a->n_extra, b->extra, b->n_extra);
}

static void same_logprobs(const float *a, const float *b, size_t n)
{
    assert_true(!a == !b);
    if (b)
        assert_memory_equal(a, b, n * sizeof *b);
}

static void same_sample(const struct leti_sample *a, const struct leti_sample *b)
{
    same_problem(a->problem, b->problem);
    assert_int_equal(a->iteration, b->iteration);
    assert_int_equal(a->index, b->index);
    same_bytes(a->program, b->program);
    same_bytes(a->raw, b->raw);
    assert_int_equal(a->tokens, b->tokens);
    assert_int_equal(a->finish, b->finish);
    same_logprobs(a->logprobs, b->logprobs, b->tokens);
}

static void same_verdict(const struct leti_verdict *a, const struct leti_verdict *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_string_equal(a->reason, b->reason);
    assert_string_equal(a->exception, b->exception);
    same_bytes(a->feedback, b->feedback);
    assert_true(a->seconds == b->seconds);
    same_pairs(a->scores, a->n_scores, b->scores, b->n_scores);
}

static void same_example(const struct leti_example *a, const struct leti_example *b)
{
    assert_int_equal(a->iteration, b->iteration);
    assert_string_equal(a->problem, b->problem);
    assert_int_equal(a->index, b->index);
    assert_int_equal(a->n_spans, b->n_spans);
    for (size_t i = 0; i < b->n_spans; i++) {
        same_bytes(a->spans[i].text, b->spans[i].text);
        assert_int_equal(a->spans[i].flags, b->spans[i].flags);
    }
}

static void same_model(const struct wire_model *a, const struct wire_model *b)
{
    assert_true(a->version == b->version);
    assert_string_equal(a->dir, b->dir);
}

static void same_generate(const struct wire_generate *a, const struct wire_generate *b)
{
    const struct leti_request *r = &a->request, *s = &b->request;
    assert_true(r->id == s->id && r->seed == s->seed);
    assert_true(r->temperature == s->temperature && r->top_p == s->top_p);
    assert_int_equal(r->condition, s->condition);
    assert_int_equal(r->first, s->first);
    assert_int_equal(r->samples, s->samples);
    assert_int_equal(r->top_k, s->top_k);
    assert_int_equal(r->max_length, s->max_length);
    assert_int_equal(r->stops.n, s->stops.n);
    for (size_t i = 0; i < s->stops.n; i++)
        assert_string_equal(r->stops.items[i], s->stops.items[i]);
    same_problem(r->problem, s->problem);
    same_model(&a->model, &b->model);
}

static void same_train(const struct wire_train *a, const struct wire_train *b)
{
    assert_int_equal(a->training.iteration, b->training.iteration);
    assert_string_equal(a->training.out_dir, b->training.out_dir);
    assert_true(a->training.seed == b->training.seed);
    assert_int_equal(a->part, b->part);
    assert_int_equal(a->last, b->last);
    same_model(&a->model, &b->model);
    assert_int_equal(a->n_examples, b->n_examples);
    for (size_t i = 0; i < b->n_examples; i++) {
        same_example(&a->examples[i], &b->examples[i]);
        assert_string_equal(a->held_out[i], b->held_out[i]);
    }
}

static void same_work(const struct wire_work *a, const struct wire_work *b)
{
    assert_true(a->unit == b->unit);
    assert_int_equal(a->kind, b->kind);
    if (b->kind == LETI_GENERATOR)
        same_generate(&a->generate, &b->generate);
    if (b->kind == LETI_EVALUATOR)
        same_sample(&a->evaluate, &b->evaluate);
    if (b->kind == LETI_TRAINER)
        same_train(&a->train, &b->train);
    if (b->kind != LETI_FORMATTER)
        return;
    same_sample(&a->format.sample, &b->format.sample);
    assert_int_equal(a->format.n_verdicts, b->format.n_verdicts);
    for (size_t i = 0; i < b->format.n_verdicts; i++)
        same_verdict(&a->format.verdicts[i], &b->format.verdicts[i]);
}

static void same_result(const struct wire_result *a, const struct wire_result *b)
{
    assert_true(a->unit == b->unit);
    assert_int_equal(a->done, b->done);
    assert_int_equal(a->answer, b->answer);
    if (b->answer == WIRE_VERDICT)
        same_verdict(&a->verdict, &b->verdict);
    if (b->answer == WIRE_EXAMPLE)
        same_example(&a->example, &b->example);
    if (b->answer == WIRE_FAILURE)
        same_bytes(a->failure, b->failure);
    if (b->answer != WIRE_OUTPUT)
        return;
    assert_true(a->output.request == b->unit);
    assert_int_equal(a->output.index, b->output.index);
    assert_int_equal(a->output.tokens, b->output.tokens);
    assert_int_equal(a->output.finish, b->output.finish);
    same_logprobs(a->output.logprobs, b->output.logprobs, b->output.tokens);
    same_bytes(a->output.raw, b->output.raw);
}

static void work_and_results_come_through_unchanged(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPECIMENS; i++) {
        struct wire_message out;
        through(&specimens[i], &out);
        if (specimens[i].kind == WIRE_WORK)
            same_work(&out.work, &specimens[i].work);
        if (specimens[i].kind == WIRE_RESULT)
            same_result(&out.result, &specimens[i].result);
    }
}

static void greetings_come_through_unchanged(void **state)
{
    (void)state;
    struct wire_message out;
    through(&specimens[0], &out);
    assert_int_equal(out.hello.protocol, 1);
    assert_string_equal(out.hello.stage, "evaluate");
    assert_string_equal(out.hello.identity, "host-1");
    assert_int_equal(out.hello.n_held, 2);
    assert_memory_equal(out.hello.held, held, sizeof held);
    through(&specimens[1], &out);
    assert_string_equal(out.welcome.plugin, "evaluator.python");
    assert_string_equal(out.welcome.plugin_version, "1.0");
    assert_string_equal(out.welcome.run_dir, "/run");
    assert_int_equal(out.welcome.threads, 8);
    assert_int_equal(out.welcome.seed, 7);
    assert_int_equal(out.welcome.head, 3);
    assert_true(out.welcome.heartbeat_seconds == 0.5);
    assert_int_equal(out.welcome.settings->n, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct setting *setting = &out.welcome.settings->items[i];
        assert_string_equal(setting->name, items[i].name);
        assert_int_equal(setting->is_list, items[i].is_list);
        assert_int_equal(setting->n_values, items[i].n_values);
        for (size_t j = 0; j < setting->n_values; j++)
            assert_string_equal(setting->values[j], values[j]);
    }
}

static void reports_come_through_unchanged(void **state)
{
    (void)state;
    struct wire_message out;
    through(&specimens[2], &out);
    assert_int_equal(out.credit.units, 64);
    assert_int_equal(out.credit.samples, 256);
    through(&specimens[12], &out);
    assert_string_equal(out.metric.name, "loss");
    assert_true(out.metric.value == 0.71);
    through(&(struct wire_message){ .kind = WIRE_METRIC, .metric = { "loss", NAN } }, &out);
    assert_true(isnan(out.metric.value));
    through(&specimens[13], &out);
    assert_true(out.progress.done == 3 && out.progress.total == 320);
    through(&specimens[14], &out);
    assert_int_equal(out.log.level, LETI_LOG_WARN);
    same_bytes(out.log.text, bytes_of("a line"));
    through(&specimens[17], &out);
    same_bytes(out.error, bytes_of("no model"));
}

/* ---- refused before it is sent ---- */

static void refuses_to_encode(struct wire_message message, const char *expected)
{
    struct leti_error err = { 0 };
    assert_false(wire_encode(&message, &frame, &err));
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.text, expected);
}

static void refuses_to_send_what_would_be_refused(void **state)
{
    (void)state;
    struct wire_message verdict = specimens[8];
    verdict.result.verdict.reason = NULL;
    refuses_to_encode(verdict, "a verdict's reason is NULL");
    verdict = specimens[8];
    verdict.result.verdict.outcome = (enum leti_outcome)3;
    refuses_to_encode(verdict, "outcome 3 is not one");
    verdict = specimens[8];
    verdict.result.verdict.seconds = NAN;
    refuses_to_encode(verdict, "seconds");
    verdict = specimens[8];
    verdict.result.verdict.n_scores = WIRE_PAIRS + 1;
    refuses_to_encode(verdict, "scores: 4097, at most 4096 are allowed");
    static const float bad[] = { -1.0f, -INFINITY, -1.0f, -1.0f };
    struct wire_message output = specimens[SPECIMENS - 1];
    output.result.output.logprobs = bad;
    refuses_to_encode(output, "the log-probability of token 1 is -inf");
    output.result.output.tokens = WIRE_TOKENS + 1;
    refuses_to_encode(output, "log-probabilities of 4194305 tokens");
    char *text = calloc(WIRE_FRAME_BYTES + 2, 1);
    assert_non_null(text);
    memset(text, 'x', WIRE_FRAME_BYTES + 1);
    verdict = specimens[8];
    verdict.result.verdict.reason = text;
    refuses_to_encode(verdict, "a verdict's reason is longer than 4096 bytes");
    verdict = specimens[8];
    verdict.result.verdict.feedback = (struct leti_bytes){ text, WIRE_FRAME_BYTES };
    refuses_to_encode(verdict, "at most 67108864 fit in a frame");
    free(text);
}

/* ---- refused when it comes ---- */

static void check_refused(const char *expected)
{
    struct leti_error err = { 0 };
    struct wire_message out = { 0 };
    arena_reset(&arena);
    assert_false(wire_decode(frame.data, frame.size, &arena, &out, &err));
    assert_int_equal(out.kind, 0);
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.text, expected);
}

/* Packs what wire_encode would refuse. */
static void pack(const Leti__Envelope *envelope)
{
    frame.size = leti__envelope__get_packed_size(envelope);
    frame.data = realloc(frame.data, frame.size + 1);
    frame.room = frame.size + 1;
    assert_non_null(frame.data);
    leti__envelope__pack(envelope, frame.data);
}

static void pack_work(Leti__Work *work)
{
    Leti__Envelope envelope = LETI__ENVELOPE__INIT;
    envelope.what_case = LETI__ENVELOPE__WHAT_WORK;
    envelope.work = work;
    pack(&envelope);
}

static void refuses_log_probabilities_that_are_not_one_a_token(void **state)
{
    (void)state;
    float said[] = { -1.0f, NAN };
    Leti__Output output = LETI__OUTPUT__INIT;
    Leti__Result result = LETI__RESULT__INIT;
    Leti__Envelope envelope = LETI__ENVELOPE__INIT;
    result.what_case = LETI__RESULT__WHAT_OUTPUT;
    result.output = &output;
    envelope.what_case = LETI__ENVELOPE__WHAT_RESULT;
    envelope.result = &result;
    output.logprobs = said;
    output.n_logprobs = 1;
    output.tokens = 2;
    pack(&envelope);
    check_refused("1 log-probabilities of 2 tokens");
    output.n_logprobs = 2;
    pack(&envelope);
    check_refused("the log-probability of token 1 is nan");
}

static void refuses_messages_with_parts_missing(void **state)
{
    (void)state;
    Leti__Work work = LETI__WORK__INIT;
    pack_work(&work);
    check_refused("work of a kind that is not known");
    Leti__Evaluate evaluate = LETI__EVALUATE__INIT;
    work.what_case = LETI__WORK__WHAT_EVALUATE;
    work.evaluate = &evaluate;
    pack_work(&work);
    check_refused("the sample is missing");
    Leti__Sample no_problem = LETI__SAMPLE__INIT;
    evaluate.sample = &no_problem;
    pack_work(&work);
    check_refused("the problem is missing");
    Leti__Train train = LETI__TRAIN__INIT;
    work.what_case = LETI__WORK__WHAT_TRAIN;
    work.train = &train;
    pack_work(&work);
    check_refused("the model is missing");
    Leti__Envelope nothing = LETI__ENVELOPE__INIT;
    pack(&nothing);
    check_refused("a message of a kind that is not known");
}

static void refuses_numbers_out_of_bounds(void **state)
{
    (void)state;
    Leti__Work work = LETI__WORK__INIT;
    Leti__Generate generate = LETI__GENERATE__INIT;
    work.what_case = LETI__WORK__WHAT_GENERATE;
    work.generate = &generate;
    pack_work(&work);
    check_refused("0 samples from 0 on are wanted");
    generate.first = UINT32_MAX;
    generate.samples = 1;
    pack_work(&work);
    check_refused("1 samples from 4294967295 on are wanted");
    generate.first = 0;
    generate.condition = (Leti__Condition)7;
    pack_work(&work);
    check_refused("condition 7 is not one");
    generate.condition = LETI__CONDITION__GOOD;
    generate.temperature = -1;
    pack_work(&work);
    check_refused("temperature is -1");
    generate.temperature = 1;
    generate.top_p = NAN;
    pack_work(&work);
    check_refused("top_p is nan");
}

static void pack_metric(const char *name, size_t size)
{
    encode(&(struct wire_message){ .kind = WIRE_METRIC, .metric = { name, 1 } });
    assert_true(frame.size > size);
}

static void refuses_strings_that_hold_a_nul_or_are_long(void **state)
{
    (void)state;
    pack_metric("loss", 4);
    unsigned char *name = memchr(frame.data, 'o', frame.size);
    assert_non_null(name);
    *name = '\0';
    check_refused("a metric's name holds a NUL");
    char text[WIRE_TEXT_BYTES + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    Leti__Envelope envelope = LETI__ENVELOPE__INIT;
    Leti__Metric metric = LETI__METRIC__INIT;
    metric.name = text;
    envelope.what_case = LETI__ENVELOPE__WHAT_METRIC;
    envelope.metric = &metric;
    pack(&envelope);
    check_refused("a metric's name is 4097 bytes, at most 4096 are allowed");
}

static void refuses_frames_that_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPECIMENS; i++) {
        encode(&specimens[i]);
        size_t whole = frame.size;
        for (frame.size = 0; frame.size < whole; frame.size++) {
            struct wire_message out;
            struct leti_error err;
            /* In a buffer of its own size, so that AddressSanitizer sees a byte too far. */
            unsigned char *cut = malloc(frame.size ? frame.size : 1);
            assert_non_null(cut);
            memcpy(cut, frame.data, frame.size);
            arena_reset(&arena);
            assert_false(wire_decode(cut, frame.size, &arena, &out, &err));
            free(cut);
        }
    }
}

/* The smallest parts grow most: empty spans, two bytes each, in one example. */
static void a_small_frame_cannot_ask_for_much_memory(void **state)
{
    (void)state;
    enum { SPANS = WIRE_SPANS + 1 };
    Leti__Span span = LETI__SPAN__INIT, **list = calloc(SPANS, sizeof *list);
    assert_non_null(list);
    for (size_t i = 0; i < SPANS; i++)
        list[i] = &span;
    Leti__Example example = LETI__EXAMPLE__INIT;
    example.spans = list;
    example.n_spans = SPANS;
    Leti__Result result = LETI__RESULT__INIT;
    result.what_case = LETI__RESULT__WHAT_EXAMPLE;
    result.example = &example;
    Leti__Envelope envelope = LETI__ENVELOPE__INIT;
    envelope.what_case = LETI__ENVELOPE__WHAT_RESULT;
    envelope.result = &result;
    pack(&envelope);
    free(list);
    struct wire_message out;
    struct leti_error err = { 0 };
    arena_free(&arena);
    assert_false(wire_decode(frame.data, frame.size, &arena, &out, &err));
    assert_true(arena.taken <= 64 * frame.size + (64 << 10));
}

static uint64_t random_state = 20240229;

static uint32_t draw(uint32_t below)
{
    random_state = leti_mix(random_state, 1);
    return (uint32_t)(random_state >> 33) % below;
}

static void mutate(void)
{
    for (uint32_t i = draw(4) + 1; i > 0 && frame.size; i--) {
        size_t at = draw((uint32_t)frame.size);
        switch (draw(4)) {
        case 0:
            frame.data[at] ^= (unsigned char)(1u << draw(8));
            break;
        case 1:
            frame.data[at] = (unsigned char)draw(256);
            break;
        case 2:
            frame.size = at;
            break;
        default:
            memmove(frame.data + at, frame.data + draw((uint32_t)frame.size), 1);
        }
    }
}

/* Whatever is accepted must be fit to be sent again: all that it points to is there. */
static void mutated_frames_are_refused_or_sound(void **state)
{
    (void)state;
    struct wire_frame again = { 0 };
    size_t accepted = 0;
    for (size_t i = 0; i < 50000; i++) {
        struct wire_message out;
        struct leti_error err;
        encode(&specimens[i % SPECIMENS]);
        mutate();
        arena_reset(&arena);
        if (!wire_decode(frame.data, frame.size, &arena, &out, &err))
            continue;
        accepted++;
        if (!wire_encode(&out, &again, &err))
            fail_msg("%s", err.text);
    }
    wire_frame_free(&again);
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_and_results_come_through_unchanged),
        cmocka_unit_test(greetings_come_through_unchanged),
        cmocka_unit_test(reports_come_through_unchanged),
        cmocka_unit_test(refuses_to_send_what_would_be_refused),
        cmocka_unit_test(refuses_log_probabilities_that_are_not_one_a_token),
        cmocka_unit_test(refuses_messages_with_parts_missing),
        cmocka_unit_test(refuses_numbers_out_of_bounds),
        cmocka_unit_test(refuses_strings_that_hold_a_nul_or_are_long),
        cmocka_unit_test(refuses_frames_that_are_cut),
        cmocka_unit_test(a_small_frame_cannot_ask_for_much_memory),
        cmocka_unit_test(mutated_frames_are_refused_or_sound),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
