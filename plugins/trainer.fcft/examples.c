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

static bool add_special(struct text *text, const struct lm_model *model,
                        const struct leti_span *span, struct leti_error *err)
{
    int32_t id = lm_tokenizer_special(model->tokenizer, span->text.data);
    if (id < 0)
        return leti_error_set(err, "the model has no special token \"%.80s\"", span->text.data);
    return append(&text->ids, id, err);
}

/* Each span is encoded alone, as the prompt of a generation is. */
static bool add_span(struct text *text, const struct lm_model *model, const struct leti_span *span,
                     struct leti_error *err)
{
    bool special = span->flags & LETI_SPAN_SPECIAL;
    if (special ? !add_special(text, model, span, err)
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

/* Whether the token cannot be where a text begins: it starts in the midst of a character. */
static bool within_character(const struct lm_model *model, int32_t id)
{
    size_t size;
    const char *bytes = lm_tokenizer_bytes(model->tokenizer, id, &size);
    return size && ((unsigned char)bytes[0] & 0xc0) == 0x80;
}

/* Cuts to limit tokens. *feedback, *rest: what of it was cut. */
static void cut(struct text *text, const struct lm_model *model, size_t limit, bool *feedback,
                bool *rest)
{
    size_t surplus = text->ids.n > limit ? text->ids.n - limit : 0, kept = 0;
    *feedback = false;
    for (size_t i = 0, dropped = 0; i < text->ids.n; i++) {
        dropped =
            may_go(text, i) && (surplus || (dropped && within_character(model, text->ids.ids[i])));
        if (dropped) {
            surplus -= surplus > 0;
            *feedback = true;
            continue;
        }
        text->ids.ids[kept] = text->ids.ids[i];
        text->flags.ids[kept++] = text->flags.ids[i];
    }
    text->ids.n = text->flags.n = kept - surplus;
    *rest = surplus > 0;
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
        int32_t flags = text->flags.ids[i + 1];
        int32_t target = flags & LETI_SPAN_TRAIN ? text->ids.ids[i + 1] : -1;
        if (!append(&examples->tokens, text->ids.ids[i], err) ||
            !append(&examples->targets, target, err) ||
            !append(&examples->held, !(flags & LETI_SPAN_FEEDBACK), err))
            return false;
    }
    if (!grow_ends(examples, err))
        return false;
    examples->ends[examples->n++] = examples->tokens.n;
    return true;
}

bool examples_truncated(const struct leti_example *example)
{
    return example->n_spans && (example->spans[example->n_spans - 1].flags & LETI_SPAN_OPEN);
}

bool examples_add(struct examples *examples, const struct lm_model *model,
                  const struct leti_example *example, int32_t max_length, struct leti_error *err)
{
    struct text text = { 0 };
    int32_t eos = model->config.eos;
    bool feedback_cut = false, text_cut = false, ok = start(&text, model, err);
    for (size_t i = 0; ok && i < example->n_spans; i++)
        ok = add_span(&text, model, &example->spans[i], err);
    bool ends = eos >= 0 && !examples_truncated(example);
    if (ok)
        cut(&text, model, (size_t)max_length - ends, &feedback_cut, &text_cut);
    if (ok && ends && !text_cut)
        ok = append(&text.ids, eos, err) && append(&text.flags, LETI_SPAN_TRAIN, err);

    /* What does not come to its end leaves no half of itself. */
    size_t before = examples->n ? examples->ends[examples->n - 1] : 0;
    ok = ok && keep(examples, &text, err);
    if (!ok)
        examples->tokens.n = examples->targets.n = examples->held.n = before;
    examples->feedback_cut += ok && feedback_cut;
    examples->text_cut += ok && text_cut;
    text_clear(&text);
    return ok;
}

struct sequence examples_at(const struct examples *examples, size_t i)
{
    size_t first = i ? examples->ends[i - 1] : 0;
    return (struct sequence){
        .tokens = examples->tokens.ids + first,
        .targets = examples->targets.ids + first,
        .held = examples->held.ids + first,
        .n = (int32_t)(examples->ends[i] - first),
    };
}

void examples_clear(struct examples *examples)
{
    free(examples->tokens.ids);
    free(examples->targets.ids);
    free(examples->held.ids);
    free(examples->ends);
    *examples = (struct examples){ 0 };
}
