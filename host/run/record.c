/* record - what a run's results depend on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/record.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json_text.h"
#include "base/path.h"
#include "base/text.h"
#include "run/differ.h"

/* What is done with each pinned key: written at the beginning, compared later. */
typedef bool each_pin(struct run *, const char *key, const char *value, struct leti_error *err);

static bool pin_models(struct run *run, each_pin *pin, struct leti_error *err)
{
    const struct {
        const char *key, *dir;
    } models[] = { { "model of generator", run->generator_model },
                   { "model of trainer", run->trainer_model } };
    bool same = run->generator_model && run->trainer_model &&
                !strcmp(run->generator_model, run->trainer_model);
    char hash[HASH_TEXT] = "";
    for (size_t i = 0; i < 2; i++) {
        if (!models[i].dir)
            continue;
        if (!(i && same) && !hash_of_model(models[i].dir, hash, err))
            return false;
        if (!pin(run, models[i].key, hash, err))
            return false;
    }
    return true;
}

static bool pin_data(struct run *run, each_pin *pin, struct leti_error *err)
{
    char key[128];
    if (run->training.n && !pin(run, "data of training", run->training.hash, err))
        return false;
    for (size_t i = 0; i < run->pipeline->n_tests; i++) {
        snprintf(key, sizeof key, "data of test %s", run->pipeline->tests[i].name);
        if (!pin(run, key, run->tests[i].hash, err))
            return false;
    }
    return !run->validation.n || pin(run, "data of validation", run->validation.hash, err);
}

/* No result depends on who looks on. */
static bool is_observer(const struct stage *stage)
{
    return stage->plugin.desc->kind == LETI_OBSERVER;
}

static bool pin_plugins(struct run *run, each_pin *pin, struct leti_error *err)
{
    char key[128], value[256];
    for (size_t i = 0; i < run->pipeline->n_stages; i++) {
        const struct stage *stage = run->pipeline->stages[i];
        if (is_observer(stage))
            continue;
        snprintf(key, sizeof key, "plugin of %s", stage->options.name);
        snprintf(value, sizeof value, "%s %s", stage->plugin.desc->name,
                 stage->plugin.desc->version);
        if (!pin(run, key, value, err))
            return false;
    }
    return true;
}

/* ---- settings, one a line ---- */

/* A file counts by what is in it, wherever it lies. */
static bool add_value(struct text *text, const struct leti_option *option, const char *value,
                      struct leti_error *err)
{
    char hash[HASH_TEXT];
    if (option->type != LETI_TEXT || option->choices || !path_is_file(value)) {
        json_text_string(text, value);
        return true;
    }
    if (!hash_of_file(value, hash, err))
        return false;
    text_printf(text, "file %s", hash);
    return true;
}

static bool add_setting(struct text *text, const struct leti_option *option,
                        const struct settings *settings, struct leti_error *err)
{
    const struct setting *set = settings_get(settings, option->name);
    bool good = true;
    text_printf(text, "%s = ", option->name);
    if (!set)
        good = add_value(text, option, option->initial ? option->initial : "", err);
    for (size_t i = 0; good && set && i < set->n_values; i++) {
        text_add(text, i ? ", " : "");
        good = add_value(text, option, set->values[i], err);
    }
    text_add_char(text, '\n');
    return good;
}

/* Whether results depend on it. Not on how many workers there are and where; models are pinned by
 * themselves, and so is what sources read. */
static bool host_option_counts(const char *name)
{
    static const char *const names[] = { "samples", "temperature", "top_p", "top_k", "max_length" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static bool add_stage(struct text *text, const struct stage *stage, struct leti_error *err)
{
    const struct leti_plugin *desc = stage->plugin.desc;
    for (const struct leti_option *o = desc->options; o && o->name; o++)
        if (!add_setting(text, o, &stage->settings, err))
            return false;
    for (const struct leti_option *o = host_options(desc->kind); o->name; o++)
        if (host_option_counts(o->name) && !add_setting(text, o, &stage->host_settings, err))
            return false;
    return true;
}

static void add_test(struct text *text, const struct test *test)
{
    static const char *const conditions[] = { "none", "good", "bad" };
    text_printf(text, "samples = %u\ntemperature = %.17g\ntop_p = %.17g\ntop_k = %u\n",
                test->samples, test->temperature, test->top_p, test->top_k);
    text_printf(text, "max_length = %u\nevery = %u\ncondition = %s\n", test->max_length,
                test->every, conditions[test->condition]);
    if (test->past_cut)
        text_printf(text, "cut = %s\n", test->uncut ? "no" : "yes, and no end there");
}

static void add_pipeline(struct text *text, const struct pipeline *pipeline)
{
    text_printf(text, "seed = %llu\niterations = %u\npost =", (unsigned long long)pipeline->seed,
                pipeline->iterations);
    for (size_t i = 0; i < pipeline->n_post; i++) {
        text_add(text, i ? ", " : " ");
        json_text_string(text, pipeline->post[i]);
    }
    text_add(text, "\nstages =");
    for (size_t i = 0; i < pipeline->n_stages; i++)
        if (!is_observer(pipeline->stages[i]))
            text_printf(text, " %s", pipeline->stages[i]->options.name);
    text_add(text, "\ntests =");
    for (size_t i = 0; i < pipeline->n_tests; i++)
        text_printf(text, " %s", pipeline->tests[i].name);
    text_add_char(text, '\n');
    if (pipeline->from_references)
        text_add(text, "samples_from = references\n");
}

/* Takes the text. */
static bool pin_text(struct run *run, each_pin *pin, const char *of, const char *name,
                     struct text *text, struct leti_error *err)
{
    char key[128];
    char *value = text_take(text, err);
    snprintf(key, sizeof key, "setting of %s%s", of, name);
    bool good = value && pin(run, key, value, err);
    free(value);
    return good;
}

static bool pin_stage(struct run *run, each_pin *pin, const struct stage *stage,
                      struct leti_error *err)
{
    struct text text = { 0 };
    if (!add_stage(&text, stage, err)) {
        text_free(&text);
        return false;
    }
    return pin_text(run, pin, "", stage->options.name, &text, err);
}

static bool pin_settings(struct run *run, each_pin *pin, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    struct text text = { 0 };
    add_pipeline(&text, pipeline);
    if (!pin_text(run, pin, "the pipeline", "", &text, err))
        return false;
    for (size_t i = 0; i < pipeline->n_stages; i++)
        if (pipeline->stages[i]->plugin.desc->kind != LETI_SOURCE &&
            !is_observer(pipeline->stages[i]) && !pin_stage(run, pin, pipeline->stages[i], err))
            return false;
    for (size_t i = 0; i < pipeline->n_tests; i++) {
        struct text test = { 0 };
        add_test(&test, &pipeline->tests[i]);
        if (!pin_text(run, pin, "test ", pipeline->tests[i].name, &test, err))
            return false;
    }
    return true;
}

static bool pin_all(struct run *run, each_pin *pin, struct leti_error *err)
{
    return pin_data(run, pin, err) && pin_models(run, pin, err) && pin_plugins(run, pin, err) &&
           pin_settings(run, pin, err);
}

/* ---- writing ---- */

static bool put(struct run *run, const char *key, const char *value, struct leti_error *err)
{
    return store_put_manifest(run->store, key, value, err);
}

static void add_options(struct text *text, const struct leti_option *table,
                        const struct settings *settings)
{
    for (; table && table->name; table++) {
        const struct setting *set = settings_get(settings, table->name);
        text_printf(text, "%s =", table->name);
        if (!set)
            text_printf(text, " %s", table->initial ? table->initial : "");
        for (size_t i = 0; set && i < set->n_values; i++)
            text_printf(text, "%s %s", i ? "," : "", set->values[i]);
        text_add_char(text, '\n');
    }
}

/* Every stage's options, one a line, the defaults included. */
static bool put_options(struct run *run, struct leti_error *err)
{
    char key[128];
    for (size_t i = 0; i < run->pipeline->n_stages; i++) {
        const struct stage *stage = run->pipeline->stages[i];
        const struct leti_plugin *desc = stage->plugin.desc;
        struct text text = { 0 };
        add_options(&text, desc->options, &stage->settings);
        add_options(&text, host_options(desc->kind), &stage->host_settings);
        char *value = text_take(&text, err);
        snprintf(key, sizeof key, "options of %s", stage->options.name);
        bool good = value && put(run, key, value, err);
        free(value);
        if (!good)
            return false;
    }
    return true;
}

static bool put_problems(struct run *run, uint32_t phase, const struct problems *problems,
                         struct leti_error *err)
{
    for (size_t i = 0; i < problems->n; i++)
        if (!store_put_problem(run->store, phase, (uint32_t)i, &problems->items[i], err))
            return false;
    return true;
}

static bool put_phases(struct run *run, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    int64_t samples = pipeline->from_references ? 1
                      : pipeline->generator     ? pipeline->generator->options.samples
                                                : 0;
    if (!store_put_phase(run->store, STORE_TRAINING, "training", (uint32_t)samples, err) ||
        !put_problems(run, STORE_TRAINING, &run->training, err))
        return false;
    for (uint32_t i = 0; i < pipeline->n_tests; i++)
        if (!store_put_phase(run->store, i + 1, pipeline->tests[i].name, pipeline->tests[i].samples,
                             err) ||
            !put_problems(run, i + 1, &run->tests[i], err))
            return false;
    for (uint32_t i = 0; i < pipeline->n_evaluators; i++) {
        const struct stage *stage = pipeline->evaluators[i];
        if (!store_put_evaluator(run->store, i, stage->options.name, stage->plugin.desc->version,
                                 err))
            return false;
    }
    return true;
}

static bool put_settings(struct run *run, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    char seed[32], iterations[32];
    char *file = realpath(pipeline->file, NULL);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)pipeline->seed);
    snprintf(iterations, sizeof iterations, "%u", pipeline->iterations);
    bool good = put(run, "leti", LETI_VERSION, err) && put(run, "name", pipeline->name, err) &&
                put(run, "file", file ? file : pipeline->file, err) &&
                put(run, "seed", seed, err) && put(run, "iterations", iterations, err) &&
                put(run, "pipeline", pipeline->text, err);
    free(file);
    return good;
}

bool record_begin(struct run *run, struct leti_error *err)
{
    char *path = path_join(run->folder.path, "pipeline.lua");
    bool written = path && file_write(path, run->pipeline->text, strlen(run->pipeline->text), err);
    if (!path)
        leti_error_set(err, "out of memory");
    free(path);
    return written && put_settings(run, err) && pin_all(run, put, err) && put_options(run, err) &&
           put_phases(run, err);
}

/* ---- going on ---- */

bool record_open_pipeline(struct store *store, const char *const *overrides, size_t n_overrides,
                          struct pipeline **out, struct leti_error *err)
{
    char *text = NULL, *file = NULL;
    bool read =
        store_manifest(store, "pipeline", &text, err) && store_manifest(store, "file", &file, err);
    bool opened = false;
    if (read && (!text || !file))
        leti_error_set(err, "the run was cut off before it began; start it again");
    else if (read)
        opened = pipeline_open_text(text, file, overrides, n_overrides, out, err);
    free(text);
    free(file);
    return opened;
}

static bool refuse(const struct run *run, const char *key, struct line was, struct line is,
                   struct leti_error *err)
{
    char before[LINE_SHOWN], now[LINE_SHOWN];
    line_show(was, is, before);
    line_show(is, was, now);
    return leti_error_set(err, "%s: the %s has changed since the run began: it was %s, and is %s",
                          run->folder.name, key, before, now);
}

static bool compare(struct run *run, const char *key, const char *value, struct leti_error *err)
{
    char *recorded = NULL;
    if (!store_manifest(run->store, key, &recorded, err))
        return false;
    const char *was = recorded ? recorded : "not there";
    bool same = !line_differing(&was, &value) ||
                refuse(run, key, line_first(was, NULL), line_first(value, NULL), err);
    free(recorded);
    return same;
}

bool record_check(struct run *run, struct leti_error *err)
{
    return pin_all(run, compare, err);
}
