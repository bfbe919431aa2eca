/* faults - a plugin with one thing wrong, which FAULT_... names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

struct fault {
    int64_t first, second;
    const char *mode;
};

static const struct leti_option options[] = {
#if defined(FAULT_RANGE)
    LETI_OPT_INT(struct fault, first, "11", 1, 10, "Its default is out of its range."),
#elif defined(FAULT_CHOICE)
    LETI_OPT_CHOICE(struct fault, mode, "adam", "adamw|sgd", "Its default is no choice."),
#elif defined(FAULT_OUTSIDE)
    { "first", LETI_INT, sizeof(struct fault), "1", 1, 10, NULL, "Its field is not there." },
#elif defined(FAULT_TWICE)
    LETI_OPT_INT(struct fault, first, "1", 1, 10, "Is there."),
    { "first", LETI_INT, offsetof(struct fault, second), "1", 1, 10, NULL, "Is there again." },
#elif defined(FAULT_SHARED)
    LETI_OPT_INT(struct fault, first, "1", 1, 10, "Is there."),
    { "second", LETI_INT, offsetof(struct fault, first), "1", 1, 10, NULL, "In the same place." },
#elif defined(FAULT_HOST)
    { "replicas", LETI_INT, offsetof(struct fault, first), "1", 1, 10, NULL, "The host's own." },
#endif
    { 0 },
};

static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    (void)self;
    (void)sample;
    (void)out;
    return LETI_OK;
}

/* What is wrong is initialized twice, and the later initializer counts. */
#pragma GCC diagnostic ignored "-Woverride-init"

#if defined(FAULT_SYMBOL)
#define SYMBOL another_name
#else
#define SYMBOL leti_plugin
#endif

LETI_EXPORT const struct leti_plugin SYMBOL = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = PLUGIN_NAME,
    .version = "1.0",
    .summary = "Is wrong in one way.",
    .instance_size = sizeof(struct fault),
    .options = options,
    .evaluator.evaluate = evaluate,
#if defined(FAULT_ABI)
    .abi = 99,
    .name = (const char *)1, /* nothing but abi may be read */
#elif defined(FAULT_SIZE)
    .size = sizeof(struct leti_plugin) - 8,
#elif defined(FAULT_KIND)
    .kind = (enum leti_kind)77,
#elif defined(FAULT_NAME)
    .name = "nameless",
#elif defined(FAULT_VERSION)
    .version = NULL,
#elif defined(FAULT_FUNCTION)
    .evaluator.evaluate = NULL,
#elif defined(FAULT_ELSEWHERE)
    .name = "evaluator.elsewhere",
#endif
};
