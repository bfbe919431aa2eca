/* tests_only - what is left of a pipeline whose tests are all that is done.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/tests_only.h"

bool tests_only_wanted(const struct draft *draft)
{
    const struct setting *setting = settings_get(&draft->settings, "tests_only");
    return setting && setting->n_values == 1 && !strcmp(setting->values[0], "true");
}

static bool is_among(const struct stage *stage, struct stage *const *stages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (stages[i] == stage)
            return true;
    return false;
}

static bool is_needed(const struct pipeline *p, const struct draft *draft,
                      const struct stage *stage)
{
    if (stage == p->generator || stage->plugin.desc->kind == LETI_OBSERVER ||
        is_among(stage, p->evaluators, p->n_evaluators))
        return true;
    for (size_t i = 0; i < draft->n_tests; i++) {
        const struct problem_set *problems = &draft->tests[i].problems;
        if (is_among(stage, problems->sources, problems->n_sources))
            return true;
    }
    return false;
}

void tests_only_keep(struct pipeline *p, struct draft *draft)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_stages; i++) {
        struct stage *stage = p->stages[i];
        if (is_needed(p, draft, stage))
            p->stages[n++] = stage;
        else
            draft->stages[draft->n_stages++] = stage;
    }
    p->n_stages = n;
    p->problems.n_sources = p->validation.n_sources = 0;
    p->formatter = p->trainer = NULL;
}

void tests_only_settle(struct pipeline *p)
{
    p->from_references = false;
    for (size_t i = 0; i < p->n_tests; i++)
        p->tests[i].untrained = i;
}
