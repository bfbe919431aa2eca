/* test - `leti test`: samples and scores only.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "test/compare.h"
#include "run/model_name.h"
#include "test/probe.h"
#include "run/problems.h"
#include "run/run.h"
#include "run/run_name.h"
#include "run/scratch.h"
#include "run/task.h"
#include "run/words.h"
#include "store/store.h"

/* Keys of the manifest of a test's run. */
static const char model_key[] = "tested model", against_key[] = "against",
                  condition_key[] = "tested condition";

/* One model's test, as it is asked of run_pipeline. */
struct plan {
    const char *model;   /* absolute */
    const char *second;  /* the model that it is going to be compared with, absolute; NULL: none */
    const char *results; /* what it is going to be compared with; NULL: nothing that is there */
    const char *task;    /* that the text is made of; NULL: the text is a person's */
    const char *file;    /* the pipeline, or where the text is from */
    char *text;          /* owned; NULL: in the file */
    struct words overrides;
    bool any_condition; /* the tests' conditions give way to what the model has */
    bool gave_way;      /* they did */
    bool any_name;      /* the run's name is made of the pipeline's */
};

/* Values of that: what the user asked for; what the pipeline says, as far as the model has it; the
 * same of a model that has it not. */
static const char asked[] = "asked", as_it_has[] = "any", as_it_lacks[] = "any, and none";
static const char no_condition[] = "test.condition=none";

/* What stands behind the word in "results FOLDER", "model FOLDER"; NULL where it is another. */
static const char *rest_of(const char *against, const char *word)
{
    size_t size = strlen(word);
    return !strncmp(against, word, size) && against[size] == ' ' ? against + size + 1 : NULL;
}

/* ---- reward tokens ---- */

static bool read_pipeline(const struct plan *plan, struct pipeline **out, struct leti_error *err)
{
    const char *const *items = (const char *const *)plan->overrides.items;
    if (!plan->text)
        return pipeline_read(plan->file, items, plan->overrides.n, out, err);
    if (pipeline_read_text(plan->text, plan->file, items, plan->overrides.n, out, err))
        return true;
    return plan->task && task_explain(plan->task, plan->file, err);
}

/* That the model has the tokens that the tests ask for. */
static bool check_conditions(const struct plan *plan, const struct pipeline *pipeline,
                             struct probe *probe, struct leti_error *err)
{
    for (size_t i = 0; i < pipeline->n_tests; i++) {
        enum leti_condition condition = pipeline->tests[i].condition;
        bool knows;
        const char *why;
        if (!probe_knows(probe, condition, &knows, &why, err))
            return false;
        if (!knows)
            return leti_error_set(err, "%s: cannot be tested under the condition \"%s\": %s",
                                  plan->model, condition == LETI_GOOD ? "good" : "bad", why);
    }
    return true;
}

/* Leaves the tests their conditions where the model has the tokens, and asks without one where it
 * lacks any. */
static bool choose_condition(struct plan *plan, const struct pipeline *draft, struct probe *probe,
                             struct leti_error *err)
{
    struct leti_error why;
    bool lacks = false;
    for (size_t i = 0; !lacks && i < draft->n_tests; i++) {
        const char *said;
        bool knows;
        if (!probe_knows(probe, draft->tests[i].condition, &knows, &said, err))
            return false;
        lacks = !knows;
        if (lacks)
            leti_error_set(&why, "%s", said);
    }
    if (!lacks)
        return true;
    log_line(LETI_LOG_INFO, "%s: the tests ask under no condition: %s", path_name(plan->model),
             why.text);
    plan->gave_way = true;
    return words_add(&plan->overrides, err, "%s", no_condition);
}

/* A generator that runs elsewhere is not there to be asked. */
static bool open_probe(const struct plan *plan, const struct pipeline *pipeline, struct probe **out,
                       struct leti_error *err)
{
    if (pipeline->generator->placement != PLACE_REMOTE)
        return probe_open(pipeline, plan->model, out, err);
    return leti_error_set(err,
                          "%s: %s is placed \"remote\", where a test cannot ask it for the "
                          "model's tokens",
                          pipeline->generator->where, pipeline->generator->options.name);
}

/* That the second model has the tokens as well, where they are asked for: as soon as the first
 * one's are looked at. */
static bool check_second(const struct plan *plan, const struct pipeline *pipeline,
                         struct leti_error *err)
{
    struct plan second = { .model = plan->second };
    struct probe *probe = NULL;
    if (!plan->second || plan->any_condition)
        return true;
    bool good = open_probe(&second, pipeline, &probe, err) &&
                check_conditions(&second, pipeline, probe, err);
    probe_close(probe);
    return good;
}

/* ---- problems ---- */

/* That what it is compared with has a test on the same problems, before any time goes into
 * sampling. */
static bool check_problems(const struct plan *plan, const struct pipeline *pipeline,
                           struct leti_error *err)
{
    char *folder = NULL;
    bool any = false;
    if (!plan->results)
        return true;
    bool good = scratch_make("problems", &folder, err);
    for (size_t i = 0; good && i < pipeline->n_tests; i++) {
        struct problems problems = { 0 };
        const struct test *test = &pipeline->tests[i];
        bool has = false;
        good = problems_read(&test->problems, folder, pipeline->seed, &problems, err) &&
               compare_problems(plan->results, test->name, problems.hash, &has, err);
        any |= has;
        problems_free(&problems);
    }
    scratch_remove(folder);
    return good && any; /* where none is, it was said why */
}

/* ---- one model ---- */

static bool settle(struct plan *plan, const struct pipeline *draft, struct probe *probe,
                   struct leti_error *err)
{
    struct pipeline *pipeline = NULL;
    bool good =
        (!plan->any_name || words_add(&plan->overrides, err, "name=test-%s", draft->name)) &&
        words_add(&plan->overrides, err, "%s.model=%s", draft->generator->options.name,
                  plan->model) &&
        (!plan->any_condition || choose_condition(plan, draft, probe, err)) &&
        read_pipeline(plan, &pipeline, err) && check_conditions(plan, pipeline, probe, err) &&
        check_second(plan, pipeline, err) && check_problems(plan, pipeline, err);
    pipeline_close(pipeline);
    return good;
}

/* Runs it in config.out, with the rest of config filled in. */
static bool sample(struct plan *plan, struct run_config config, const char *against,
                   struct leti_error *err)
{
    struct pipeline *draft = NULL;
    struct probe *probe = NULL;
    bool good = read_pipeline(plan, &draft, err) && open_probe(plan, draft, &probe, err) &&
                settle(plan, draft, probe, err);
    const char *condition = !plan->any_condition ? asked : plan->gave_way ? as_it_lacks : as_it_has;
    const struct run_note notes[] = { { model_key, plan->model },
                                      { condition_key, condition },
                                      { against_key, against } };
    probe_close(probe);
    pipeline_close(draft);
    config.file = plan->file;
    config.text = plan->text;
    config.overrides = (const char *const *)plan->overrides.items;
    config.n_overrides = plan->overrides.n;
    config.notes = notes;
    config.n_notes = against ? 3 : 2;
    return good && run_pipeline(&config, err);
}

static void plan_free(struct plan *plan)
{
    free(plan->text);
    words_free(&plan->overrides);
}

/* ---- the first model: what the user says ---- */

/* "mbpp:shots=3" as a run's name: "mbpp-shots-3". */
static void add_name(struct text *text, const char *task)
{
    text_add_char(text, '"');
    for (; *task; task++)
        text_add_char(text, isalnum((unsigned char)*task) || strchr("-_.", *task) ? *task : '-');
    text_add_char(text, '"');
}

/* The task's name is taken to be known; a file of problems may have no parts. */
static bool add_part(struct text *text, const struct test_config *test, struct leti_error *err)
{
    char *file = test->problems ? realpath(test->problems, NULL) : NULL;
    if (test->problems && !file)
        return leti_error_set(err, "%s: %s", test->problems, strerror(errno));
    if (file) {
        text_add(text, "task = task.from(");
        task_add_quoted(text, file);
        text_add(text, ")\n");
        free(file);
    }
    text_add(text, "local part = ");
    if (test->part)
        task_add_quoted(text, test->part);
    else
        text_add(text, test->problems ? "task.test and \"test\" or \"all\"" : "\"test\"");
    text_add(text, "\nlocal problems = require(\"tasks.task\").part(task, part)\n");
    return true;
}

static char *task_text(const struct test_config *test, const char *model, struct leti_error *err)
{
    struct text text = { 0 };
    task_add(&text, test->task);
    if (!add_part(&text, test, err)) {
        text_free(&text);
        return NULL;
    }
    text_add(&text, "return pipeline { name = ");
    add_name(&text, test->task);
    text_add(&text, ", post = task.post,\n  flow = stage \"generator.lm\" { model = ");
    task_add_quoted(&text, model);
    text_printf(&text, " } >> task.evaluator { replicas = %ld },\n  test = { name = part, ",
                sysconf(_SC_NPROCESSORS_ONLN));
    text_add(&text, "problems = problems, max_length = task.max_length } }\n");
    return text_take(&text, err);
}

/* In this folder, whose modules and data it sees, also where it goes on from another one. */
static char *task_file(struct leti_error *err)
{
    char *here = getcwd(NULL, 0);
    char *file = here ? path_join(here, "test") : NULL;
    if (!file)
        leti_error_set(err, "this folder: %s", strerror(errno));
    free(here);
    return file;
}

/* "test.condition=good", "held-out.condition=bad" */
static bool sets_condition(const char *override)
{
    static const char word[] = ".condition";
    size_t size = strcspn(override, "=");
    return size >= strlen(word) && !strncmp(override + size - strlen(word), word, strlen(word));
}

static bool add_settings(struct plan *plan, const char *const *items, size_t n,
                         struct leti_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!words_add(&plan->overrides, err, "%s", items[i]))
            return false;
        plan->any_condition = plan->any_condition && !sets_condition(items[i]);
        plan->any_name = plan->any_name && strncmp(items[i], "name=", 5) != 0;
    }
    return true;
}

static bool sample_first(const struct test_config *test, const struct run_config *config,
                         const char *against, struct leti_error *err)
{
    struct plan plan = { .file = test->file,
                         .task = test->file ? NULL : test->task,
                         .second = against ? rest_of(against, "model") : NULL,
                         .results = against ? rest_of(against, "results") : NULL,
                         .any_condition = true,
                         .any_name = true };
    char *model = NULL, *file = NULL;
    bool good = model_find(test->model, &model, err);
    plan.model = model;
    if (good && plan.task) {
        plan.text = task_text(test, model, err);
        plan.file = file = task_file(err);
        good = plan.text && file;
    }
    good = good && words_add(&plan.overrides, err, "tests_only=true") &&
           add_settings(&plan, test->settings, test->n_settings, err) &&
           add_settings(&plan, test->overrides, test->n_overrides, err) &&
           sample(&plan, *config, against, err);
    plan_free(&plan);
    free(model);
    free(file);
    return good;
}

/* ---- what it is compared with ---- */

/* A manifest's entry of a run that need not be there; *value is the caller's to free, and NULL
 * where there is none. */
static bool read_note(const char *folder, const char *key, char **value, struct leti_error *err)
{
    struct store *store = NULL;
    bool good = store_open_read(folder, &store, err) && store_manifest(store, key, value, err);
    store_close(store);
    return good;
}

/* Whether it is the folder of an earlier test, whose results are taken as they are. */
static bool is_tested(const char *text, bool *tested, struct leti_error *err)
{
    struct run_name name;
    char *model = NULL;
    if (!run_name_parse(text, &name, err))
        return false;
    bool good =
        !name.is_run || name.has_iteration || read_note(name.folder, model_key, &model, err);
    *tested = model;
    free(model);
    run_name_free(&name);
    return good;
}

/* "results FOLDER" or "model FOLDER", absolute; NULL with no error where nothing is asked. */
static bool resolve_against(const char *text, char **out, struct leti_error *err)
{
    bool tested = false;
    char *path = NULL;
    if (!text)
        return true;
    if (!is_tested(text, &tested, err))
        return false;
    if (tested && !(path = realpath(text, NULL)))
        return leti_error_set(err, "%s: %s", text, strerror(errno));
    if (!tested && !model_find(text, &path, err))
        return leti_error_set(err, "--against: %s", err->text);
    struct text line = { 0 };
    text_printf(&line, "%s %s", tested ? "results" : "model", path);
    *out = text_take(&line, err);
    free(path);
    return *out;
}

/* Whether the folder holds the second model's test, so that it goes on. What was cut off before it
 * began goes. */
static bool find_second(const char *folder, const char *model, bool *there, struct leti_error *err)
{
    char *tested = NULL;
    *there = false;
    if (!path_is_folder(folder))
        return true;
    if (!read_note(folder, model_key, &tested, NULL) || !tested)
        return file_remove_tree(folder, err);
    *there = !strcmp(tested, model);
    free(tested);
    return *there || leti_error_set(err, "%s: is there already, with another model", folder);
}

/* The first model's lack of a token need not be the second's. It is what was set last. */
static void take_back(char *text)
{
    char *last = NULL;
    for (char *at = text; (at = strstr(at, no_condition)); at++)
        last = at;
    while (last && last > text && last[-1] != '\n')
        last--;
    if (last)
        *last = '\0';
}

/* As the first one's run has it written down. */
static bool sample_as_first(const char *folder, const char *model, const struct run_config *config,
                            struct leti_error *err)
{
    struct plan plan = { .model = model };
    struct store *store = NULL;
    char *file = NULL, *condition = NULL;
    bool good = store_open_read(folder, &store, err) &&
                store_manifest(store, "pipeline", &plan.text, err) &&
                store_manifest(store, "file", &file, err) &&
                store_manifest(store, condition_key, &condition, err);
    store_close(store);
    plan.file = file;
    plan.any_condition = condition && strcmp(condition, asked) != 0;
    if (good && plan.text && condition && !strcmp(condition, as_it_lacks))
        take_back(plan.text);
    if (good && (!plan.text || !file))
        good = leti_error_set(err, "%s: the run was cut off before it began", folder);
    good = good && sample(&plan, *config, NULL, err);
    plan_free(&plan);
    free(file);
    free(condition);
    return good;
}

/* The second model's test, in the folder inside of the first's. */
static bool sample_second(const struct test_config *test, const char *folder, const char *model,
                          const char *second, struct leti_error *err)
{
    struct words goes_on = { 0 };
    bool there, done = words_add(&goes_on, err, "leti test --resume %s", folder) &&
                       find_second(second, model, &there, err);
    if (done) {
        struct run_config config = { .quiet = test->quiet || test->json,
                                     .no_end = true,
                                     .goes_on = goes_on.items[0],
                                     .resume = there ? second : NULL,
                                     .out = there ? NULL : second };
        done = there ? run_pipeline(&config, err) : sample_as_first(folder, model, &config, err);
    }
    words_free(&goes_on);
    return done;
}

static bool compare_with(const struct test_config *test, const char *folder, const char *against,
                         struct leti_error *err)
{
    struct compare_config config = { .first = { .folder = folder },
                                     .json = test->json,
                                     .quiet = test->quiet };
    const char *model = rest_of(against, "model"), *results = rest_of(against, "results");
    char *second = model ? path_join(folder, "against") : NULL;
    if (!model && !results)
        return leti_error_set(err, "%s: against \"%s\": unknown", folder, against);
    if (model && !second)
        return leti_error_set(err, "out of memory");
    config.second = (struct compare_side){ .folder = second ? second : results };
    bool done =
        (!model || sample_second(test, folder, model, second, err)) && compare_tests(&config, err);
    free(second);
    return done;
}

/* ---- the whole ---- */

static bool begin(const struct test_config *test, char **folder, const char *against,
                  struct leti_error *err)
{
    const struct run_config config = { .out = test->out,
                                       .json = test->json,
                                       .quiet = test->quiet,
                                       .no_end = against,
                                       .made = folder };
    return sample_first(test, &config, against, err);
}

static bool go_on(const struct test_config *test, const char *against, struct leti_error *err)
{
    struct run_config config = {
        .resume = test->resume, .json = test->json, .quiet = test->quiet, .no_end = against
    };
    return run_pipeline(&config, err);
}

/* The comparison that a test was begun with, unless another one is asked for. */
static bool check_resumed(const struct test_config *test, char **against, struct leti_error *err)
{
    char *model = NULL;
    if (!read_note(test->resume, model_key, &model, err))
        return false;
    bool is_test = model;
    free(model);
    if (!is_test)
        return leti_error_set(err,
                              "%s: is not a test's folder; a run goes on with leti run "
                              "--resume %s",
                              test->resume, test->resume);
    return *against || read_note(test->resume, against_key, against, err);
}

static struct compare_side side_of(const struct run_name *name)
{
    return (struct compare_side){ .folder = name->folder,
                                  .iteration = name->has_iteration ? name->iteration : COMPARE_LAST,
                                  .asked = name->has_iteration };
}

static bool compare_results(const struct test_config *test, struct leti_error *err)
{
    struct run_name first = { 0 }, second = { 0 };
    bool done =
        run_name_parse(test->results, &first, err) && run_name_parse(test->against, &second, err);
    if (done) {
        struct compare_config config = {
            .first = side_of(&first),
            .second = side_of(&second),
            .json = test->json,
            .quiet = test->quiet,
        };
        done = compare_tests(&config, err);
    }
    run_name_free(&first);
    run_name_free(&second);
    return done;
}

bool test_run(const struct test_config *test, struct leti_error *err)
{
    char *against = NULL, *folder = NULL;
    if (test->results)
        return compare_results(test, err);
    bool done = resolve_against(test->against, &against, err);
    if (done && test->resume)
        done = check_resumed(test, &against, err) && go_on(test, against, err);
    else if (done)
        done = begin(test, &folder, against, err);
    if (done && against)
        done = compare_with(test, folder ? folder : test->resume, against, err);
    free(against);
    free(folder);
    return done;
}
