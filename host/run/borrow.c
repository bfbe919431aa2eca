/* borrow - a run that trains on another run's samples in the place of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/borrow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"
#include "run/differ.h"
#include "store/packed.h"

struct lender {
    const char *folder;
    struct store *store;
    enum borrow_start start;
};

/* ---- the same problems ---- */

static bool same_bytes(struct leti_bytes a, struct leti_bytes b)
{
    return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

static bool same_extra(const struct leti_problem *problem, struct leti_bytes packed)
{
    struct text text = { 0 };
    packed_add_pairs(&text, problem->extra, problem->n_extra);
    bool same = same_bytes((struct leti_bytes){ text_string(&text), text.size }, packed);
    text_free(&text);
    return same;
}

/* What differs between the problem and the row; NULL where nothing does. */
static const char *what_differs(const struct leti_problem *problem, const struct store_rows *row)
{
    if (!same_bytes(problem->prompt, store_bytes(row, 1)))
        return "prompt";
    if (!same_bytes(problem->tests, store_bytes(row, 2)))
        return "tests";
    if (!same_bytes(problem->reference, store_bytes(row, 3)))
        return "reference";
    return same_extra(problem, store_bytes(row, 4)) ? NULL : "extra fields";
}

static bool compare_problem(const struct lender *lender, const struct leti_problem *problem,
                            const struct store_rows *row, struct leti_error *err)
{
    const char *id = store_text(row, 0);
    if (strcmp(id, problem->id) != 0)
        return leti_error_set(err,
                              "%s: trained on other problems: it has \"%s\" where this "
                              "pipeline has \"%s\"",
                              lender->folder, id, problem->id);
    const char *what = what_differs(problem, row);
    return !what || leti_error_set(err, "%s: trained on other problems: \"%s\" differs in its %s",
                                   lender->folder, id, what);
}

static bool check_problems(const struct lender *lender, const struct run *run,
                           struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    size_t n = 0;
    if (!store_select(lender->store,
                      "SELECT id, prompt, tests, reference, extra FROM problem WHERE phase = 0 "
                      "ORDER BY problem",
                      &rows, err))
        return false;
    for (; (status = store_next(rows, err)) == LETI_OK; n++)
        if (n < run->training.n && !compare_problem(lender, &run->training.items[n], rows, err)) {
            status = LETI_ERROR;
            break;
        }
    store_rows_close(rows);
    if (status == LETI_DONE && n != run->training.n)
        return leti_error_set(err, "%s: trained on %zu problems, this pipeline has %zu",
                              lender->folder, n, run->training.n);
    return status == LETI_DONE;
}

/* ---- the same settings, as far as they matter ---- */

static bool refuse_pin(const struct lender *lender, const char *key, struct line was,
                       struct line is, const char *more, struct leti_error *err)
{
    char there[LINE_SHOWN], here[LINE_SHOWN];
    line_show(was, is, there);
    line_show(is, was, here);
    return leti_error_set(err, "%s: the %s differs: there it is %s, and here %s%s", lender->folder,
                          key, there, here, more);
}

/* Both manifests must say the same of the key, where `line` is given in the line that begins so.
 * more: what else the error says. */
static bool check_pin(const struct lender *lender, struct run *run, const char *key,
                      const char *line, const char *more, struct leti_error *err)
{
    char *there = NULL, *here = NULL;
    bool good = store_manifest(lender->store, key, &there, err) &&
                store_manifest(run->store, key, &here, err);
    const char *was = there ? there : "not there", *is = here ? here : "not there";
    if (good && line) {
        struct line a = line_beginning(was, line), b = line_beginning(is, line);
        good = line_same(a, b) || refuse_pin(lender, key, a, b, more, err);
    } else if (good && line_differing(&was, &is)) {
        good = refuse_pin(lender, key, line_first(was, NULL), line_first(is, NULL), more, err);
    }
    free(there);
    free(here);
    return good;
}

static bool check_stage(const struct lender *lender, struct run *run, const struct stage *stage,
                        const char *more, struct leti_error *err)
{
    char plugin[128], setting[128];
    snprintf(plugin, sizeof plugin, "plugin of %s", stage->options.name);
    snprintf(setting, sizeof setting, "setting of %s", stage->options.name);
    return check_pin(lender, run, plugin, NULL, more, err) &&
           check_pin(lender, run, setting, NULL, more, err);
}

static bool count_evaluators(const struct lender *lender, int64_t *n, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(lender->store, "SELECT count(*) FROM evaluator", &rows, err))
        return false;
    bool read = store_next(rows, err) == LETI_OK;
    *n = read ? store_number(rows, 0) : 0;
    store_rows_close(rows);
    return read;
}

/* Verdicts count for this pipeline's evaluators only where they are the same. */
static bool check_evaluators(const struct lender *lender, struct run *run, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    int64_t n = 0;
    if (!count_evaluators(lender, &n, err))
        return false;
    if (n != (int64_t)pipeline->n_evaluators)
        return leti_error_set(err, "%s: has %" PRId64 " evaluators, this pipeline %zu",
                              lender->folder, n, pipeline->n_evaluators);
    for (size_t i = 0; i < pipeline->n_evaluators; i++)
        if (!check_stage(lender, run, pipeline->evaluators[i], "", err))
            return false;
    return true;
}

static bool check_settings(const struct lender *lender, struct run *run, struct leti_error *err)
{
    if (!check_evaluators(lender, run, err) ||
        !check_pin(lender, run, "setting of the pipeline", "post =", "", err))
        return false;
    return lender->start != BORROW_TRAIN ||
           check_stage(lender, run, run->pipeline->formatter,
                       "; --start feedback makes examples anew", err);
}

/* ---- enough samples ---- */

static bool check_iterations(const struct lender *lender, const struct run *run,
                             struct leti_error *err)
{
    uint32_t there = 0;
    bool done = true;
    double seconds;
    for (uint32_t i = 1; done && i <= run->pipeline->iterations; i++) {
        if (!store_part(lender->store, i, "sample", &done, &seconds, err))
            return false;
        there += done;
    }
    if (!done && !there)
        return leti_error_set(err, "%s: has not sampled any iteration to its end", lender->folder);
    return done || leti_error_set(err,
                                  "%s: has no samples of iteration %u, and this pipeline has %u "
                                  "iterations; --set iterations=%u takes what there is",
                                  lender->folder, there + 1, run->pipeline->iterations, there);
}

static bool check_samples(const struct lender *lender, const struct run *run,
                          struct leti_error *err)
{
    struct store_rows *rows = NULL;
    const struct stage_options *options = &run->pipeline->generator->options;
    if (!store_select(lender->store, "SELECT samples FROM phase WHERE phase = 0", &rows, err))
        return false;
    bool read = store_next(rows, err) == LETI_OK;
    int64_t there = read ? store_number(rows, 0) : 0;
    store_rows_close(rows);
    return there >= options->samples ||
           leti_error_set(err,
                          "%s: has %" PRId64 " samples of each problem, and this pipeline wants "
                          "%" PRId64 "; --set %s.samples=%" PRId64 " takes what there is",
                          lender->folder, there, options->samples, options->name, there);
}

/* ---- the whole ---- */

static bool check_pipeline(const struct run *run, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    if (pipeline->generator && pipeline->n_evaluators && pipeline->formatter && pipeline->trainer &&
        !pipeline->from_references)
        return true;
    return leti_error_set(
        err, "%s: --from needs a pipeline that generates, evaluates, formats and trains",
        pipeline->file);
}

static bool open_lender(struct lender *lender, struct leti_error *err)
{
    char *began = NULL;
    if (!store_open_read(lender->folder, &lender->store, err) ||
        !store_manifest(lender->store, "data of training", &began, err))
        return false;
    bool has = began;
    free(began);
    return has || leti_error_set(err, "%s: this run has no training samples", lender->folder);
}

static bool put_manifest(struct run *run, const struct lender *lender, struct leti_error *err)
{
    char hash[HASH_TEXT];
    char *folder = realpath(lender->folder, NULL);
    if (!folder)
        return leti_error_set(err, "%s: %s", lender->folder, strerror(errno));
    bool good = store_hash_training(run->store, hash, err) &&
                store_put_manifest(run->store, BORROW_KEY, folder, err) &&
                store_put_manifest(run->store, BORROW_START_KEY,
                                   lender->start == BORROW_TRAIN ? "train" : "feedback", err) &&
                store_put_manifest(run->store, BORROW_HASH_KEY, hash, err);
    free(folder);
    return good;
}

bool borrow_samples(struct run *run, const char *folder, enum borrow_start start,
                    struct leti_error *err)
{
    struct lender lender = { .folder = folder, .start = start };
    const struct pipeline *pipeline = run->pipeline;
    bool good = check_pipeline(run, err) && open_lender(&lender, err) &&
                check_problems(&lender, run, err) && check_settings(&lender, run, err) &&
                check_iterations(&lender, run, err) && check_samples(&lender, run, err);
    const struct store_copy copy = { .iterations = pipeline->iterations,
                                     .samples = (uint32_t)pipeline->generator->options.samples,
                                     .n_evaluators = (uint32_t)pipeline->n_evaluators,
                                     .examples = start == BORROW_TRAIN };
    good = good && store_copy_training(run->store, lender.store, &copy, err);
    store_close(lender.store);
    return good && put_manifest(run, &lender, err) && borrow_recall(run, err);
}

bool borrow_recall(struct run *run, struct leti_error *err)
{
    free(run->borrowed);
    run->borrowed = NULL;
    return store_manifest(run->store, BORROW_KEY, &run->borrowed, err);
}
