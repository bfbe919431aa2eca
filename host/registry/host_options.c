/* host_options - the options that the host itself gives every stage, by kind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/host_options.h"

#define NAME                                                                                       \
    LETI_OPT_TEXT(struct stage_options, name, "",                                                  \
                  "Name of the stage in --set and in messages; empty: the kind's own word.")
#define PLACEMENT(initial)                                                                         \
    LETI_OPT_CHOICE(struct stage_options, placement, initial, "thread|process|remote",             \
                    "Where its workers run: in this process, in child processes, or wherever "     \
                    "they join from.")
#define REPLICAS(most)                                                                             \
    LETI_OPT_INT(struct stage_options, replicas, "1", 1, most, "Workers, one instance each.")
#define THREADS(initial)                                                                           \
    LETI_OPT_INT(struct stage_options, threads, initial, 0, 4096,                                  \
                 "Threads that one instance may keep busy; 0: as many as there are cores.")
#define DEADLINE(initial)                                                                          \
    LETI_OPT_REAL(struct stage_options, deadline, initial, 0.001, 1e7,                             \
                  "Seconds that one unit of work may take.")

static const struct leti_option source_options[] = { NAME, { 0 } };

static const struct leti_option generator_options[] = {
    NAME,
    PLACEMENT("process"),
    REPLICAS(1024),
    THREADS("0"),
    DEADLINE("1800"),
    LETI_OPT_TEXT(struct stage_options, model, NULL,
                  "Folder or GGUF file of the model to begin with."),
    LETI_OPT_INT(struct stage_options, samples, "8", 1, 1e6, "Samples a problem and iteration."),
    LETI_OPT_REAL(struct stage_options, temperature, "1", 0, 100,
                  "Temperature of training samples; 0: greedy."),
    LETI_OPT_REAL(struct stage_options, top_p, "1", 1e-6, 1,
                  "Share of probability that is sampled from; 1: all."),
    LETI_OPT_INT(struct stage_options, top_k, "0", 0, 1e9,
                 "Number of tokens that are sampled from; 0: all."),
    LETI_OPT_INT(struct stage_options, max_length, "512", 1, 1e6,
                 "Tokens of a sample at most, prompt included."),
    { 0 },
};

static const struct leti_option evaluator_options[] = {
    NAME, PLACEMENT("process"), REPLICAS(1024), THREADS("1"), DEADLINE("120"), { 0 },
};

static const struct leti_option formatter_options[] = {
    NAME, PLACEMENT("thread"), REPLICAS(1024), THREADS("1"), DEADLINE("60"), { 0 },
};

static const struct leti_option trainer_options[] = {
    NAME,
    PLACEMENT("process"),
    REPLICAS(1),
    THREADS("0"),
    DEADLINE("86400"),
    LETI_OPT_TEXT(struct stage_options, model, "",
                  "Folder or GGUF file of the model to begin with; empty: the generator's."),
    { 0 },
};

static const struct leti_option observer_options[] = {
    NAME,
    LETI_OPT_INT(struct stage_options, queue, "10000", 1, 1e7,
                 "Events that may wait for it; of more, the least important are dropped."),
    LETI_OPT_REAL(struct stage_options, deadline, "10", 0.001, 3600,
                  "Seconds that it may take to start, and to catch up when the run ends."),
    { 0 },
};

const struct leti_option *host_options(enum leti_kind kind)
{
    switch (kind) {
    case LETI_SOURCE:
        return source_options;
    case LETI_GENERATOR:
        return generator_options;
    case LETI_EVALUATOR:
        return evaluator_options;
    case LETI_FORMATTER:
        return formatter_options;
    case LETI_TRAINER:
        return trainer_options;
    case LETI_OBSERVER:
        return observer_options;
    }
    return source_options;
}
