/* brief - an evaluator that fails programs which are longer than they may be.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <leti/plugin.h>

struct brief {
    int64_t lines;
};

static const struct leti_option options[] = {
    LETI_OPT_INT(struct brief, lines, "20", 1, 10000, "Lines that a program may have."),
    { 0 },
};

static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    static const char why[] = "the program has too many lines\n";
    int64_t lines = sample->program.size > 0;
    for (size_t i = 0; i < sample->program.size; i++)
        lines += sample->program.data[i] == '\n';
    bool ok = lines <= ((struct brief *)self)->lines;
    *out = (struct leti_verdict){ .outcome = ok ? LETI_PASSED : LETI_FAILED,
                                  .reason = ok ? "passed" : "length",
                                  .exception = "",
                                  .feedback = { ok ? "" : why, ok ? 0 : sizeof why - 1 } };
    return LETI_OK;
}

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = "evaluator.brief",
    .version = "1.0",
    .summary = "Fails programs that have too many lines.",
    .instance_size = sizeof(struct brief),
    .options = options,
    .evaluator = { .evaluate = evaluate, .deterministic = true },
};
