/* sampling - how a run asks for its samples.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/sampling.h"

/* The prompt starts with the good token once the model has met it. */
static enum leti_condition condition_of(const struct pipeline *pipeline, uint32_t trained,
                                        enum leti_condition after)
{
    return pipeline->tests_only || (pipeline->trainer && trained) ? after : LETI_NO_TOKEN;
}

struct leti_request sampling_of_training(const struct pipeline *pipeline, uint32_t iteration)
{
    const struct stage_options *options = &pipeline->generator->options;
    return (struct leti_request){ .condition = condition_of(pipeline, iteration - 1, LETI_GOOD),
                                  .temperature = options->temperature,
                                  .top_p = options->top_p,
                                  .top_k = (uint32_t)options->top_k,
                                  .max_length = (uint32_t)options->max_length };
}

struct leti_request sampling_of_test(const struct pipeline *pipeline, size_t number,
                                     uint32_t trained)
{
    const struct test *test = &pipeline->tests[number];
    return (struct leti_request){ .condition = condition_of(pipeline, trained, test->condition),
                                  .temperature = test->temperature,
                                  .top_p = test->top_p,
                                  .top_k = test->top_k,
                                  .max_length = test->max_length };
}

uint64_t sampling_seed(const struct pipeline *pipeline, uint32_t phase, uint32_t iteration,
                       uint32_t problem)
{
    return leti_mix(leti_mix(leti_mix(pipeline->seed, phase), iteration), problem);
}
