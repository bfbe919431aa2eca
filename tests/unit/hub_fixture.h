/* hub_fixture.h - a hub with the stages of hub_stages.c, and a record of what it told.
 *
 * Header only: the tests of the hub are several programs. Each is its own worker process: main
 * calls be_worker first.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_HUB_FIXTURE_H
#define UNIT_HUB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "hub/hub.h"
#include "hub/worker.h"

enum { TAGS_MOST = 4096, STAGES_MOST = 8, SAMPLES_MOST = 64 };

/* What was told of one tag. */
struct told {
    unsigned samples, verdicts, examples, dones, failures, losses;
    unsigned each[SAMPLES_MOST];
    char text[512]; /* of the last */
};

struct fixture {
    struct hub *hub;
    struct stage stages[STAGES_MOST];
    size_t n_stages;
    struct told *tags;
    size_t closed; /* units of which all was told */
    long last_pid; /* of the worker that said the last verdict */
    double metrics[4];
    unsigned n_metrics;
    struct text log;
    char run_dir[64];
};

/* `PROGRAM join ENDPOINT STAGE`; returns whether this process was that. */
__attribute__((unused)) static bool be_worker(int argc, char **argv, int *code)
{
    if (argc < 4 || strcmp(argv[1], "join"))
        return false;
    struct worker_config config = { .endpoint = argv[2], .stage = argv[3] };
    struct leti_error err;
    *code = worker_run(&config, &err) ? 0 : 1;
    if (*code)
        fprintf(stderr, "%s\n", err.text);
    return true;
}

/* ---- what the hub tells ---- */

static struct told *told_of(void *context, uint64_t tag)
{
    struct fixture *f = context;
    assert_true(tag < TAGS_MOST);
    return &f->tags[tag];
}

static struct told *closed(void *context, uint64_t tag)
{
    ((struct fixture *)context)->closed++;
    return told_of(context, tag);
}

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    (void)err;
    struct told *told = told_of(context, tag);
    assert_true(output->index < SAMPLES_MOST);
    told->samples++;
    told->each[output->index]++;
    snprintf(told->text, sizeof told->text, "%s", output->raw.data);
    return true;
}

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    (void)err;
    struct told *told = closed(context, tag);
    told->verdicts++;
    const char *pid = strrchr(verdict->feedback.data, ' ');
    pid = pid ? pid : verdict->feedback.data;
    ((struct fixture *)context)->last_pid = strtol(pid, NULL, 10);
    snprintf(told->text, sizeof told->text, "%d %s %s %.*s %g", (int)verdict->outcome,
             verdict->reason, verdict->exception, (int)(pid - verdict->feedback.data),
             verdict->feedback.data, verdict->seconds);
    return true;
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    (void)err;
    struct told *told = closed(context, tag);
    told->examples++;
    int n = snprintf(told->text, sizeof told->text, "%u %s %u", example->iteration,
                     example->problem, example->index);
    for (size_t i = 0; i < example->n_spans; i++)
        n += snprintf(told->text + n, sizeof told->text - (size_t)n, " [%s %u]",
                      example->spans[i].text.data, example->spans[i].flags);
    return true;
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    (void)err;
    closed(context, tag)->dones++;
    return true;
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)err;
    struct told *told = closed(context, tag);
    told->failures++;
    snprintf(told->text, sizeof told->text, "%s", why);
    return true;
}

static bool on_lost(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)err;
    struct told *told = closed(context, tag);
    told->losses++;
    snprintf(told->text, sizeof told->text, "%s", why);
    return true;
}

static void on_metric(void *context, const struct stage *stage, const char *name, double value)
{
    (void)stage;
    (void)name;
    struct fixture *f = context;
    f->metrics[f->n_metrics++ % 4] = value;
}

static void on_log(void *context, const struct stage *stage, enum leti_level level,
                   const char *text)
{
    (void)stage;
    if (level > LETI_LOG_DEBUG)
        text_printf(&((struct fixture *)context)->log, "%s\n", text);
}

/* ---- setting up ---- */

static struct leti_error trouble; /* of the last call that must not fail */

static void must(bool good)
{
    if (!good)
        fail_msg("%s", trouble.text);
}

__attribute__((unused)) static int set_up(void **state)
{
    const char *build = getenv("LETI_BUILD_DIR");
    struct fixture *f = calloc(1, sizeof *f);
    if (!build || !f || !(f->tags = calloc(TAGS_MOST, sizeof *f->tags)))
        return -1;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/tests/plugins", build);
    snprintf(f->run_dir, sizeof f->run_dir, "/tmp/leti-hub-test-XXXXXX");
    if (setenv("LETI_PLUGIN_PATH", folder, 1) != 0 || !mkdtemp(f->run_dir))
        return -1;
    *state = f;
    return 0;
}

__attribute__((unused)) static int tear_down(void **state)
{
    struct fixture *f = *state;
    hub_destroy(f->hub);
    for (size_t i = 0; i < f->n_stages; i++) {
        settings_free(&f->stages[i].settings);
        plugin_close(&f->stages[i].plugin);
    }
    file_remove_tree(f->run_dir, NULL);
    text_free(&f->log);
    free(f->tags);
    free(f);
    return 0;
}

static bool try_hub(struct fixture *f, const char *listen, struct leti_error *err)
{
    struct hub_config config = {
        .run_dir = f->run_dir, .listen = listen, .seed = 11, .beat_seconds = 0.05
    };
    struct hub_handler handler = { .context = f,
                                   .sample = on_sample,
                                   .verdict = on_verdict,
                                   .example = on_example,
                                   .done = on_done,
                                   .failed = on_failed,
                                   .lost = on_lost,
                                   .metric = on_metric,
                                   .log = on_log };
    return hub_create(&config, &handler, &f->hub, err);
}

__attribute__((unused)) static void make_hub(struct fixture *f, const char *listen)
{
    must(try_hub(f, listen, &trouble));
}

/* A stage that is not added yet; its name is its plugin's. */
static struct stage *make_stage(struct fixture *f, const char *plugin, enum placement placement,
                                int replicas)
{
    assert_true(f->n_stages < STAGES_MOST);
    struct stage *stage = &f->stages[f->n_stages++];
    must(plugin_find(plugin, &stage->plugin, &trouble));
    stage->placement = placement;
    stage->options = (struct stage_options){
        .name = plugin, .replicas = replicas, .threads = 1, .deadline = 60
    };
    return stage;
}

__attribute__((unused)) static void set(struct stage *stage, const char *name, const char *value)
{
    must(settings_put(&stage->settings, name, &value, 1, false, "test", &trouble));
}

__attribute__((unused)) static struct stage *add_stage(struct fixture *f, const char *plugin,
                                                       enum placement placement, int replicas)
{
    struct stage *stage = make_stage(f, plugin, placement, replicas);
    must(hub_add_stage(f->hub, stage, &trouble));
    return stage;
}

/* ---- work ---- */

__attribute__((unused)) static struct leti_bytes bytes_of(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

__attribute__((unused)) static void evaluate(struct fixture *f, const struct stage *stage,
                                             uint64_t tag, const char *program)
{
    char id[32], what[64];
    snprintf(id, sizeof id, "p%u", (unsigned)tag);
    snprintf(what, sizeof what, "problem %s, sample 3", id);
    struct leti_pair extra = { "entry_point", bytes_of("f") };
    struct leti_problem problem = { .id = id,
                                    .prompt = bytes_of("prompt"),
                                    .tests = bytes_of("tests"),
                                    .reference = bytes_of(""),
                                    .extra = &extra,
                                    .n_extra = 1 };
    struct leti_sample sample = { .problem = &problem,
                                  .iteration = 2,
                                  .index = 3,
                                  .program = bytes_of(program),
                                  .raw = bytes_of("raw") };
    must(hub_evaluate(f->hub, stage, tag, what, &sample, &trouble));
}

__attribute__((unused)) static void generate(struct fixture *f, const struct stage *stage,
                                             uint64_t tag, const char *id, uint32_t samples,
                                             const char *dir)
{
    static const char *const stops[] = { "\nclass", "\n\"\"\"" };
    struct leti_problem problem = {
        .id = id, .prompt = bytes_of(id), .tests = bytes_of(""), .reference = bytes_of("")
    };
    struct leti_request request = { .problem = &problem,
                                    .condition = LETI_GOOD,
                                    .first = 2,
                                    .samples = samples,
                                    .seed = 77 + tag,
                                    .temperature = 1,
                                    .top_p = 1,
                                    .max_length = 512,
                                    .stops = { stops, 2 } };
    struct hub_model model = { 1, dir };
    must(hub_generate(f->hub, stage, tag, id, &request, &model, &trouble));
}

/* Polls until n units are closed in all. */
__attribute__((unused)) static void poll_until_closed(struct fixture *f, size_t n)
{
    double end = clock_seconds() + 100;
    while (f->closed < n) {
        must(hub_poll(f->hub, 1000, NULL, &trouble));
        if (clock_seconds() > end)
            fail_msg("only %zu of %zu units are closed; %s", f->closed, n, text_string(&f->log));
    }
    assert_int_equal(f->closed, n);
    assert_int_equal(hub_open_units(f->hub, NULL), 0);
}

/* Polls until hub_poll fails. */
__attribute__((unused)) static void poll_until_error(struct fixture *f, struct leti_error *err)
{
    double end = clock_seconds() + 100;
    while (hub_poll(f->hub, 1000, NULL, err))
        assert_true(clock_seconds() < end);
}

__attribute__((unused)) static void check_says(const char *text, const char *expected)
{
    if (!strstr(text, expected))
        fail_msg("\"%s\" does not say \"%s\"", text, expected);
}

#endif
