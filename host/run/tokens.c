/* tokens - whether generator, formatter and trainer mean the same special tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- what a stage's options say ---- */

/* A stage's options as its instances get them. */
struct filled {
    const struct stage *stage;
    char *fields;
    struct option_memory *memory;
};

static bool fill(const struct stage *stage, struct filled *out, struct leti_error *err)
{
    const struct leti_plugin *desc = stage->plugin.desc;
    struct filled filled = { .stage = stage, .fields = calloc(1, desc->instance_size) };
    if (!filled.fields)
        return leti_error_set(err, "out of memory");
    if (!options_fill(desc->options, &stage->settings, stage->options.name, filled.fields,
                      &filled.memory, err)) {
        free(filled.fields);
        return false;
    }
    *out = filled;
    return true;
}

static void filled_free(struct filled *filled)
{
    options_free(filled->memory);
    free(filled->fields);
}

/* The option's field; NULL where there is none of this name and type. */
static const void *field(const struct filled *filled, const char *name, enum leti_type type)
{
    const struct leti_option *option = option_find(filled->stage->plugin.desc->options, name);
    return option && option->type == type ? filled->fields + option->offset : NULL;
}

/* ---- the trainer ---- */

static bool lists(const struct leti_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (!strcmp(list->items[i], name))
            return true;
    return false;
}

static bool refuse_token(const struct pipeline *pipeline, const char *name,
                         const struct leti_list *list, struct leti_error *err)
{
    struct text known = { 0 };
    for (size_t i = 0; i < list->n; i++)
        text_printf(&known, "%s%s", i ? ", " : "", list->items[i]);
    leti_error_set(err,
                   "%s writes the token \"%.100s\", which is not among %s.tokens (%.500s): list it "
                   "there, even one that the model has already",
                   pipeline->formatter->options.name, name, pipeline->trainer->options.name,
                   known.size ? text_string(&known) : "none");
    text_free(&known);
    return false;
}

static bool check_trainer(const struct pipeline *pipeline, const struct leti_example *example,
                          struct leti_error *err)
{
    struct filled filled = { 0 };
    bool ok = true;
    if (!fill(pipeline->trainer, &filled, err))
        return false;
    const struct leti_list *list = field(&filled, "tokens", LETI_LIST);
    for (size_t i = 0; ok && list && i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        if (span->flags & LETI_SPAN_SPECIAL && !lists(list, span->text.data))
            ok = refuse_token(pipeline, span->text.data, list, err);
    }
    filled_free(&filled);
    return ok;
}

/* ---- the generator ---- */

static bool is_reward(const struct leti_span *span)
{
    return span->flags & LETI_SPAN_SPECIAL && !(span->flags & LETI_SPAN_FEEDBACK);
}

bool tokens_have_reward(const struct leti_example *example)
{
    for (size_t i = 0; i < example->n_spans; i++)
        if (is_reward(&example->spans[i]))
            return true;
    return false;
}

static bool check_reward(const struct pipeline *pipeline, const struct leti_example *example,
                         const char *option, const char *name, struct leti_error *err)
{
    const char *other = NULL;
    for (size_t i = 0; i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        if (!is_reward(span))
            continue;
        if (!strcmp(span->text.data, name))
            return true;
        other = other ? other : span->text.data;
    }
    return !other ||
           leti_error_set(err,
                          "%s starts such an example with \"%.100s\", and %s.%s is \"%.100s\": a "
                          "prompt must start with what was trained on",
                          pipeline->formatter->options.name, other,
                          pipeline->generator->options.name, option, name);
}

static bool check_generator(const struct pipeline *pipeline, const struct leti_example *example,
                            bool passed, struct leti_error *err)
{
    const char *option = passed ? "good" : "bad";
    struct filled filled = { 0 };
    if (!fill(pipeline->generator, &filled, err))
        return false;
    const char *const *name = field(&filled, option, LETI_TEXT);
    bool ok = !name || check_reward(pipeline, example, option, *name, err);
    filled_free(&filled);
    return ok;
}

bool tokens_check(const struct pipeline *pipeline, const struct leti_example *example, bool passed,
                  struct leti_error *err)
{
    return (!pipeline->trainer || check_trainer(pipeline, example, err)) &&
           (!pipeline->generator || check_generator(pipeline, example, passed, err));
}
