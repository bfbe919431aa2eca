/* evaluator.fake - a program passes when its text contains the problem's tests.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fake.h"
#include "leti/plugin.h"

struct evaluator {
    int64_t work_us, infra_every; /* options */
    bool passes_all;
    const struct leti_host *host;
    int64_t n_judged;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    ((struct evaluator *)self)->host = host;
    return LETI_OK;
}

static enum leti_status fail(struct leti_verdict *out)
{
    static const char traceback[] = "Traceback (most recent call last):\n  File \"<string>\", "
                                    "line 1, in <module>\nAssertionError";
    out->outcome = LETI_FAILED;
    out->reason = "exception";
    out->exception = "AssertionError";
    out->feedback = (struct leti_bytes){ traceback, sizeof traceback - 1 };
    return LETI_OK;
}

static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *evaluator = self;
    static const struct leti_pair scores[] = { { "length", { "11", 2 } } };
    fake_work(evaluator->work_us);
    if (evaluator->infra_every && ++evaluator->n_judged % evaluator->infra_every == 0) {
        out->outcome = LETI_INFRA;
        out->reason = "jail";
        return LETI_OK;
    }
    if (!evaluator->passes_all && !strstr(sample->program.data, sample->problem->tests.data))
        return fail(out);
    out->outcome = LETI_PASSED;
    out->reason = "passed";
    out->scores = scores;
    out->n_scores = 1;
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_INT(struct evaluator, work_us, "0", 0, 1e9, "Microseconds that a verdict takes."),
    LETI_OPT_INT(struct evaluator, infra_every, "0", 0, 1e9,
                 "Every so manieth verdict is an infrastructure error; 0: none."),
    LETI_OPT_BOOL(struct evaluator, passes_all, "false", "Passes whatever it is given."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = "evaluator.fake",
    .version = "1.0",
    .summary = "Looks for the tests' text in the program",
    .instance_size = sizeof(struct evaluator),
    .options = options,
    .start = start,
    .evaluator = { .evaluate = evaluate, .deterministic = true },
};
