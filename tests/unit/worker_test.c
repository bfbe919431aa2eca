/* worker_test - a worker against a head that the test plays: greets, beats, reconnects, leaves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/clock.h"
#include "hub/worker.h"
#include "wire/wire.h"

enum { SILENT_MS = 20000 };

/* The head, and the worker's thread. */
struct play {
    void *context, *router;
    char endpoint[128];
    char identity[256];
    int identity_size;
    struct wire_frame frame;
    struct arena arena;
    struct wire_message message; /* the last that came */
    pthread_t thread;
    struct worker_config config;
    struct leti_error why;
    bool good; /* what worker_run said */
};

static void set_number(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static void open_head(struct play *play, const char *endpoint)
{
    size_t size = sizeof play->endpoint;
    play->router = zmq_socket(play->context, ZMQ_ROUTER);
    assert_non_null(play->router);
    set_number(play->router, ZMQ_LINGER, 0);
    set_number(play->router, ZMQ_RCVTIMEO, SILENT_MS);
    set_number(play->router, ZMQ_ROUTER_HANDOVER, 1);
    double end = clock_seconds() + SILENT_MS * 1e-3; /* for the address to be free again */
    while (zmq_bind(play->router, endpoint) != 0)
        assert_true(zmq_errno() == EADDRINUSE && clock_seconds() < end);
    assert_int_equal(zmq_getsockopt(play->router, ZMQ_LAST_ENDPOINT, play->endpoint, &size), 0);
}

static int set_up(void **state)
{
    char folder[1024];
    const char *build = getenv("LETI_BUILD_DIR");
    struct play *play = calloc(1, sizeof *play);
    if (!build || !play)
        return -1;
    snprintf(folder, sizeof folder, "%s/tests/plugins", build);
    if (setenv("LETI_PLUGIN_PATH", folder, 1) != 0)
        return -1;
    play->context = zmq_ctx_new();
    *state = play;
    open_head(play, "tcp://127.0.0.1:*");
    return 0;
}

static int tear_down(void **state)
{
    struct play *play = *state;
    if (play->router)
        zmq_close(play->router);
    zmq_ctx_term(play->context);
    wire_frame_free(&play->frame);
    arena_free(&play->arena);
    free(play);
    return 0;
}

static void *run(void *argument)
{
    struct play *play = argument;
    play->good = worker_run(&play->config, &play->why);
    return NULL;
}

static void start_worker(struct play *play, int head_timeout_ms)
{
    play->config = (struct worker_config){ .endpoint = play->endpoint,
                                           .stage = "evaluate",
                                           .identity = "worker 1",
                                           .head_timeout_ms = head_timeout_ms };
    assert_int_equal(pthread_create(&play->thread, NULL, run, play), 0);
}

/* The next message that is no heartbeat. */
static const struct wire_message *hear(struct play *play)
{
    struct leti_error err;
    do {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        play->identity_size = zmq_recv(play->router, play->identity, sizeof play->identity, 0);
        assert_true(play->identity_size > 0);
        assert_true(zmq_msg_recv(&frame, play->router, 0) >= 0);
        arena_reset(&play->arena);
        if (!wire_decode(zmq_msg_data(&frame), zmq_msg_size(&frame), &play->arena, &play->message,
                         &err))
            fail_msg("%s", err.text);
        zmq_msg_close(&frame);
    } while (play->message.kind == WIRE_HEARTBEAT);
    return &play->message;
}

static void say(struct play *play, struct wire_message message)
{
    struct leti_error err;
    if (!wire_encode(&message, &play->frame, &err))
        fail_msg("%s", err.text);
    assert_true(zmq_send(play->router, play->identity, (size_t)play->identity_size, ZMQ_SNDMORE) >
                0);
    assert_true(zmq_send(play->router, play->frame.data, play->frame.size, 0) >= 0);
}

static void welcome(struct play *play, const char *plugin, const char *version, uint64_t head)
{
    struct settings settings = { 0 };
    const char *word = "echo";
    assert_true(settings_put(&settings, "word", &word, 1, false, NULL, NULL));
    say(play, (struct wire_message){
                  .kind = WIRE_WELCOME,
                  .welcome = { plugin, version, "/tmp", 1, 5, &settings, 0.02, head } });
    settings_free(&settings);
}

static void give(struct play *play, uint64_t unit, const char *program)
{
    struct leti_problem problem = { "601", { "", 0 }, { "", 0 }, { "", 0 }, NULL, 0 };
    struct leti_sample sample = { .problem = &problem,
                                  .iteration = 1,
                                  .index = 2,
                                  .program = { program, strlen(program) },
                                  .raw = { "", 0 } };
    say(play, (struct wire_message){ .kind = WIRE_WORK,
                                     .work = { unit, LETI_EVALUATOR, .evaluate = sample } });
}

static void greet(struct play *play)
{
    const struct wire_message *message = hear(play);
    assert_int_equal(message->kind, WIRE_HELLO);
    assert_int_equal(message->hello.protocol, WIRE_PROTOCOL);
    assert_string_equal(message->hello.stage, "evaluate");
    assert_string_equal(message->hello.identity, "worker 1");
    assert_int_equal(message->hello.n_held, 0);
    assert_int_equal(play->identity_size, 8);
    assert_memory_equal(play->identity, "worker 1", 8);
    welcome(play, "evaluator.hub", "1.0", 1);
    assert_int_equal(hear(play)->kind, WIRE_LOG);
    assert_int_equal(hear(play)->kind, WIRE_CREDIT);
    assert_true(play->message.credit.units >= 1);
}

static void hear_verdict(struct play *play, uint64_t unit)
{
    while (hear(play)->kind == WIRE_CREDIT)
        ;
    assert_int_equal(play->message.kind, WIRE_RESULT);
    assert_int_equal(play->message.result.unit, unit);
    assert_true(play->message.result.done);
    assert_int_equal(play->message.result.answer, WIRE_VERDICT);
}

static void hear_until(struct play *play, enum wire_kind kind)
{
    while (hear(play)->kind != kind)
        ;
}

static void check_ended(struct play *play, const char *why)
{
    assert_int_equal(pthread_join(play->thread, NULL), 0);
    assert_int_equal(play->good, !why);
    if (why && !strstr(play->why.text, why))
        fail_msg("\"%s\" does not say \"%s\"", play->why.text, why);
}

static void say_bye(struct play *play)
{
    say(play, (struct wire_message){ .kind = WIRE_BYE });
    check_ended(play, NULL);
}

/* ---- the tests ---- */

static void works_until_bye(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    for (uint64_t unit = 1; unit <= 100; unit++) {
        give(play, unit, "fine");
        hear_verdict(play, unit);
        assert_memory_equal(play->message.result.verdict.feedback.data, "echo 601 fine", 13);
    }
    say(play, (struct wire_message){ .kind = WIRE_BYE });
    hear_until(play, WIRE_BYE);
    check_ended(play, NULL);
}

static void beats_while_the_plugin_works_and_stops_it_on_bye(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    give(play, 1, "hang"); /* until the host says that it is stopping */
    for (int beats = 0; beats < 10;) {
        char identity[64];
        unsigned char frame[256];
        int size = zmq_recv(play->router, identity, sizeof identity, 0);
        assert_true(size > 0);
        size = zmq_recv(play->router, frame, sizeof frame, 0);
        assert_true(size >= 0);
        arena_reset(&play->arena);
        assert_true(wire_decode(frame, (size_t)size, &play->arena, &play->message, NULL));
        beats += play->message.kind == WIRE_HEARTBEAT;
    }
    say_bye(play);
}

static void cancel_stops_the_work_and_what_waits(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    give(play, 1, "hang");
    give(play, 2, "hang for ever");
    say(play, (struct wire_message){ .kind = WIRE_CANCEL });
    give(play, 3, "fine");
    hear_until(play, WIRE_RESULT);
    if (play->message.result.unit == 1) /* it was in the plugin's hands already */
        hear_until(play, WIRE_RESULT);
    assert_int_equal(play->message.result.unit, 3);
    say_bye(play);
}

static void gives_more_credit_when_units_are_quick(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    uint32_t most = play->message.credit.units;
    for (uint64_t unit = 1; most < 16 && unit < 10000; unit++) {
        give(play, unit, "fine");
        while (hear(play)->kind == WIRE_CREDIT)
            most = play->message.credit.units;
    }
    assert_true(most >= 16);
    for (uint64_t unit = 1; most > 1 && unit < 1000; unit++) {
        give(play, unit, "slow");
        while (hear(play)->kind == WIRE_CREDIT)
            most = play->message.credit.units;
    }
    assert_int_equal(most, 1);
    say_bye(play);
}

static void says_hello_again_when_it_is_asked_who_it_is(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    give(play, 7, "hang");
    say(play,
        (struct wire_message){ .kind = WIRE_HELLO, .hello = { .stage = "", .identity = "" } });
    hear_until(play, WIRE_HELLO);
    assert_int_equal(play->message.hello.n_held, 1);
    assert_int_equal(play->message.hello.held[0], 7);
    welcome(play, "evaluator.hub", "1.0", 1);
    say(play, (struct wire_message){ .kind = WIRE_CANCEL });
    hear_until(play, WIRE_CREDIT); /* told again */
    say_bye(play);
}

static void reconnects_and_says_what_it_holds(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    give(play, 7, "hang");
    give(play, 8, "fine");
    char endpoint[128];
    memcpy(endpoint, play->endpoint, sizeof endpoint);
    zmq_close(play->router);
    open_head(play, endpoint);
    hear_until(play, WIRE_HELLO);
    assert_int_equal(play->message.hello.n_held, 2);
    assert_int_equal(play->message.hello.held[0], 7);
    assert_int_equal(play->message.hello.held[1], 8);
    say_bye(play);
}

static void leaves_when_another_head_answers(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    welcome(play, "evaluator.hub", "1.0", 2);
    hear_until(play, WIRE_ERROR);
    check_ended(play, "the head was replaced by another");
}

static void leaves_when_the_head_is_silent(void **state)
{
    struct play *play = *state;
    start_worker(play, 200);
    greet(play);
    give(play, 1, "hang");
    check_ended(play, "the head has been silent for too long");
}

static void refuses_another_version_of_the_plugin(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    hear(play);
    welcome(play, "evaluator.hub", "2.0", 1);
    hear_until(play, WIRE_ERROR);
    if (!strstr(play->message.error.data, "has version 1.0 here and 2.0 at the head"))
        fail_msg("%s", play->message.error.data);
    check_ended(play, "has version 1.0 here and 2.0 at the head");
}

static void says_why_the_plugin_is_not_there(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    hear(play);
    welcome(play, "evaluator.nowhere", "1.0", 1);
    hear_until(play, WIRE_ERROR);
    check_ended(play, "evaluator.nowhere");
}

static void says_why_the_head_refused(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    hear(play);
    say(play, (struct wire_message){ .kind = WIRE_ERROR, .error = { "no such stage", 13 } });
    check_ended(play, "the head refused: no such stage");
}

static void frames_that_are_no_messages_change_nothing(void **state)
{
    struct play *play = *state;
    start_worker(play, 0);
    greet(play);
    for (int i = 0; i < 100; i++) {
        char junk[32];
        memset(junk, 'j' + i, sizeof junk);
        assert_true(
            zmq_send(play->router, play->identity, (size_t)play->identity_size, ZMQ_SNDMORE) > 0);
        assert_true(zmq_send(play->router, junk, (size_t)(i % 32), 0) >= 0);
    }
    give(play, 1, "fine");
    hear_verdict(play, 1);
    say_bye(play);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(works_until_bye),
        test(beats_while_the_plugin_works_and_stops_it_on_bye),
        test(cancel_stops_the_work_and_what_waits),
        test(gives_more_credit_when_units_are_quick),
        test(says_hello_again_when_it_is_asked_who_it_is),
        test(reconnects_and_says_what_it_holds),
        test(leaves_when_another_head_answers),
        test(leaves_when_the_head_is_silent),
        test(refuses_another_version_of_the_plugin),
        test(says_why_the_plugin_is_not_there),
        test(says_why_the_head_refused),
        test(frames_that_are_no_messages_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
