/* record - what a run's results depend on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/record.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

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
        if (!(i && same) && !hash_of_tree(models[i].dir, hash, err))
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
    return true;
}

static bool pin_plugins(struct run *run, each_pin *pin, struct leti_error *err)
{
    char key[128], value[256];
    for (size_t i = 0; i < run->pipeline->n_stages; i++) {
        const struct stage *stage = run->pipeline->stages[i];
        snprintf(key, sizeof key, "plugin of %s", stage->options.name);
        snprintf(value, sizeof value, "%s %s", stage->plugin.desc->name,
                 stage->plugin.desc->version);
        if (!pin(run, key, value, err))
            return false;
    }
    return true;
}

static bool pin_all(struct run *run, each_pin *pin, struct leti_error *err)
{
    return pin_data(run, pin, err) && pin_models(run, pin, err) && pin_plugins(run, pin, err);
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
    int64_t samples = pipeline->generator ? pipeline->generator->options.samples : 0;
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
           put_phases(run, err) && store_commit(run->store, err);
}

/* ---- going on ---- */

bool record_open_pipeline(struct store *store, struct pipeline **out, struct leti_error *err)
{
    char *text = NULL, *file = NULL;
    bool read =
        store_manifest(store, "pipeline", &text, err) && store_manifest(store, "file", &file, err);
    bool opened = false;
    if (read && (!text || !file))
        leti_error_set(err, "the run was cut off before it began; start it again");
    else if (read)
        opened = pipeline_open_text(text, file, NULL, 0, out, err);
    free(text);
    free(file);
    return opened;
}

static bool compare(struct run *run, const char *key, const char *value, struct leti_error *err)
{
    char *recorded = NULL;
    if (!store_manifest(run->store, key, &recorded, err))
        return false;
    bool same = recorded && !strcmp(recorded, value);
    if (!same)
        leti_error_set(err,
                       "%s: the %s has changed since the run began: it was %.80s, and is %.80s",
                       run->folder.name, key, recorded ? recorded : "not there", value);
    free(recorded);
    return same;
}

bool record_check(struct run *run, struct leti_error *err)
{
    return pin_all(run, compare, err);
}
