/* hub_chaos_test - each unit is told once although workers are killed, and frames make no sense.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub_fixture.h"

#include <signal.h>
#include <unistd.h>
#include <zmq.h>

#include "wire/wire.h"

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = leti_mix(random_state, 1);
    return (uint32_t)(random_state >> 33) % below;
}

/* ---- killing ---- */

/* A process that was waited for may have left its number to a stranger. */
static bool is_child(long pid)
{
    char path[64];
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    bool read = file && fscanf(file, "%*d (%*[^)]) %*c %ld", &parent) == 1;
    if (file)
        fclose(file);
    return read && parent == (long)getpid();
}

static void check_once(const struct fixture *f, uint64_t first, uint64_t n)
{
    for (uint64_t tag = first; tag < first + n; tag++) {
        const struct told *told = &f->tags[tag];
        assert_int_equal(told->verdicts + told->dones, 1);
        assert_int_equal(told->failures + told->losses + told->examples, 0);
    }
}

static void killed_evaluators_lose_nothing(void **state)
{
    enum { UNITS = 3000, KILLS = 25 };
    struct fixture *f = *state;
    random_state = 7;
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "evaluator.hub", PLACE_PROCESS, 3);
    size_t next_kill = 50, kills = 0;
    for (uint64_t tag = 0; tag < UNITS; tag++)
        evaluate(f, stage, tag, tag % 10 ? "fine" : "slow");
    while (f->closed < UNITS) {
        must(hub_poll(f->hub, 1000, NULL, &trouble));
        if (f->closed < next_kill || kills == KILLS || !is_child(f->last_pid))
            continue;
        assert_int_equal(kill((pid_t)f->last_pid, SIGKILL), 0);
        /* What was given back comes first and is done by then: a unit that is in hand at three
         * kills would be lost, rightly. */
        next_kill = f->closed + 150 + draw(100);
        kills++;
    }
    assert_true(kills >= 10);
    assert_int_equal(f->closed, UNITS);
    assert_int_equal(hub_open_units(f->hub, NULL), 0);
    check_once(f, 0, UNITS);
}

/* These end by themselves, half way through a request. */
static void generators_that_crash_tell_each_sample_once(void **state)
{
    enum { UNITS = 200, EACH = 9, BAD = 10 };
    struct fixture *f = *state;
    random_state = 8;
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "generator.hub", PLACE_PROCESS, 2);
    for (uint64_t tag = 0; tag < UNITS; tag++)
        generate(f, stage, tag, tag % (UNITS / BAD) == 5 ? "crash later" : "p", EACH, "/models/a");
    poll_until_closed(f, UNITS);
    for (uint64_t tag = 0; tag < UNITS; tag++) {
        bool bad = tag % (UNITS / BAD) == 5;
        assert_int_equal(f->tags[tag].losses, bad);
        assert_int_equal(f->tags[tag].dones, !bad);
        for (int i = 2; i < 2 + EACH; i++)
            assert_true(f->tags[tag].each[i] == 1 || (bad && f->tags[tag].each[i] == 0));
    }
}

/* ---- frames that make no sense ---- */

/* Somebody at the far end of a socket, who gets work as soon as it is taken for a worker. */
struct stranger {
    void *context, *socket;
    struct wire_frame frame;
    struct arena arena;
    uint64_t unit;
};

static void connect_again(struct stranger *stranger, const char *endpoint)
{
    int linger = 0;
    if (stranger->socket)
        zmq_close(stranger->socket);
    stranger->socket = zmq_socket(stranger->context, ZMQ_DEALER);
    assert_non_null(stranger->socket);
    assert_int_equal(zmq_setsockopt(stranger->socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_connect(stranger->socket, endpoint), 0);
}

static void hear(struct stranger *stranger)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, stranger->socket, ZMQ_DONTWAIT) >= 0) {
        struct wire_message message;
        arena_reset(&stranger->arena);
        if (wire_decode(zmq_msg_data(&frame), zmq_msg_size(&frame), &stranger->arena, &message,
                        NULL) &&
            message.kind == WIRE_WORK)
            stranger->unit = message.work.unit;
    }
    zmq_msg_close(&frame);
}

static void make_frame(struct stranger *stranger)
{
    static const struct leti_pair scores[] = { { "lines", { "12", 2 } } };
    const uint64_t held[] = { stranger->unit, 99 };
    const struct wire_message messages[] = {
        { .kind = WIRE_HELLO, .hello = { WIRE_PROTOCOL, "evaluator.hub", "stranger", NULL, 0 } },
        { .kind = WIRE_HELLO, .hello = { WIRE_PROTOCOL, "evaluator.hub", "stranger", held, 2 } },
        { .kind = WIRE_CREDIT, .credit = { 2, 0 } },
        { .kind = WIRE_RESULT,
          .result = { stranger->unit, true, WIRE_VERDICT,
                      .verdict = { LETI_FAILED, "timeout", "E", { "a b 1", 5 }, 5, scores, 1 } } },
        { .kind = WIRE_RESULT,
          .result = { stranger->unit, false, WIRE_OUTPUT,
                      .output = { 0, 3, { "x", 1 }, 1, LETI_FINISH_EOS } } },
        { .kind = WIRE_METRIC, .metric = { "loss", 1 } },
        { .kind = WIRE_PROGRESS, .progress = { 1, 2 } },
        { .kind = WIRE_LOG, .log = { LETI_LOG_WARN, { "hello", 5 } } },
        { .kind = WIRE_ERROR, .error = { "trouble", 7 } },
        { .kind = WIRE_HEARTBEAT },
        { .kind = WIRE_BYE },
    };
    struct leti_error err;
    uint32_t which = draw(sizeof messages / sizeof *messages);
    if (!wire_encode(&messages[which], &stranger->frame, &err))
        fail_msg("%s", err.text);
}

static void mutate(struct wire_frame *frame)
{
    for (uint32_t i = draw(3); i > 0 && frame->size; i--) {
        size_t at = draw((uint32_t)frame->size);
        if (draw(4) == 0)
            frame->size = at;
        else
            frame->data[at] = (unsigned char)draw(256);
    }
}

static void senseless_frames_neither_stop_the_head_nor_lose_units(void **state)
{
    enum { UNITS = 400, FRAMES = 2000 };
    struct fixture *f = *state;
    struct stranger stranger = { .context = zmq_ctx_new() };
    random_state = 9;
    make_hub(f, "tcp://127.0.0.1:*");
    const struct stage *stage = add_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    uint64_t tag = 0;
    for (int i = 0; i < FRAMES; i++) {
        if (i % 40 == 0)
            connect_again(&stranger, hub_endpoint(f->hub));
        if (i % (FRAMES / UNITS) == 0)
            evaluate(f, stage, tag++, "slow");
        hear(&stranger);
        make_frame(&stranger);
        if (i % 40 > 1) /* the first are good, so that it is a worker sometimes */
            mutate(&stranger.frame);
        int more = draw(50) == 0 ? ZMQ_SNDMORE : 0;
        zmq_send(stranger.socket, stranger.frame.data, stranger.frame.size, more);
        must(hub_poll(f->hub, i % 10 == 0, NULL, &trouble));
    }
    zmq_close(stranger.socket);
    while (f->closed < UNITS)
        must(hub_poll(f->hub, 1000, NULL, &trouble));
    assert_int_equal(f->closed, UNITS);
    for (uint64_t i = 0; i < UNITS; i++) {
        const struct told *told = &f->tags[i];
        assert_int_equal(told->verdicts + told->failures + told->losses, 1);
    }
    check_says(text_string(&f->log), "malformed frame");
    zmq_ctx_term(stranger.context);
    wire_frame_free(&stranger.frame);
    arena_free(&stranger.arena);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    int code;
    if (be_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        test(killed_evaluators_lose_nothing),
        test(generators_that_crash_tell_each_sample_once),
        test(senseless_frames_neither_stop_the_head_nor_lose_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
