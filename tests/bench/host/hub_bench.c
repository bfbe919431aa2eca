/* hub_bench - units a second through the hub, and what bare ZeroMQ sockets do beside it.
 *
 * `hub_bench [UNITS [WORKERS]]` prints, for each placement, the rate of units of work that do
 * nothing (evaluator.none), round trip from the head's queue to the head's handler, and the rate
 * of frames of the same sizes between a bare ROUTER and a bare DEALER that echoes, with as many
 * in flight. Both in the same run, in turn, the best of several, since machines vary.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.h"
#include "base/file.h"
#include "hub/hub.h"
#include "hub/worker.h"

enum { ROUNDS = 5, WINDOW = 64, WORK_BYTES = 420, RESULT_BYTES = 24 };

/* ---- the hub ---- */

struct count {
    size_t verdicts;
};

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    (void)tag;
    (void)verdict;
    (void)err;
    ((struct count *)context)->verdicts++;
    return true;
}

static bool on_trouble(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)context;
    (void)tag;
    return leti_error_set(err, "%s", why);
}

static bool pass_units(struct hub *hub, const struct stage *stage, struct count *count, size_t n,
                       double *rate, struct leti_error *err)
{
    static char text[400];
    memset(text, 'x', sizeof text - 1);
    struct leti_problem problem = { "601", { text, 150 }, { text, 100 }, { "", 0 }, NULL, 0 };
    struct leti_sample sample = { .problem = &problem,
                                  .iteration = 1,
                                  .index = 7,
                                  .program = { text, 60 },
                                  .raw = { text, 80 } };
    double began = clock_seconds();
    size_t sent = 0;
    count->verdicts = 0;
    while (count->verdicts < n) {
        for (size_t room = hub_room(hub, stage); room && sent < n; room--, sent++)
            if (!hub_evaluate(hub, stage, sent, "a unit", &sample, err))
                return false;
        if (!hub_poll(hub, 100, NULL, err))
            return false;
    }
    *rate = (double)n / (clock_seconds() - began);
    return true;
}

static bool measure_hub(enum placement placement, int workers, size_t n, double *rate,
                        struct leti_error *err)
{
    char folder[] = "/tmp/leti-bench-XXXXXX";
    struct count count = { 0 };
    struct hub_config config = { .run_dir = mkdtemp(folder) };
    struct hub_handler handler = {
        .context = &count, .verdict = on_verdict, .failed = on_trouble, .lost = on_trouble
    };
    struct stage stage = { .placement = placement,
                           .options = { .name = "evaluate", .replicas = workers, .threads = 1 } };
    struct hub *hub = NULL;
    bool good = plugin_find("evaluator.none", &stage.plugin, err) &&
                hub_create(&config, &handler, &hub, err) && hub_add_stage(hub, &stage, err) &&
                pass_units(hub, &stage, &count, WINDOW, rate, err) &&
                pass_units(hub, &stage, &count, n, rate, err);
    hub_destroy(hub);
    plugin_close(&stage.plugin);
    return file_remove_tree(folder, NULL) && good;
}

/* ---- bare sockets ---- */

struct echo {
    void *context;
    const char *endpoint;
};

/* Answers each frame with a short one, until an empty one comes. */
static void *echo_main(void *argument)
{
    const struct echo *echo = argument;
    char work[WORK_BYTES], result[RESULT_BYTES] = "r";
    void *socket = zmq_socket(echo->context, ZMQ_DEALER);
    zmq_connect(socket, echo->endpoint);
    zmq_send(socket, result, sizeof result, 0);
    while (zmq_recv(socket, work, sizeof work, 0) > 0)
        zmq_send(socket, result, sizeof result, 0);
    zmq_close(socket);
    return NULL;
}

static void pass_frames(void *router, size_t n, double *rate)
{
    char identity[32], work[WORK_BYTES] = "w", result[RESULT_BYTES];
    int size = zmq_recv(router, identity, sizeof identity, 0);
    zmq_recv(router, result, sizeof result, 0);
    double began = clock_seconds();
    size_t sent = 0, came = 0;
    while (came < n) {
        for (; sent < n && sent < came + WINDOW; sent++) {
            zmq_send(router, identity, (size_t)size, ZMQ_SNDMORE);
            zmq_send(router, work, sizeof work, 0);
        }
        for (int flags = 0; zmq_recv(router, identity, sizeof identity, flags) >= 0;
             flags = ZMQ_DONTWAIT, came++)
            zmq_recv(router, result, sizeof result, 0);
    }
    *rate = (double)n / (clock_seconds() - began);
    zmq_send(router, identity, (size_t)size, ZMQ_SNDMORE);
    zmq_send(router, "", 0, 0);
}

static bool measure_bare(const char *endpoint, size_t n, double *rate, struct leti_error *err)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    struct echo echo = { context, endpoint };
    pthread_t thread;
    if (zmq_bind(router, endpoint) != 0 || pthread_create(&thread, NULL, echo_main, &echo) != 0)
        return leti_error_set(err, "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    pass_frames(router, n, rate);
    pthread_join(thread, NULL);
    zmq_close(router);
    zmq_ctx_term(context);
    return true;
}

/* ---- both ---- */

static bool compare(const char *name, enum placement placement, const char *endpoint, int workers,
                    size_t n, struct leti_error *err)
{
    double best_hub = 0, best_bare = 0, rate = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (!measure_bare(endpoint, n, &rate, err))
            return false;
        best_bare = rate > best_bare ? rate : best_bare;
        if (!measure_hub(placement, workers, n, &rate, err))
            return false;
        best_hub = rate > best_hub ? rate : best_hub;
    }
    printf("%-8s hub %8.0f units/s   bare sockets %8.0f frames/s   ratio %.2f\n", name, best_hub,
           best_bare, best_hub / best_bare);
    return true;
}

int main(int argc, char **argv)
{
    struct leti_error err = { 0 };
    if (argc > 3 && !strcmp(argv[1], "join")) {
        struct worker_config config = { .endpoint = argv[2], .stage = argv[3] };
        return worker_run(&config, &err) ? 0 : 1;
    }
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    int workers = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    char ipc[64];
    snprintf(ipc, sizeof ipc, "ipc:///tmp/leti-bench-%ld", (long)getpid());
    bool good = setenv("LETI_PLUGIN_PATH", LETI_BENCH_PLUGINS, 1) == 0 &&
                compare("thread", PLACE_THREAD, "inproc://bench", workers, n, &err) &&
                compare("process", PLACE_PROCESS, ipc, workers, n, &err);
    unlink(ipc + 6);
    if (!good)
        fprintf(stderr, "hub_bench: %s\n", err.text);
    return good ? 0 : 1;
}
