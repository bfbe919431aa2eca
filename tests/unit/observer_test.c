/* observer_test - an observer is told everything in order, and can neither slow a run nor end it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "run/event.h"
#include "run/observer.h"

static char folder[] = "/tmp/leti-observer-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int begin(void **state)
{
    (void)state;
    char plugins[1024];
    snprintf(plugins, sizeof plugins, "%s/tests/plugins", getenv("LETI_BUILD_DIR"));
    return mkdtemp(folder) && !setenv("LETI_PLUGIN_PATH", plugins, 1) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return file_remove_tree(folder, NULL) ? 0 : -1;
}

/* ---- the queue ---- */

static struct leti_event metric(const char *name, uint64_t step, uint32_t iteration)
{
    return (struct leti_event){ .kind = LETI_EVENT_METRIC,
                                .iteration = iteration,
                                .metric = { .stage = "train", .name = name, .step = step } };
}

static struct leti_event sample(uint32_t iteration)
{
    return (struct leti_event){
        .kind = LETI_EVENT_SAMPLE,
        .iteration = iteration,
        .sample = { .test = "", .problem = "p", .reason = "passed", .exception = "" },
    };
}

static struct leti_event part(enum leti_event_kind kind, uint32_t iteration)
{
    return (struct leti_event){ .kind = kind, .iteration = iteration, .part = { .name = "train" } };
}

static struct event_queue *new_queue(size_t capacity)
{
    struct event_queue *queue = NULL;
    assert_true(event_queue_create(capacity, &queue, NULL));
    return queue;
}

static void put(struct event_queue *queue, struct leti_event event)
{
    event_queue_put(queue, &event);
}

/* The iterations of what is in the queue, which is closed for that. */
static const char *rest(struct event_queue *queue)
{
    static char said[256];
    size_t n = 0;
    struct leti_event *event;
    event_queue_close(queue, false);
    said[0] = '\0';
    while ((event = event_queue_take(queue))) {
        n += (size_t)snprintf(said + n, sizeof said - n, "%u ", event->iteration);
        free(event);
    }
    return said;
}

static void keeps_the_order_of_all_kinds(void **state)
{
    (void)state;
    struct event_queue *queue = new_queue(100);
    put(queue, part(LETI_EVENT_PART_BEGINS, 1));
    put(queue, metric("loss", 0, 2));
    put(queue, sample(3));
    put(queue, metric("loss", 1, 4));
    put(queue, part(LETI_EVENT_PART_ENDS, 5));
    assert_string_equal(rest(queue), "1 2 3 4 5 ");
    assert_int_equal(event_queue_dropped(queue), 0);
    event_queue_destroy(queue);
}

static void drops_what_matters_least_and_counts_it(void **state)
{
    (void)state;
    struct event_queue *queue = new_queue(4);
    put(queue, part(LETI_EVENT_PART_BEGINS, 1));
    put(queue, sample(2));
    put(queue, metric("loss", 5, 3));
    put(queue, metric("loss", 6, 4));
    put(queue, sample(5));                     /* 3 goes: a metric that came again, the oldest */
    put(queue, metric("loss", 7, 6));          /* 4 goes */
    put(queue, sample(7));                     /* 6 goes */
    put(queue, metric("loss", 8, 8));          /* it goes itself */
    put(queue, part(LETI_EVENT_PART_ENDS, 9)); /* 2 goes: the oldest sample */
    put(queue, metric("first", 0, 10));        /* 5 goes: as a sample, and younger */
    assert_int_equal(event_queue_dropped(queue), 6);
    assert_string_equal(rest(queue), "1 7 9 10 ");
    event_queue_destroy(queue);
}

static void stays_within_its_bounds_whatever_comes(void **state)
{
    (void)state;
    struct event_queue *queue = new_queue(2);
    for (uint32_t i = 1; i <= 5; i++)
        put(queue, part(LETI_EVENT_PART_ENDS, i));
    assert_int_equal(event_queue_dropped(queue), 3);
    assert_string_equal(rest(queue), "4 5 ");
    event_queue_destroy(queue);
}

static void says_in_each_event_how_many_were_dropped(void **state)
{
    (void)state;
    struct event_queue *queue = new_queue(1);
    put(queue, sample(1));
    put(queue, sample(2));
    struct leti_event *event = event_queue_take(queue);
    assert_int_equal(event->iteration, 2);
    assert_int_equal(event->dropped, 1);
    free(event);
    event_queue_destroy(queue);
}

static void takes_nothing_once_it_is_closed(void **state)
{
    (void)state;
    struct event_queue *queue = new_queue(4);
    put(queue, sample(1));
    event_queue_close(queue, true);
    put(queue, sample(2));
    assert_null(event_queue_take(queue));
    assert_int_equal(event_queue_dropped(queue), 0);
    event_queue_destroy(queue);
}

static void copies_texts_and_mends_their_utf8(void **state)
{
    (void)state;
    char why[] = "caf\xc3\xa9 \xff\xfe, \xe2\x82";
    struct leti_event event = { .kind = LETI_EVENT_LOST,
                                .trouble = {
                                    .test = "t", .problem = "p", .stage = "s", .why = why } };
    struct leti_event *copy = event_copy(&event);
    memset(why, 'x', sizeof why - 1);
    assert_string_equal(copy->trouble.why, "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd, "
                                           "\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(copy->trouble.test, "t");
    assert_string_equal(copy->trouble.problem, "p");
    assert_string_equal(copy->trouble.stage, "s");
    free(copy);
}

/* ---- the observer ---- */

static char logged[4096];
static size_t n_warnings;

static void on_line(void *context, enum leti_level level, const char *line)
{
    (void)context;
    n_warnings += level >= LETI_LOG_WARN;
    snprintf(logged, sizeof logged, "%s", line);
}

static void set(struct stage *stage, const char *name, const char *value)
{
    assert_true(settings_put(&stage->settings, name, &value, 1, false, NULL, NULL));
}

static void open_stage(struct stage *stage)
{
    struct leti_error err;
    *stage = (struct stage){ .where = (char *)"x.lua:3",
                             .options = { .name = "observe", .queue = 100, .deadline = 60 } };
    if (!plugin_find("observer.notes", &stage->plugin, &err))
        fail_msg("%s", err.text);
    set(stage, "file", in_folder("notes"));
    unlink(in_folder("notes"));
    logged[0] = '\0';
    n_warnings = 0;
    log_set_sink(on_line, NULL);
}

static void close_stage(struct stage *stage)
{
    log_set_sink(NULL, NULL);
    settings_free(&stage->settings);
    plugin_close(&stage->plugin);
}

static struct observer *start(struct stage *stage)
{
    struct leti_error err;
    struct observer *observer = NULL;
    if (!observer_start(stage, folder, 1, &observer, &err))
        fail_msg("%s", err.text);
    return observer;
}

static void check_start_refused(struct stage *stage, const char *expected)
{
    struct leti_error err;
    struct observer *observer = NULL;
    assert_false(observer_start(stage, folder, 1, &observer, &err));
    assert_null(observer);
    assert_string_equal(err.text, expected);
}

static void tell(struct observer *observer, struct leti_event event)
{
    observer_tell(observer, &event);
}

static void finish(struct observer *observer)
{
    observer_close(observer);
    observer_end(observer);
}

static void check_notes(const char *expected)
{
    char *text;
    size_t size;
    assert_true(file_read(in_folder("notes"), 1 << 20, &text, &size, NULL));
    assert_string_equal(text, expected);
    free(text);
}

static void is_told_all_in_order_before_it_stops(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    struct observer *observer = start(&stage);
    for (uint32_t i = 1; i <= 3; i++)
        tell(observer, sample(i));
    tell(observer, part(LETI_EVENT_PART_ENDS, 4));
    finish(observer);
    check_notes("5 1\n5 2\n5 3\n3 4\nstop\n");
    assert_int_equal(n_warnings, 0);
    close_stage(&stage);
}

static void says_why_it_did_not_start(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    set(&stage, "no_start", "true");
    check_start_refused(&stage, "x.lua:3: observe (observer.notes): it would rather not");
    close_stage(&stage);
}

static void is_told_no_more_after_it_failed_and_that_is_said_once(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    set(&stage, "fails_at", "2");
    struct observer *observer = start(&stage);
    for (uint32_t i = 1; i <= 50; i++)
        tell(observer, sample(i));
    finish(observer);
    check_notes("5 1\nstop\n");
    assert_int_equal(n_warnings, 1);
    assert_string_equal(logged, "observe: event 2 is too much; it is told nothing more, and the "
                                "run goes on");
    close_stage(&stage);
}

static void misses_events_where_it_is_slow(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    set(&stage, "waits_for", in_folder("pipe"));
    stage.options.queue = 10;
    struct observer *observer = start(&stage);
    tell(observer, part(LETI_EVENT_PART_BEGINS, 1));
    FILE *pipe = fopen(in_folder("pipe"), "w"); /* it has the first event now */
    assert_non_null(pipe);
    fclose(pipe);
    finish(observer);
    assert_int_equal(n_warnings, 0);

    observer = start(&stage);
    for (uint32_t i = 1; i <= 100; i++)
        tell(observer, sample(i));
    observer_close(observer);
    pipe = fopen(in_folder("pipe"), "w");
    assert_non_null(pipe);
    fclose(pipe);
    observer_end(observer);
    assert_int_equal(n_warnings, 1);
    assert_non_null(strstr(logged, "observe: it has missed "));
    assert_non_null(strstr(logged, " events, for it was slower than the run"));
    unlink(in_folder("pipe"));
    close_stage(&stage);
}

/* Opens the pipe without waiting, which works once somebody reads it. */
static void release(void)
{
    FILE *pipe = fopen(in_folder("pipe"), "w");
    assert_non_null(pipe);
    fclose(pipe);
    unlink(in_folder("pipe"));
}

static void is_left_behind_where_it_does_not_come_back(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    set(&stage, "waits_for", in_folder("pipe"));
    stage.options.deadline = 0.05;
    struct observer *observer = start(&stage);
    tell(observer, sample(1));
    finish(observer);
    assert_int_equal(n_warnings, 1);
    assert_string_equal(logged, "observe: it did not catch up within 0.05 s: the rest is lost");
    assert_null(stage.plugin.library); /* its code may still run */
    release();
    close_stage(&stage);
}

static void does_not_keep_a_run_from_beginning_for_ever(void **state)
{
    (void)state;
    struct stage stage;
    open_stage(&stage);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    set(&stage, "waits_for", in_folder("pipe"));
    set(&stage, "waits_to_start", "true");
    stage.options.deadline = 0.05;
    check_start_refused(&stage,
                        "x.lua:3: observe (observer.notes): it did not start within 0.05 s");
    release();
    close_stage(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_all_kinds),
        cmocka_unit_test(drops_what_matters_least_and_counts_it),
        cmocka_unit_test(stays_within_its_bounds_whatever_comes),
        cmocka_unit_test(says_in_each_event_how_many_were_dropped),
        cmocka_unit_test(takes_nothing_once_it_is_closed),
        cmocka_unit_test(copies_texts_and_mends_their_utf8),
        cmocka_unit_test(is_told_all_in_order_before_it_stops),
        cmocka_unit_test(says_why_it_did_not_start),
        cmocka_unit_test(is_told_no_more_after_it_failed_and_that_is_said_once),
        cmocka_unit_test(misses_events_where_it_is_slow),
        cmocka_unit_test(is_left_behind_where_it_does_not_come_back),
        cmocka_unit_test(does_not_keep_a_run_from_beginning_for_ever),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
