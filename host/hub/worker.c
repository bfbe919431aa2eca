/* worker.c - the life of a worker: Hello, Welcome, start, work, stop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <signal.h>
#include <unistd.h>
#include <zmq.h>

#include "hub/worker_internal.h"

/* ---- services for the plugin ---- */

static void send_log(void *context, enum leti_level level, const char *text)
{
    struct worker *worker = context;
    struct wire_message message = { .kind = WIRE_LOG, .log = { level, { text, strlen(text) } } };
    link_send(worker->link, &message, LINK_NOW, NULL);
}

static void send_metric(void *context, const char *name, double value)
{
    struct worker *worker = context;
    struct wire_message message = { .kind = WIRE_METRIC, .metric = { name, value } };
    link_send(worker->link, &message, LINK_NOW, NULL);
}

static void send_progress(void *context, double done, double total)
{
    struct worker *worker = context;
    struct wire_message message = { .kind = WIRE_PROGRESS, .progress = { done, total } };
    link_send(worker->link, &message, LINK_NOW, NULL);
}

static bool is_stopping(void *context)
{
    struct worker *worker = context;
    return link_stopping(worker->link);
}

/* ---- what the kinds share ---- */

bool worker_send(struct worker *worker, const struct wire_message *message, enum link_hurry hurry,
                 struct leti_error *err)
{
    return link_send(worker->link, message, hurry, err);
}

bool worker_send_credit(struct worker *worker, uint32_t units, uint32_t samples,
                        struct leti_error *err)
{
    worker->credit = (struct wire_credit){ units, samples };
    struct wire_message message = { .kind = WIRE_CREDIT, .credit = worker->credit };
    return worker_send(worker, &message, LINK_NOW, err);
}

bool worker_welcome_again(struct worker *worker, const struct wire_welcome *again,
                          struct leti_error *err)
{
    if (again->head != worker->welcome->message.welcome.head)
        return leti_error_set(err, "the head was replaced by another, in %s", again->run_dir);
    return worker_send_credit(worker, worker->credit.units, worker->credit.samples, err);
}

bool worker_send_failure(struct worker *worker, uint64_t unit, const char *why,
                         struct leti_error *err)
{
    struct wire_message message = {
        .kind = WIRE_RESULT,
        .result = { .unit = unit,
                    .done = true,
                    .answer = WIRE_FAILURE,
                    .failure = { why, strlen(why) } },
    };
    return worker_send(worker, &message, LINK_NOW, err);
}

static void forget_model(struct worker *worker)
{
    free(worker->model_dir);
    worker->model_dir = NULL;
    worker->model = (struct wire_model){ 0 };
}

bool worker_load(struct worker *worker, const struct wire_model *model, struct leti_error *err)
{
    if (worker->model.dir && worker->model.version == model->version &&
        !strcmp(worker->model.dir, model->dir))
        return true;
    forget_model(worker);
    if (instance_load(worker->instance, model->dir, err) == LETI_ERROR)
        return false;
    worker->model_dir = strdup(model->dir);
    if (!worker->model_dir)
        return leti_error_set(err, "out of memory");
    worker->model = (struct wire_model){ model->version, worker->model_dir };
    return true;
}

static bool start_instance(struct worker *worker, struct leti_error *err)
{
    const struct wire_welcome *welcome = &worker->welcome->message.welcome;
    struct instance_config config = {
        .plugin = &worker->plugin,
        .settings = welcome->settings,
        .stage = worker->stage,
        .run_dir = welcome->run_dir,
        .threads = welcome->threads,
        .seed = welcome->seed,
        .services = { worker, send_log, send_metric, send_progress, is_stopping, worker_emit },
    };
    return instance_start(&config, &worker->instance, err);
}

static void stop_instance(struct worker *worker)
{
    instance_stop(worker->instance);
    worker->instance = NULL;
    worker->learning = 0;
    worker_forget_requests(worker);
    forget_model(worker);
}

bool worker_restart(struct worker *worker, struct leti_error *err)
{
    stop_instance(worker);
    return start_instance(worker, err);
}

/* ---- life ---- */

/* A head and a worker of different installations must not mix two versions of a plugin. */
static bool open_plugin(struct worker *worker, struct leti_error *err)
{
    const struct wire_welcome *welcome = &worker->welcome->message.welcome;
    if (!plugin_find(welcome->plugin, &worker->plugin, err))
        return false;
    const char *version = worker->plugin.desc->version;
    if (strcmp(version, welcome->plugin_version))
        return leti_error_set(err, "%s has version %s here and %s at the head", worker->plugin.path,
                              version, welcome->plugin_version);
    return true;
}

static bool live(struct worker *worker, struct leti_error *err)
{
    worker->welcome = link_take(worker->link, true);
    if (!worker->welcome)
        return true; /* the line is over, and knows why */
    if (worker->welcome->message.kind != WIRE_WELCOME)
        return leti_error_set(err, "the head began without a Welcome");
    if (!open_plugin(worker, err) || !start_instance(worker, err))
        return false;
    return worker->plugin.desc->kind == LETI_GENERATOR ? worker_generate(worker, err)
                                                       : worker_serve(worker, err);
}

static void tell_error(struct worker *worker, const struct leti_error *err)
{
    struct wire_message message = { .kind = WIRE_ERROR, .error = { err->text, strlen(err->text) } };
    link_send(worker->link, &message, LINK_NOW, NULL);
}

static bool run_on_context(const struct worker_config *config, const char *identity, void *context,
                           struct leti_error *err)
{
    struct link_config line = { context, config->endpoint, config->stage, identity,
                                config->head_timeout_ms };
    struct worker worker = { .stage = config->stage };
    bool good = link_open(&line, &worker.link, err);
    if (config->linked)
        atomic_store(config->linked, true);
    if (!good)
        return false;
    good = live(&worker, err);
    if (!good)
        tell_error(&worker, err);
    if (worker.instance)
        stop_instance(&worker);
    free(worker.open);
    if (worker.plugin.library)
        plugin_close(&worker.plugin);
    if (worker.waiting)
        link_put(worker.link, worker.waiting);
    if (worker.welcome)
        link_put(worker.link, worker.welcome);
    struct leti_error why;
    link_close(worker.link, &why);
    if (good && why.text[0])
        return leti_error_set(err, "%s", why.text);
    return good;
}

/* The kernel ends this process when the hub's thread that started it ends, so that no worker
 * survives a head that was killed. */
static bool tie_to_head(struct leti_error *err)
{
    const char *head = getenv("LETI_HEAD_PID");
    if (!head)
        return true;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return leti_error_set(err, "prctl: %s", strerror(errno));
    if (getppid() != (pid_t)strtol(head, NULL, 10))
        return leti_error_set(err, "the head is gone");
    return unsetenv("LETI_HEAD_PID") == 0;
}

static bool name_worker(const struct worker_config *config, char *name, size_t size,
                        struct leti_error *err)
{
    const char *given = config->identity ? config->identity : getenv("LETI_WORKER_ID");
    if (given)
        return snprintf(name, size, "%s", given) < (int)size ||
               leti_error_set(err, "the worker's identity is too long");
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return leti_error_set(err, "getrandom: %s", strerror(errno));
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    snprintf(name, size, "%s-%ld-%016llx", host, (long)getpid(), (unsigned long long)random);
    return true;
}

bool worker_run(const struct worker_config *config, struct leti_error *err)
{
    char identity[200];
    if (!config->identity && !tie_to_head(err))
        return false;
    if (!name_worker(config, identity, sizeof identity, err))
        return false;
    if (config->zmq_context)
        return run_on_context(config, identity, config->zmq_context, err);
    void *context = zmq_ctx_new();
    if (!context)
        return leti_error_set(err, "zmq_ctx_new: %s", zmq_strerror(zmq_errno()));
    bool good = run_on_context(config, identity, context, err);
    zmq_ctx_term(context);
    return good;
}
