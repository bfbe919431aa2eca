/* pipeline.h - a pipeline as its Lua file describes it, read once and checked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_PIPELINE_H
#define SCRIPT_PIPELINE_H

#include "leti/error.h"
#include "leti/plugin.h"
#include "registry/host_options.h"
#include "registry/options.h"
#include "registry/plugin.h"
#include "script/missing.h"

enum placement { PLACE_THREAD, PLACE_PROCESS, PLACE_REMOTE };

struct stage {
    struct plugin plugin;     /* open; owned */
    struct settings settings; /* the plugin's own */
    struct settings host_settings;
    struct stage_options options; /* host_settings, filled in */
    struct option_memory *option_memory;
    enum placement placement;
    char *where; /* "mbpp.lua:4" */
};

/* Problems by a source stage, or by several in a row. */
struct problem_set {
    struct stage **sources;
    size_t n_sources;
};

/* One that is described may be several here, one behind the other: "held-out" with the first of its
 * conditions, "held-out.none" with another, and behind each, where programs are judged both ways,
 * "held-out.uncut". Indices are places among the pipeline's tests. */
struct test {
    char *name; /* "held-out"; unique, default "test" */
    struct problem_set problems;
    uint32_t samples;
    double temperature, top_p;
    uint32_t top_k, max_length;
    uint32_t every;                /* iterations; 0: only before the first and after the last */
    enum leti_condition condition; /* after the first training; default LETI_GOOD */
    bool uncut;       /* programs are judged as they were sampled, without the pipeline's cut */
    bool past_cut;    /* samples do not end where the cut would, since uncut ones are judged */
    size_t sampler;   /* the test whose samples it judges; itself where it samples */
    size_t untrained; /* the test that stands for it before the first training, when there is no
                       * reward token and all conditions are one; mostly itself */
};

struct pipeline {
    char *name, *file;
    char *text; /* of the file as it was run, for the record */
    uint32_t iterations;
    uint64_t seed;
    uint32_t keep_checkpoints;   /* the last ones; 0: all */
    struct problem_set problems; /* trained on; empty for a trainer alone */
    bool from_references;        /* the samples that are trained on are the problems' references */
    struct problem_set validation; /* whose references' loss the trainer tells; may be empty */
    struct stage *generator;       /* each may be NULL as the flow says, n_evaluators 0 */
    struct stage **evaluators;
    size_t n_evaluators;
    struct stage *formatter, *trainer;
    struct stage **observers; /* no result depends on them */
    size_t n_observers;
    struct test *tests;
    size_t n_tests;
    char **post; /* the task's cut: a program ends before the first of these, see base/cut.h */
    size_t n_post;
    char *listen;          /* "tcp://127.0.0.1:7461" for stages placed remote; NULL: nowhere */
    double infra_limit;    /* share of verdicts that may be infrastructure errors, default 0.05 */
    bool preflight;        /* default true */
    bool cache;            /* reuse verdicts of deterministic evaluators; default true */
    bool tests_only;       /* nothing is trained: no problems, formatter or trainer is left */
    struct stage **stages; /* every stage above, once each, sources included; owns them */
    size_t n_stages;
    struct missing_list missing; /* where it was read for looking at */
};

/* Runs a pipeline file and checks what it returns: plugins exist, options are right, the kinds
 * fit along the flow, model folders are there. Other files that options name are the plugins'
 * business. `file` may also be the name of a pipeline that came with the program ("quickstart").
 * overrides, as given to --set: "stage.option=value", "test.option=value" (of every test),
 * "test.NAME.option=value" (or just NAME where no stage has it), or "option=value" for the
 * pipeline's own; each must name something that exists. Commas separate a list's items.
 *
 * pipeline->text is the file with each override as a last line, "-- --set train.lr=5e-6". Such
 * lines at the end of a text count as overrides themselves, before those that are given, so that
 * the text alone says what was run. */
bool pipeline_open(const char *file, const char *const *overrides, size_t n_overrides,
                   struct pipeline **out, struct leti_error *err);

/* The same, where model folders need not exist: for looking at, and for what needs no model.
 * pipeline->missing has those that do not. */
bool pipeline_read(const char *file, const char *const *overrides, size_t n_overrides,
                   struct pipeline **out, struct leti_error *err);

/* The same, where what data() and cached() name need not exist either; cached() makes nothing. */
bool pipeline_read_offline(const char *file, const char *const *overrides, size_t n_overrides,
                           struct pipeline **out, struct leti_error *err);

/* The same as pipeline_open and pipeline_read, from a text. chunk_name is the file that it is from:
 * it begins errors, and its folder, which must exist, is where the script looks for modules, data
 * and models. */
bool pipeline_open_text(const char *text, const char *chunk_name, const char *const *overrides,
                        size_t n_overrides, struct pipeline **out, struct leti_error *err);
bool pipeline_read_text(const char *text, const char *chunk_name, const char *const *overrides,
                        size_t n_overrides, struct pipeline **out, struct leti_error *err);
void pipeline_close(struct pipeline *);

#endif
