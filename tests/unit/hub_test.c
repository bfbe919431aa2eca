/* hub_test - every unit is told once, wherever its worker runs and whatever becomes of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub_fixture.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- remote workers ---- */

static pid_t join(const struct fixture *f, const char *stage)
{
    pid_t pid;
    char *arguments[] = { "leti", "join", (char *)hub_endpoint(f->hub), (char *)stage, NULL };
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- one pass through all kinds ---- */

enum { EVALUATED = 200, GENERATED = 20, FORMATTED = 50, LEARNED = 300, HELD_OUT = 40, EACH = 5 };

struct examples {
    uint32_t next, n;
    unsigned rewinds;
    char text[9000];
};

/* n to learn from, then some that are held out. */
static enum leti_status next_example(void *context, bool rewind, struct leti_example *out,
                                     const char **held_out, struct leti_error *err)
{
    (void)err;
    static struct leti_span span;
    struct examples *examples = context;
    if (rewind) {
        examples->next = 0;
        examples->rewinds++;
    }
    if (examples->next == examples->n + HELD_OUT)
        return LETI_DONE;
    if (examples->next >= examples->n)
        *held_out = "held out";
    memset(examples->text, 'a' + (int)(examples->next % 26), sizeof examples->text);
    span = (struct leti_span){ { examples->text, sizeof examples->text }, LETI_SPAN_TRAIN };
    *out = (struct leti_example){ 1, "p", examples->next++, &span, 1 };
    return LETI_OK;
}

static void submit_everything(struct fixture *f, struct stage *const stages[4],
                              struct examples *examples)
{
    uint64_t tag = 0;
    for (int i = 0; i < EVALUATED; i++)
        evaluate(f, stages[0], tag++, "print(1)");
    for (int i = 0; i < GENERATED; i++)
        generate(f, stages[1], tag++, "p", EACH, "/models/a");
    struct leti_problem problem = { "p", bytes_of("prompt"), bytes_of(""), bytes_of(""), NULL, 0 };
    struct leti_sample sample = { .problem = &problem,
                                  .iteration = 2,
                                  .index = 9,
                                  .program = bytes_of("program"),
                                  .raw = bytes_of("raw") };
    struct leti_verdict verdicts[] = {
        { LETI_PASSED, "passed", "", bytes_of("fine"), 1, NULL, 0 },
        { LETI_FAILED, "exception", "E", bytes_of("\xff\xfe"), 2, NULL, 0 },
    };
    for (int i = 0; i < FORMATTED; i++)
        must(hub_format(f->hub, stages[2], tag++, "w", &sample, verdicts, 2, &trouble));
    struct leti_training training = { 1, f->run_dir, 5 };
    struct hub_model model = { 0, "/models/a" };
    must(hub_train(f->hub, stages[3], tag++, "iteration 1", &training, &model, next_example,
                   examples, &trouble));
    poll_until_closed(f, tag);
}

static void check_everything(const struct fixture *f)
{
    const struct told *told = f->tags;
    for (int i = 0; i < EVALUATED; i++, told++) {
        char expected[128];
        snprintf(expected, sizeof expected, "1 exception NameError word p%d print(1) 0.25", i);
        assert_int_equal(told->verdicts, 1);
        assert_string_equal(told->text, expected);
    }
    for (int i = 0; i < GENERATED; i++, told++) {
        char expected[128];
        snprintf(expected, sizeof expected, "p/%d//models/a/%llu", 1 + EACH,
                 (unsigned long long)leti_sample_seed(77 + (uint64_t)(told - f->tags), 1 + EACH));
        assert_int_equal(told->samples, EACH);
        assert_int_equal(told->dones, 1);
        for (int j = 0; j < EACH; j++)
            assert_int_equal(told->each[2 + j], 1);
        assert_string_equal(told->text, expected);
    }
    for (int i = 0; i < FORMATTED; i++, told++) {
        assert_int_equal(told->examples, 1);
        assert_string_equal(told->text, "2 p 9 [program 1] [fine 4] [\xff\xfe 4]");
    }
    assert_int_equal(told->dones, 1);
    assert_int_equal(f->n_metrics, 4);
    assert_int_equal((int)f->metrics[0], LEARNED);
    assert_int_equal((int)f->metrics[2], 1);
    assert_int_equal((int)f->metrics[3], HELD_OUT);
}

static double digest_of_pass(struct fixture *f, enum placement placement, const char *generator)
{
    const char *plugins[] = { "evaluator.hub", generator, "formatter.hub", "trainer.hub" };
    struct stage *stages[4];
    pid_t joined[4] = { 0 };
    struct examples examples = { .n = LEARNED };
    make_hub(f, placement == PLACE_REMOTE ? "tcp://127.0.0.1:*" : NULL);
    for (int i = 0; i < 4; i++) {
        stages[i] = add_stage(f, plugins[i], placement, i == 3 ? 1 : 2);
        if (placement == PLACE_REMOTE)
            joined[i] = join(f, plugins[i]);
    }
    submit_everything(f, stages, &examples);
    check_everything(f);
    assert_int_equal(examples.rewinds, 1);
    for (int i = 0; i < 4; i++)
        if (joined[i])
            end(joined[i]);
    return f->metrics[1];
}

static double digest;

static void threads_do_all_kinds_of_work(void **state)
{
    digest = digest_of_pass(*state, PLACE_THREAD, "generator.hub");
}

static void processes_do_it_with_the_same_results(void **state)
{
    assert_true(digest_of_pass(*state, PLACE_PROCESS, "generator.hub_single") == digest);
}

static void remote_workers_do_it_with_the_same_results(void **state)
{
    assert_true(digest_of_pass(*state, PLACE_REMOTE, "generator.hub") == digest);
}

/* ---- plugins that cannot ---- */

static void tells_what_a_plugin_could_not_do(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    const struct stage *judge = add_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    const struct stage *writer = add_stage(f, "generator.hub", PLACE_THREAD, 1);
    evaluate(f, judge, 0, "fail");
    evaluate(f, judge, 1, "no reason");
    evaluate(f, judge, 2, "fine");
    generate(f, writer, 3, "forget", 4, "/models/a");
    poll_until_closed(f, 4);
    generate(f, writer, 4, "break", 4, "/models/a");
    poll_until_closed(f, 5);
    generate(f, writer, 5, "p", 4, "/models/broken");
    generate(f, writer, 6, "fail", 4, "/models/a");
    generate(f, writer, 7, "p", 4, "/models/b");
    poll_until_closed(f, 8);
    assert_string_equal(f->tags[0].text, "this cannot be done");
    assert_string_equal(f->tags[1].text, "a verdict's reason is NULL");
    assert_int_equal(f->tags[2].verdicts, 1);
    assert_string_equal(f->tags[3].text, "the generator stopped with 1 of 4 samples missing");
    assert_int_equal(f->tags[3].samples, 3);
    assert_string_equal(f->tags[4].text, "the step broke");
    assert_string_equal(f->tags[5].text, "/models/broken: not a model");
    assert_string_equal(f->tags[6].text, "this cannot be done");
    assert_int_equal(f->tags[7].dones, 1);
    assert_int_equal(f->tags[7].samples, 4);
}

static void refuses_to_start(struct fixture *f, enum placement placement, const char *mode,
                             const char *expected)
{
    make_hub(f, NULL);
    struct stage *stage = make_stage(f, "evaluator.hub", placement, 1);
    set(stage, "mode", mode);
    must(hub_add_stage(f->hub, stage, &trouble));
    struct leti_error err = { 0 };
    poll_until_error(f, &err);
    check_says(err.text, "stage evaluator.hub (evaluator.hub): ");
    check_says(err.text, expected);
    hub_destroy(f->hub);
    f->hub = NULL;
}

static void tells_why_a_plugin_did_not_start(void **state)
{
    refuses_to_start(*state, PLACE_THREAD, "refuse", "there is no model in nowhere");
    refuses_to_start(*state, PLACE_PROCESS, "refuse", "there is no model in nowhere");
    refuses_to_start(*state, PLACE_PROCESS, "crash", "3 workers in a row did not get ready");
    refuses_to_start(*state, PLACE_PROCESS, "exit", "exited with code 3");
}

static void tells_that_the_program_is_missing(void **state)
{
    struct fixture *f = *state;
    struct hub_config config = { .run_dir = f->run_dir, .program = "/nowhere/leti" };
    struct hub_handler handler = { .context = f };
    struct leti_error err = { 0 };
    must(hub_create(&config, &handler, &f->hub, &trouble));
    assert_false(hub_add_stage(f->hub, make_stage(f, "evaluator.hub", PLACE_PROCESS, 1), &err));
    assert_string_equal(err.text, "stage evaluator.hub: /nowhere/leti could not be started: "
                                  "No such file or directory");
}

/* ---- crashes ---- */

/* n units, of which the one in the middle does this; all others are judged. */
static const char *lost_among_others(struct fixture *f, const struct stage *stage, int n,
                                     const char *program)
{
    size_t before = f->closed;
    for (int i = 0; i < n; i++)
        evaluate(f, stage, before + (uint64_t)i, i == n / 2 ? program : "fine");
    poll_until_closed(f, before + (size_t)n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(f->tags[before + (size_t)i].losses, i == n / 2);
        assert_int_equal(f->tags[before + (size_t)i].verdicts, i != n / 2);
    }
    return f->tags[before + (size_t)n / 2].text;
}

static void gives_up_what_crashes_three_workers_and_goes_on(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "evaluator.hub", PLACE_PROCESS, 2);
    const char *why = lost_among_others(f, stage, 100, "crash");
    check_says(why, "stage evaluator.hub (evaluator.hub), problem p50, sample 3: "
                    "given up after 3 workers, the last one was ended by signal ");
    why = lost_among_others(f, stage, 10, "abort");
    check_says(why, "ended by signal 6 (Aborted): the last words of a plugin");
    why = lost_among_others(f, stage, 1, "exit");
    check_says(why, "exited with code 7");
}

static void tells_each_sample_once_when_a_request_is_given_again(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "generator.hub", PLACE_PROCESS, 1);
    generate(f, stage, 0, "p", 7, "/models/a");
    generate(f, stage, 1, "crash later", 5, "/models/a");
    generate(f, stage, 2, "q", 7, "/models/a");
    poll_until_closed(f, 3);
    for (int tag = 0; tag < 3; tag += 2) {
        assert_int_equal(f->tags[tag].dones, 1);
        assert_int_equal(f->tags[tag].samples, 7);
    }
    assert_int_equal(f->tags[1].losses, 1);
    for (int i = 0; i < SAMPLES_MOST; i++)
        assert_true(f->tags[1].each[i] <= 1);
}

static void gives_a_training_again_from_its_first_example(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct examples examples = { .n = LEARNED };
    struct leti_training training = { 1, f->run_dir, 5 };
    struct hub_model model = { 0, "/models/a" };
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "trainer.hub", PLACE_PROCESS, 1);
    snprintf(path, sizeof path, "%s/crash", f->run_dir);
    must(file_write(path, "", 0, &trouble));
    must(hub_train(f->hub, stage, 0, "iteration 1", &training, &model, next_example, &examples,
                   &trouble));
    poll_until_closed(f, 1);
    assert_int_equal(examples.rewinds, 2);
    assert_int_equal(f->tags[0].dones, 1);
    assert_int_equal((int)f->metrics[0], LEARNED);
    assert_true(f->metrics[1] == digest);
    assert_int_equal((int)f->metrics[3], HELD_OUT);
}

/* ---- deadlines ---- */

static void check_deadline(struct fixture *f, enum placement placement, const char *program)
{
    make_hub(f, placement == PLACE_REMOTE ? "tcp://localhost:*" : NULL);
    struct stage *stage = make_stage(f, "evaluator.hub", placement, 1);
    stage->options.deadline = 0.15;
    must(hub_add_stage(f->hub, stage, &trouble));
    pid_t joined[3] = { 0 };
    for (int i = 0; i < 3 && placement == PLACE_REMOTE; i++)
        joined[i] = join(f, "evaluator.hub");
    const char *why = lost_among_others(f, stage, 1, program);
    assert_string_equal(why, "stage evaluator.hub (evaluator.hub), problem p0, sample 3: "
                             "given up after 3 workers, the last one missed the deadline of "
                             "0.15 s");
    for (int i = 0; i < 3 && joined[i]; i++)
        end(joined[i]);
}

static void names_stage_plugin_and_unit_when_a_thread_misses_a_deadline(void **state)
{
    check_deadline(*state, PLACE_THREAD, "hang");
}

static void names_them_when_a_process_does(void **state)
{
    check_deadline(*state, PLACE_PROCESS, "hang for ever");
}

static void names_them_when_a_remote_worker_does(void **state)
{
    check_deadline(*state, PLACE_REMOTE, "hang for ever");
}

static void counts_a_deadline_from_when_the_unit_runs(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    struct stage *stage = make_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    stage->options.deadline = 1;
    must(hub_add_stage(f->hub, stage, &trouble));
    for (int i = 0; i < 50; i++)
        evaluate(f, stage, (uint64_t)i, "slow"); /* 30 ms, so 1.5 s in all */
    poll_until_closed(f, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(f->tags[i].verdicts, 1);
}

static void leaves_a_stuck_thread_behind(void **state)
{
    struct fixture *f = *state;
    char fifo[128], program[160];
    snprintf(fifo, sizeof fifo, "%s/fifo", f->run_dir);
    snprintf(program, sizeof program, "open %s", fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    make_hub(f, NULL);
    struct stage *stage = make_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    stage->options.deadline = 0.15;
    must(hub_add_stage(f->hub, stage, &trouble));
    lost_among_others(f, stage, 1, program);
    hub_destroy(f->hub); /* returns, though three threads are still in the plugin */
    f->hub = NULL;
    int writer = open(fifo, O_RDWR | O_CLOEXEC); /* lets them go */
    assert_true(writer >= 0);
    close(writer);
}

/* The router does not know them yet, so that no Bye reaches them. */
static void ends_threads_that_have_not_said_hello(void **state)
{
    struct fixture *f = *state;
    alarm(60);
    for (int i = 0; i < 20; i++) {
        make_hub(f, NULL);
        add_stage(f, "evaluator.hub", PLACE_THREAD, 8);
        hub_destroy(f->hub);
        f->hub = NULL;
        plugin_close(&f->stages[--f->n_stages].plugin);
    }
    alarm(0);
}

/* ---- silence and reconnecting ---- */

static void gives_the_units_of_a_silent_worker_to_others(void **state)
{
    struct fixture *f = *state;
    make_hub(f, "tcp://127.0.0.1:*");
    const struct stage *stage = add_stage(f, "evaluator.hub", PLACE_REMOTE, 0);
    pid_t first = join(f, "evaluator.hub");
    evaluate(f, stage, 0, "fine");
    poll_until_closed(f, 1);
    assert_int_equal(f->last_pid, first);
    kill(first, SIGSTOP);
    for (uint64_t tag = 1; tag < 20; tag++)
        evaluate(f, stage, tag, "fine");
    pid_t second = join(f, "evaluator.hub");
    poll_until_closed(f, 20);
    assert_int_equal(f->last_pid, second);
    check_says(text_string(&f->log), "was silent for 0.5 s");
    end(second);
    kill(first, SIGCONT); /* and it is welcome again */
    evaluate(f, stage, 20, "fine");
    poll_until_closed(f, 21);
    assert_int_equal(f->last_pid, first);
    end(first);
}

/* The workers are stopped as well, so that nothing of them lies in the head's socket. */
static void loses_no_worker_while_the_head_itself_does_not_turn(void **state)
{
    struct fixture *f = *state;
    make_hub(f, "tcp://127.0.0.1:*");
    struct stage *far = make_stage(f, "evaluator.hub", PLACE_REMOTE, 0);
    far->options.deadline = 0.6;
    must(hub_add_stage(f->hub, far, &trouble));
    pid_t worker = join(f, "evaluator.hub");
    evaluate(f, far, 0, "fine");
    poll_until_closed(f, 1);
    kill(worker, SIGSTOP);
    evaluate(f, far, 1, "fine");
    must(hub_poll(f->hub, 0, NULL, &trouble)); /* now the unit is in the worker's hands */
    poll(NULL, 0, 1000);                       /* what is tested is that time goes by */
    kill(worker, SIGCONT);
    poll_until_closed(f, 2);
    assert_int_equal(f->tags[1].verdicts, 1);
    assert_int_equal(f->last_pid, worker);
    assert_null(strstr(text_string(&f->log), "was silent"));
    assert_null(strstr(text_string(&f->log), "missed the deadline"));
    end(worker);
}

static void refuses_a_stage_that_does_not_exist(void **state)
{
    struct fixture *f = *state;
    make_hub(f, "tcp://127.0.0.1:*");
    add_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    pid_t pid = join(f, "evaluator.none");
    int status, fd = pidfd_open(pid, 0);
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    for (int i = 0; i < 100 && poll(&ended, 1, 0) == 0; i++)
        must(hub_poll(f->hub, 100, NULL, &trouble));
    close(fd);
    assert_int_equal(waitpid(pid, &status, WNOHANG), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void listens_on_loopback_alone(void **state)
{
    struct fixture *f = *state;
    const char *refused[] = { "tcp://0.0.0.0:7461", "tcp://*:7461", "tcp://192.168.1.1:7461",
                              "tcp://[::]:7461", "tcp://128.0.0.1:7461" };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct leti_error err = { 0 };
        assert_false(try_hub(f, refused[i], &err));
        check_says(err.text, "CURVE keys");
        assert_null(f->hub);
    }
    struct leti_error err = { 0 };
    assert_false(try_hub(f, "udp://127.0.0.1:7461", &err));
    assert_false(try_hub(f, "tcp://7461", &err));
    check_says(err.text, "not of the form");
    make_hub(f, "tcp://127.3.2.1:*");
    check_says(hub_endpoint(f->hub), "tcp://127.3.2.1:");
}

static void needs_an_endpoint_for_remote_stages(void **state)
{
    struct fixture *f = *state;
    struct leti_error err = { 0 };
    make_hub(f, NULL);
    assert_null(hub_endpoint(f->hub));
    assert_false(hub_add_stage(f->hub, make_stage(f, "evaluator.hub", PLACE_REMOTE, 1), &err));
    check_says(err.text, "listens nowhere");
}

/* ---- the rest ---- */

static void tells_nothing_of_what_was_cancelled(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    const struct stage *judge = add_stage(f, "evaluator.hub", PLACE_THREAD, 1);
    const struct stage *writer = add_stage(f, "generator.hub", PLACE_THREAD, 1);
    evaluate(f, judge, 0, "fine");
    poll_until_closed(f, 1);
    for (uint64_t tag = 1; tag < 500; tag++)
        evaluate(f, judge, tag, tag == 3 ? "hang" : "slow"); /* hangs until Cancel comes */
    for (uint64_t tag = 500; tag < 700; tag++)
        generate(f, writer, tag, "p", 9, "/models/a");
    must(hub_poll(f->hub, 10, NULL, &trouble));
    hub_cancel(f->hub, judge);
    hub_cancel(f->hub, writer);
    assert_int_equal(hub_open_units(f->hub, NULL), 0);
    f->closed = 0;
    evaluate(f, judge, 700, "fine");
    generate(f, writer, 701, "p", 9, "/models/a");
    poll_until_closed(f, 2);
    assert_int_equal(f->tags[700].verdicts, 1);
    assert_int_equal(f->tags[701].samples, 9);
}

static void room_shrinks_as_the_queue_grows(void **state)
{
    struct fixture *f = *state;
    make_hub(f, NULL);
    const struct stage *stage = add_stage(f, "evaluator.hub", PLACE_THREAD, 2);
    size_t room = hub_room(f->hub, stage);
    assert_true(room > 10);
    for (uint64_t tag = 0; tag < 10; tag++)
        evaluate(f, stage, tag, "fine");
    assert_int_equal(hub_room(f->hub, stage), room - 10);
    for (uint64_t tag = 10; tag < 2000; tag++)
        evaluate(f, stage, tag, "fine");
    assert_int_equal(hub_room(f->hub, stage), 0);
    poll_until_closed(f, 2000);
    assert_int_equal(hub_room(f->hub, stage), room);
}

/* The head of the next test: tells its worker's process, and stays. */
static int be_head(void)
{
    void *state = NULL;
    if (set_up(&state) != 0)
        return 1;
    struct fixture *f = state;
    make_hub(f, NULL);
    evaluate(f, add_stage(f, "evaluator.hub", PLACE_PROCESS, 1), 0, "fine");
    poll_until_closed(f, 1);
    printf("%ld %s\n", f->last_pid, f->run_dir);
    fflush(stdout);
    for (;;)
        pause();
}

static size_t sockets_of(const char *folder, pid_t head)
{
    char pattern[128];
    glob_t found = { 0 };
    snprintf(pattern, sizeof pattern, "%s/leti-%ld-*/head", folder, (long)head);
    glob(pattern, 0, NULL, &found);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

static void a_killed_head_leaves_no_process_and_its_socket_until_the_next(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", f->run_dir, 1), 0);
    int pipe_ends[2];
    pid_t head;
    long worker = 0;
    char run_dir[64] = "";
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pipe_ends[1], 1);
    char *arguments[] = { "hub_test", "head", NULL };
    assert_int_equal(posix_spawn(&head, "/proc/self/exe", &files, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(pipe_ends[1]);
    FILE *said = fdopen(pipe_ends[0], "r");
    assert_int_equal(fscanf(said, "%ld %63s", &worker, run_dir), 2);
    fclose(said);
    int fd = pidfd_open((pid_t)worker, 0);
    assert_true(fd >= 0);
    end(head);
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&ended, 1, 20000), 1);
    close(fd);
    assert_int_equal(sockets_of(f->run_dir, head), 1);
    make_hub(f, NULL);
    add_stage(f, "evaluator.hub", PLACE_PROCESS, 1);
    assert_int_equal(sockets_of(f->run_dir, head), 0);
    assert_int_equal(sockets_of(f->run_dir, getpid()), 1);
    unsetenv("XDG_RUNTIME_DIR");
    file_remove_tree(run_dir, NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    int code;
    if (be_worker(argc, argv, &code))
        return code;
    if (argc > 1 && !strcmp(argv[1], "head"))
        return be_head();
    const struct CMUnitTest tests[] = {
        test(threads_do_all_kinds_of_work),
        test(processes_do_it_with_the_same_results),
        test(remote_workers_do_it_with_the_same_results),
        test(tells_what_a_plugin_could_not_do),
        test(tells_why_a_plugin_did_not_start),
        test(tells_that_the_program_is_missing),
        test(gives_up_what_crashes_three_workers_and_goes_on),
        test(tells_each_sample_once_when_a_request_is_given_again),
        test(gives_a_training_again_from_its_first_example),
        test(names_stage_plugin_and_unit_when_a_thread_misses_a_deadline),
        test(names_them_when_a_process_does),
        test(names_them_when_a_remote_worker_does),
        test(counts_a_deadline_from_when_the_unit_runs),
        test(leaves_a_stuck_thread_behind),
        test(ends_threads_that_have_not_said_hello),
        test(gives_the_units_of_a_silent_worker_to_others),
        test(loses_no_worker_while_the_head_itself_does_not_turn),
        test(refuses_a_stage_that_does_not_exist),
        test(listens_on_loopback_alone),
        test(needs_an_endpoint_for_remote_stages),
        test(tells_nothing_of_what_was_cancelled),
        test(room_shrinks_as_the_queue_grows),
        test(a_killed_head_leaves_no_process_and_its_socket_until_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
