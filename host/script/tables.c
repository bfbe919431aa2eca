/* tables - the options of a pipeline and of a test, read by the same code as a plugin's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/tables.h"

#include <stdlib.h>

const struct leti_option pipeline_options[] = {
    LETI_OPT_TEXT(struct pipeline_options, name, NULL, "Name of the run's folder."),
    LETI_OPT_INT(struct pipeline_options, iterations, "1", 0, 1e6,
                 "Times around: generate, evaluate, train."),
    LETI_OPT_INT(struct pipeline_options, seed, "1", 0, 9e15,
                 "All that is random follows from it."),
    LETI_OPT_INT(struct pipeline_options, keep_checkpoints, "0", 0, 1e6,
                 "Checkpoints that are kept, the last ones; 0: all."),
    LETI_OPT_TEXT(struct pipeline_options, listen, "",
                  "Endpoint where workers may join, as in tcp://127.0.0.1:7461."),
    LETI_OPT_REAL(struct pipeline_options, infra_limit, "0.05", 0, 1,
                  "Share of verdicts that may be infrastructure errors."),
    LETI_OPT_BOOL(struct pipeline_options, preflight, "true",
                  "Whether every stage is tried before the run begins."),
    LETI_OPT_BOOL(struct pipeline_options, cache, "true",
                  "Whether verdicts of deterministic evaluators are reused."),
    LETI_OPT_BOOL(struct pipeline_options, tests_only, "false",
                  "Whether the tests are all that is done, on the model as it is."),
    LETI_OPT_LIST(struct pipeline_options, post, "", 0, 1000,
                  "A program ends before the first of these texts."),
    LETI_OPT_CHOICE(
        struct pipeline_options, samples_from, "model", "model|references",
        "Who writes the programs that are trained on: the model, or the data set (one a "
        "problem, its reference)."),
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
    { "condition", LETI_LIST, LETI_FIELD(struct test_options, condition, struct leti_list), "good",
      1, 3, "good|bad|none",
      "Reward token that prompts begin with after the first training; of several, each is a "
      "test." },
    LETI_OPT_CHOICE(struct test_options, post, "task", "task|none|both",
                    "Whether programs are judged with the pipeline's cut, without, or both ways."),
    { 0 },
};

bool tables_check_known(const struct settings *settings, const struct leti_option *table,
                        const struct leti_option *more, const char *const *words, const char *whose,
                        struct leti_error *err)
{
    size_t n = 0, n_words = 0;
    while (words && words[n_words])
        n_words++;
    const char **names =
        calloc(option_count(table) + option_count(more) + n_words + 1, sizeof *names);
    if (!names)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < option_count(table); i++)
        names[n++] = table[i].name;
    for (size_t i = 0; i < option_count(more); i++)
        names[n++] = more[i].name;
    for (size_t i = 0; i < n_words; i++)
        names[n++] = words[i];
    bool ok = true;
    for (size_t i = 0; ok && i < settings->n; i++)
        ok = option_known(&settings->items[i], names, n, whose, err);
    free(names);
    return ok;
}
