/* tables - the options of a pipeline and of a test, read by the same code as a plugin's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/tables.h"

const struct leti_option pipeline_options[] = {
    LETI_OPT_TEXT(struct pipeline_options, name, NULL, "Name of the run's folder."),
    LETI_OPT_INT(struct pipeline_options, iterations, "1", 0, 1e6,
                 "Times around: generate, evaluate, train."),
    LETI_OPT_INT(struct pipeline_options, seed, "1", 0, 9e15,
                 "All that is random follows from it."),
    LETI_OPT_TEXT(struct pipeline_options, listen, "",
                  "Endpoint where workers may join, as in tcp://127.0.0.1:7461."),
    LETI_OPT_REAL(struct pipeline_options, infra_limit, "0.05", 0, 1,
                  "Share of verdicts that may be infrastructure errors."),
    LETI_OPT_BOOL(struct pipeline_options, preflight, "true",
                  "Whether every stage is tried before the run begins."),
    LETI_OPT_BOOL(struct pipeline_options, cache, "true",
                  "Whether verdicts of deterministic evaluators are reused."),
    LETI_OPT_LIST(struct pipeline_options, post, "", 0, 1000,
                  "A program ends before the first of these texts."),
    { 0 },
};

const struct leti_option test_options[] = {
    LETI_OPT_TEXT(struct test_options, name, NULL, "Name of the test."),
    LETI_OPT_INT(struct test_options, samples, "16", 1, 1e6, "Samples a problem."),
    LETI_OPT_REAL(struct test_options, temperature, "0.1", 0, 100, "Temperature; 0: greedy."),
    LETI_OPT_REAL(struct test_options, top_p, "1", 1e-6, 1,
                  "Share of probability that is sampled from; 1: all."),
    LETI_OPT_INT(struct test_options, top_k, "0", 0, 1e9,
                 "Number of tokens that are sampled from; 0: all."),
    LETI_OPT_INT(struct test_options, max_length, "0", 0, 1e6,
                 "Tokens of a sample at most, prompt included; 0: as the generator's."),
    LETI_OPT_INT(struct test_options, every, "1", 0, 1e6,
                 "Iterations from one test to the next; 0: only the first and the last."),
    LETI_OPT_CHOICE(struct test_options, condition, "good", "good|bad|none",
                    "Reward token that prompts begin with after the first training."),
    { 0 },
};
