/* evaluator.fake - a program passes when its text contains the problem's tests.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fake.h"
#include "leti/plugin.h"

enum { SEEN_LIMIT = 4096 };

struct evaluator {
    int64_t work_us, infra_of; /* options */
    bool passes_all;
    const char *refuses;
    const struct leti_host *host;
    uint64_t seen[SEEN_LIMIT]; /* programs that met an infrastructure error */
    size_t n_seen;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    ((struct evaluator *)self)->host = host;
    return LETI_OK;
}

static enum leti_status refuse(struct leti_verdict *out)
{
    static const char traceback[] = "NameError: name 'it' is not defined";
    out->outcome = LETI_FAILED;
    out->reason = "exception";
    out->exception = "NameError";
    out->feedback = (struct leti_bytes){ traceback, sizeof traceback - 1 };
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

/* One program in so many, the first time that this instance sees it. */
static bool meets_infra(struct evaluator *evaluator, struct leti_bytes program)
{
    uint64_t digest = 0;
    if (evaluator->infra_of < 2)
        return evaluator->infra_of == 1;
    for (size_t i = 0; i < program.size; i++)
        digest = leti_mix(digest, (unsigned char)program.data[i]);
    if (digest % (uint64_t)evaluator->infra_of || evaluator->n_seen == SEEN_LIMIT)
        return false;
    for (size_t i = 0; i < evaluator->n_seen; i++)
        if (evaluator->seen[i] == digest)
            return false;
    evaluator->seen[evaluator->n_seen++] = digest;
    return true;
}

static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *evaluator = self;
    static const struct leti_pair scores[] = { { "length", { "11", 2 } } };
    fake_work(evaluator->work_us);
    if (meets_infra(evaluator, sample->program)) {
        out->outcome = LETI_INFRA;
        out->reason = "jail";
        return LETI_OK;
    }
    if (*evaluator->refuses && strstr(sample->program.data, evaluator->refuses))
        return refuse(out);
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
    LETI_OPT_INT(struct evaluator, infra_of, "0", 0, 1e9,
                 "One program in so many is an infrastructure error the first time that an "
                 "instance sees it; 0: none, 1: all, each time."),
    LETI_OPT_TEXT(struct evaluator, refuses, "", "Text for which a program fails at once."),
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
