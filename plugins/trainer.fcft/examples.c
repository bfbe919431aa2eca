/* examples.c - the iteration's training texts as tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "examples.h"

#include <stdlib.h>
#include <string.h>

/* One example while it is put together. A token's flags are its span's. */
struct text {
    struct lm_ids ids, flags;
};

static void text_clear(struct text *text)
{
    free(text->ids.ids);
    free(text->flags.ids);
}

static bool append(struct lm_ids *ids, int32_t id, struct leti_error *err)
{
    if (ids->n == ids->capacity) {
        size_t capacity = ids->capacity ? 2 * ids->capacity : 256;
        int32_t *grown = realloc(ids->ids, capacity * sizeof *grown);
        if (!grown)
            return leti_error_set(err, "out of memory");
        ids->ids = grown;
        ids->capacity = capacity;
    }
    ids->ids[ids->n++] = id;
    return true;
}

static bool add_special(struct text *text, struct lm_model *model, const struct leti_span *span,
                        uint64_t seed, struct leti_error *err)
{
    const char *name = span->text.data;
    int32_t id = lm_tokenizer_special(model->tokenizer, name);
    if (id < 0 && !lm_model_add_specials(model, &name, 1, seed, &id, err))
        return false;
    return append(&text->ids, id, err);
}

/* Each span is encoded alone, as the prompt of a generation is. */
static bool add_span(struct text *text, struct lm_model *model, const struct leti_span *span,
                     uint64_t seed, struct leti_error *err)
{
    bool special = span->flags & LETI_SPAN_SPECIAL;
    if (special ? !add_special(text, model, span, seed, err)
                : !lm_tokenizer_append(model->tokenizer, span->text.data, span->text.size, false,
                                       &text->ids, err))
        return false;
    while (text->flags.n < text->ids.n)
        if (!append(&text->flags, (int32_t)span->flags, err))
            return false;
    return true;
}

/* What the model's texts start with is there to be seen, not to be trained on. */
static bool start(struct text *text, const struct lm_model *model, struct leti_error *err)
{
    if (!lm_tokenizer_begin(model->tokenizer, &text->ids, err))
        return false;
    while (text->flags.n < text->ids.n)
        if (!append(&text->flags, 0, err))
            return false;
    return true;
}

static bool may_go(const struct text *text, size_t i)
{
    return (text->flags.ids[i] & LETI_SPAN_FEEDBACK) && !(text->flags.ids[i] & LETI_SPAN_SPECIAL);
}

/* Returns whether the end of the text was left as it was. */
static bool cut(struct text *text, size_t limit)
{
    size_t surplus = text->ids.n > limit ? text->ids.n - limit : 0, kept = 0;
    for (size_t i = 0; i < text->ids.n; i++) {
        if (surplus && may_go(text, i)) {
            surplus--;
            continue;
        }
        text->ids.ids[kept] = text->ids.ids[i];
        text->flags.ids[kept++] = text->flags.ids[i];
    }
    text->ids.n = text->flags.n = kept - surplus;
    return !surplus;
}

static bool grow_ends(struct examples *examples, struct leti_error *err)
{
    if (examples->n < examples->capacity)
        return true;
    size_t capacity = examples->capacity ? 2 * examples->capacity : 256;
    size_t *grown = realloc(examples->ends, capacity * sizeof *grown);
    if (!grown)
        return leti_error_set(err, "out of memory");
    examples->ends = grown;
    examples->capacity = capacity;
    return true;
}

/* The last token is nothing's input, and the first one nothing's target. */
static bool keep(struct examples *examples, const struct text *text, struct leti_error *err)
{
    if (text->ids.n < 2)
        return true;
    for (size_t i = 0; i + 1 < text->ids.n; i++) {
        bool counted = text->flags.ids[i + 1] & LETI_SPAN_TRAIN;
        if (!append(&examples->tokens, text->ids.ids[i], err) ||
            !append(&examples->targets, counted ? text->ids.ids[i + 1] : -1, err))
            return false;
    }
    if (!grow_ends(examples, err))
        return false;
    examples->ends[examples->n++] = examples->tokens.n;
    return true;
}

bool examples_add(struct examples *examples, struct lm_model *model,
                  const struct leti_example *example, int32_t max_length, uint64_t seed,
                  struct leti_error *err)
{
    struct text text = { 0 };
    int32_t eos = model->config.eos;
    bool ok = start(&text, model, err);
    for (size_t i = 0; ok && i < example->n_spans; i++)
        ok = add_span(&text, model, &example->spans[i], seed, err);
    bool open = example->n_spans && example->spans[example->n_spans - 1].flags & LETI_SPAN_OPEN;
    bool ends = eos >= 0 && !open;
    if (ok && cut(&text, (size_t)max_length - ends) && ends)
        ok = append(&text.ids, eos, err) && append(&text.flags, LETI_SPAN_TRAIN, err);

    /* What does not come to its end leaves no half of itself. */
    size_t before = examples->n ? examples->ends[examples->n - 1] : 0;
    ok = ok && keep(examples, &text, err);
    if (!ok)
        examples->tokens.n = examples->targets.n = before;
    text_clear(&text);
    return ok;
}

struct sequence examples_at(const struct examples *examples, size_t i)
{
    size_t first = i ? examples->ends[i - 1] : 0;
    return (struct sequence){
        .tokens = examples->tokens.ids + first,
        .targets = examples->targets.ids + first,
        .n = (int32_t)(examples->ends[i] - first),
    };
}

void examples_clear(struct examples *examples)
{
    free(examples->tokens.ids);
    free(examples->targets.ids);
    free(examples->ends);
    *examples = (struct examples){ 0 };
}
