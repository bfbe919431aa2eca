/* script.h - runs a pipeline file and takes out of Lua what it describes.
 *
 * The inner side of pipeline.h: what comes out is as it was written, in order, with plugins open
 * and kinds fitting, but with names, options and overrides still to be settled. After script_run
 * no Lua is left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "script/pipeline.h"

struct draft_test {
    struct settings settings;
    struct problem_set problems;
};

struct draft {
    struct settings settings; /* of the pipeline; .where is the line of pipeline { } */
    struct stage **flow;      /* in order */
    size_t n_flow;
    struct problem_set problems, validation;
    struct stage **observers;
    size_t n_observers;
    struct draft_test *tests;
    size_t n_tests;
    struct stage **stages; /* every stage that the script called for, used or not; owns them */
    size_t n_stages;
    struct missing_list missing;
};

/* Runs the text. name begins errors' lines and tells the folder for `here` and `require`;
 * pipelines is the folder of pipelines. offline: data and cached files need not be here, and
 * draft->missing has those that are not. */
bool script_run(const char *text, const char *name, const char *pipelines, bool offline,
                struct draft *out, struct leti_error *err);
void draft_free(struct draft *);
void stage_destroy(struct stage *);

#endif
