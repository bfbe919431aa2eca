/* pipeline - a pipeline as its Lua file describes it, read once and checked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/pipeline.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "script/names.h"
#include "script/override.h"
#include "script/places.h"
#include "script/script.h"
#include "script/tables.h"
#include "script/tests.h"
#include "script/tests_only.h"

enum { LARGEST_FILE = 16 << 20 };

/* What must be here. */
enum need { NEED_ALL, NEED_DATA, NEED_NOTHING };

struct request {
    const char *text, *file;
    const char *const *overrides;
    size_t n_overrides;
    enum need need;
};

static bool no_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory");
}

/* ---- from draft to pipeline ---- */

static bool is_used(const struct pipeline *p, const struct stage *stage)
{
    for (size_t i = 0; i < p->n_stages; i++)
        if (p->stages[i] == stage)
            return true;
    return false;
}

static void use(struct pipeline *p, struct stage *const *stages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_used(p, stages[i]))
            p->stages[p->n_stages++] = stages[i];
}

/* The stages that the pipeline uses become its own; the draft keeps the others. */
static bool take_stages(struct pipeline *p, struct draft *draft, struct leti_error *err)
{
    p->stages = calloc(draft->n_stages + 1, sizeof(struct stage *));
    if (!p->stages)
        return no_memory(err);
    use(p, draft->problems.sources, draft->problems.n_sources);
    use(p, draft->validation.sources, draft->validation.n_sources);
    use(p, draft->flow, draft->n_flow);
    use(p, draft->observers, draft->n_observers);
    for (size_t i = 0; i < draft->n_tests; i++)
        use(p, draft->tests[i].problems.sources, draft->tests[i].problems.n_sources);
    size_t left = 0;
    for (size_t i = 0; i < draft->n_stages; i++)
        if (!is_used(p, draft->stages[i]))
            draft->stages[left++] = draft->stages[i];
    draft->n_stages = left;
    p->missing = draft->missing;
    draft->missing = (struct missing_list){ 0 };
    p->problems = draft->problems;
    p->validation = draft->validation;
    draft->problems = draft->validation = (struct problem_set){ 0 };
    p->observers = draft->observers;
    p->n_observers = draft->n_observers;
    draft->observers = NULL;
    return true;
}

/* Lays out the flow by kind; that the kinds fit, the script has seen to. */
static bool take_flow(struct pipeline *p, const struct draft *draft, struct leti_error *err)
{
    p->evaluators = calloc(draft->n_flow + 1, sizeof(struct stage *));
    if (!p->evaluators)
        return no_memory(err);
    for (size_t i = 0; i < draft->n_flow; i++) {
        struct stage *stage = draft->flow[i];
        switch (stage->plugin.desc->kind) {
        case LETI_SOURCE:
        case LETI_OBSERVER:
            break;
        case LETI_GENERATOR:
            p->generator = stage;
            break;
        case LETI_EVALUATOR:
            p->evaluators[p->n_evaluators++] = stage;
            break;
        case LETI_FORMATTER:
            p->formatter = stage;
            break;
        case LETI_TRAINER:
            p->trainer = stage;
            break;
        }
    }
    return true;
}

/* ---- options ---- */

/* "evaluate (evaluator.python)" */
static void stage_words(const struct stage *stage, char out[256])
{
    snprintf(out, 256, "%s (%s)", names_get(&stage->host_settings), stage->plugin.desc->name);
}

static bool fill_stage(struct stage *stage, struct leti_error *err)
{
    char words[256];
    const struct leti_plugin *desc = stage->plugin.desc;
    const struct leti_option *host = host_options(desc->kind);
    stage_words(stage, words);
    if (!tables_check_known(&stage->settings, desc->options, host, NULL, words, err) ||
        !options_check(desc->options, &stage->settings, words, desc->instance_size, err) ||
        !options_fill(host, &stage->host_settings, words, &stage->options, &stage->option_memory,
                      err))
        return false;
    const char *placement = stage->options.placement ? stage->options.placement : "thread";
    stage->placement = !strcmp(placement, "thread")    ? PLACE_THREAD
                       : !strcmp(placement, "process") ? PLACE_PROCESS
                                                       : PLACE_REMOTE;
    return true;
}

static char *duplicate(const char *text, struct leti_error *err)
{
    char *copy = strdup(text);
    if (!copy)
        no_memory(err);
    return copy;
}

static bool copy_post(struct pipeline *p, const struct leti_list *post, struct leti_error *err)
{
    p->post = calloc(post->n + 1, sizeof(char *));
    if (!p->post)
        return no_memory(err);
    for (; p->n_post < post->n; p->n_post++)
        if (!(p->post[p->n_post] = duplicate(post->items[p->n_post], err)))
            return false;
    return true;
}

static bool copy_options(struct pipeline *p, const struct pipeline_options *o, const char *where,
                         struct leti_error *err)
{
    if (!names_is_plain(o->name, true))
        return leti_error_set(
            err, "%s: the name \"%s\" must consist of letters, digits, -, _ and .", where, o->name);
    p->iterations = (uint32_t)o->iterations;
    p->seed = (uint64_t)o->seed;
    p->keep_checkpoints = (uint32_t)o->keep_checkpoints;
    p->infra_limit = o->infra_limit;
    p->preflight = o->preflight;
    p->cache = o->cache;
    p->from_references = !strcmp(o->samples_from, "references");
    p->tests_only = o->tests_only;
    p->name = duplicate(o->name, err);
    p->listen = *o->listen ? duplicate(o->listen, err) : NULL;
    return p->name && (p->listen || !*o->listen) && copy_post(p, &o->post, err);
}

static bool fill_pipeline(struct pipeline *p, const struct settings *settings,
                          struct leti_error *err)
{
    static const char *const words[] = {
        "problems", "flow", "observers", "test", "validation", NULL
    };
    struct pipeline_options options;
    struct option_memory *memory;
    if (!tables_check_known(settings, pipeline_options, NULL, words, "pipeline", err) ||
        !options_fill(pipeline_options, settings, "pipeline", &options, &memory, err))
        return false;
    bool ok = copy_options(p, &options, settings->where, err);
    options_free(memory);
    return ok;
}

/* ---- models ---- */

static const struct setting *model_of(const struct stage *stage)
{
    const struct setting *model = stage ? settings_get(&stage->host_settings, "model") : NULL;
    return model && !model->is_list && *model->values[0] ? model : NULL;
}

/* Replaces the stage's model by the folder that is meant. */
static bool find_model(struct pipeline *p, const struct request *request, struct stage *stage,
                       struct leti_error *err)
{
    const struct setting *model = model_of(stage);
    if (!model)
        return true;
    char *folder = path_folder(request->file);
    if (!folder)
        return no_memory(err);
    struct leti_error why = { 0 };
    char *found = places_find_model(model->values[0], folder, &why);
    free(folder);
    if (!found && request->need == NEED_ALL) {
        char words[256];
        stage_words(stage, words);
        return leti_error_set(err,
                              "%s: %s: no model folder \"%s\" here, beside the pipeline or in the "
                              "pipelines folder",
                              model->where, words, model->values[0]);
    }
    if (!found)
        return missing_add(&p->missing, "model", model->values[0], err);
    const char *value = found;
    char *where = duplicate(model->where, err);
    bool ok = where && settings_put(&stage->host_settings, "model", &value, 1, false, where, err);
    free(where);
    free(found);
    return ok;
}

/* A trainer begins with the generator's model unless it says otherwise. */
static bool share_model(struct pipeline *p, struct leti_error *err)
{
    const struct setting *model = model_of(p->generator);
    if (!p->trainer || model_of(p->trainer))
        return true;
    if (!model) {
        char words[256];
        stage_words(p->trainer, words);
        return p->generator || leti_error_set(err, "%s: %s: option \"model\" must be set",
                                              p->trainer->where, words);
    }
    const char *value = model->values[0];
    return settings_put(&p->trainer->host_settings, "model", &value, 1, false, model->where, err);
}

static bool settle_models(struct pipeline *p, const struct request *request, struct leti_error *err)
{
    return share_model(p, err) && (!p->generator || find_model(p, request, p->generator, err)) &&
           (!p->trainer || find_model(p, request, p->trainer, err));
}

/* ---- the whole ---- */

/* The file's name without folder and ".lua", where the file gives no name. */
static bool name_pipeline(struct settings *settings, const char *file, struct leti_error *err)
{
    if (names_get(settings))
        return true;
    const char *base = path_name(file);
    size_t size = strlen(base);
    if (size > 4 && !strcmp(base + size - 4, ".lua"))
        size -= 4;
    char *name = strndup(base, size);
    const char *value = name;
    bool ok = name ? settings_put(settings, "name", &value, 1, false, settings->where, err)
                   : no_memory(err);
    free(name);
    return ok;
}

static bool apply_overrides(struct pipeline *p, struct draft *draft, const struct request *request,
                            struct leti_error *err)
{
    const struct override_target target = { .stages = p->stages,
                                            .n_stages = p->n_stages,
                                            .draft = draft,
                                            .pipeline_options = pipeline_options,
                                            .test_options = test_options };
    if (!override_apply_recorded(&target, request->text, err))
        return false;
    for (size_t i = 0; i < request->n_overrides; i++)
        if (!override_apply(&target, request->overrides[i], err))
            return false;
    return true;
}

/* Held-out references are formatted, and the trainer tells their loss. */
static bool check_validation(const struct pipeline *p, const char *where, struct leti_error *err)
{
    if (!p->validation.n_sources)
        return true;
    if (!p->formatter || !p->trainer)
        return leti_error_set(err, "%s: pipeline: validation needs a %s in the flow", where,
                              p->trainer ? "formatter" : "trainer");
    return plugin_validates(p->trainer->plugin.desc) ||
           leti_error_set(err,
                          "%s: pipeline: validation needs a trainer that tells the loss of "
                          "held-out texts, and %s %s does not",
                          where, p->trainer->plugin.desc->name, p->trainer->plugin.desc->version);
}

/* What the parts ask of each other. */
static bool check_whole(const struct pipeline *p, const char *where, struct leti_error *err)
{
    if (p->generator && !p->problems.n_sources && (p->trainer || !p->n_tests) && !p->tests_only)
        return leti_error_set(err, "%s: pipeline: problems must be set: a source stage", where);
    if (p->from_references && (!p->problems.n_sources || !p->n_evaluators || !p->formatter))
        return leti_error_set(err,
                              "%s: pipeline: samples_from = \"references\" needs problems, and "
                              "an evaluator and a formatter in the flow",
                              where);
    if (p->n_tests && !p->generator)
        return leti_error_set(err, "%s: pipeline: test needs a generator in the flow", where);
    if (p->tests_only && !p->n_tests)
        return leti_error_set(err, "%s: pipeline: tests_only needs a test", where);
    if (p->n_tests && !p->n_evaluators)
        return leti_error_set(err, "%s: pipeline: test needs an evaluator in the flow", where);
    for (size_t i = 0; i < p->n_stages; i++)
        if (p->stages[i]->placement == PLACE_REMOTE && !p->listen)
            return leti_error_set(err,
                                  "%s: %s is placed \"remote\": the pipeline must set listen, as "
                                  "in listen = \"tcp://127.0.0.1:7461\"",
                                  p->stages[i]->where, p->stages[i]->options.name);
    return true;
}

static bool build(struct pipeline *p, struct draft *draft, const struct request *request,
                  struct leti_error *err)
{
    p->file = duplicate(request->file, err);
    p->text = override_record(request->text, request->overrides, request->n_overrides, err);
    if (!p->file || !p->text || !take_stages(p, draft, err) || !take_flow(p, draft, err) ||
        !names_give(p->stages, p->n_stages, draft, err) ||
        !name_pipeline(&draft->settings, request->file, err) ||
        !apply_overrides(p, draft, request, err))
        return false;
    if (tests_only_wanted(draft))
        tests_only_keep(p, draft);
    if (!settle_models(p, request, err))
        return false;
    for (size_t i = 0; i < p->n_stages; i++)
        if (!fill_stage(p->stages[i], err))
            return false;
    if (!fill_pipeline(p, &draft->settings, err) || !tests_fill(p, draft, err))
        return false;
    if (p->tests_only)
        tests_only_settle(p);
    return check_whole(p, draft->settings.where, err) &&
           check_validation(p, draft->settings.where, err);
}

static bool open_request(const struct request *request, struct pipeline **out,
                         struct leti_error *err)
{
    struct draft draft;
    char *pipelines = places_pipelines(err);
    if (!pipelines)
        return false;
    bool ok = script_run(request->text, request->file, pipelines, request->need == NEED_NOTHING,
                         &draft, err);
    free(pipelines);
    if (!ok)
        return false;
    struct pipeline *p = calloc(1, sizeof *p);
    ok = p ? build(p, &draft, request, err) : no_memory(err);
    draft_free(&draft);
    if (ok)
        *out = p;
    else
        pipeline_close(p);
    return ok;
}

static bool open_file(const char *name, const char *const *overrides, size_t n_overrides,
                      enum need need, struct pipeline **out, struct leti_error *err)
{
    char *text;
    size_t size;
    char *file = places_find_pipeline(name, err);
    if (!file)
        return false;
    bool ok = file_read(file, LARGEST_FILE, &text, &size, err);
    if (ok) {
        const struct request request = { .text = text,
                                         .file = file,
                                         .overrides = overrides,
                                         .n_overrides = n_overrides,
                                         .need = need };
        ok = strlen(text) == size ? open_request(&request, out, err)
                                  : leti_error_set(err, "%s: the file has a NUL byte", file);
        free(text);
    }
    free(file);
    return ok;
}

bool pipeline_open(const char *file, const char *const *overrides, size_t n_overrides,
                   struct pipeline **out, struct leti_error *err)
{
    return open_file(file, overrides, n_overrides, NEED_ALL, out, err);
}

bool pipeline_read(const char *file, const char *const *overrides, size_t n_overrides,
                   struct pipeline **out, struct leti_error *err)
{
    return open_file(file, overrides, n_overrides, NEED_DATA, out, err);
}

bool pipeline_read_offline(const char *file, const char *const *overrides, size_t n_overrides,
                           struct pipeline **out, struct leti_error *err)
{
    return open_file(file, overrides, n_overrides, NEED_NOTHING, out, err);
}

bool pipeline_open_text(const char *text, const char *chunk_name, const char *const *overrides,
                        size_t n_overrides, struct pipeline **out, struct leti_error *err)
{
    const struct request request = { .text = text,
                                     .file = chunk_name,
                                     .overrides = overrides,
                                     .n_overrides = n_overrides,
                                     .need = NEED_ALL };
    return open_request(&request, out, err);
}

bool pipeline_read_text(const char *text, const char *chunk_name, const char *const *overrides,
                        size_t n_overrides, struct pipeline **out, struct leti_error *err)
{
    const struct request request = {
        .text = text, .file = chunk_name, .overrides = overrides, .n_overrides = n_overrides
    };
    return open_request(&request, out, err);
}

void pipeline_close(struct pipeline *p)
{
    if (!p)
        return;
    tests_free(p);
    for (size_t i = 0; i < p->n_post; i++)
        free(p->post[i]);
    free(p->post);
    for (size_t i = 0; i < p->n_stages; i++)
        stage_destroy(p->stages[i]);
    free(p->stages);
    free(p->problems.sources);
    free(p->validation.sources);
    free(p->evaluators);
    free(p->observers);
    free(p->name);
    free(p->file);
    free(p->text);
    free(p->listen);
    missing_free(&p->missing);
    free(p);
}
