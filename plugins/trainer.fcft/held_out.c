/* held_out.c - texts that are not trained on, and the loss on them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "held_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char corpus_name[] = "corpus";

/* ---- sets ---- */

bool held_out_set(struct held_out *held_out, const char *name, struct examples **out,
                  struct leti_error *err)
{
    if (!*name || !strcmp(name, corpus_name))
        return leti_error_set(err, "held-out texts cannot be called \"%s\"", name);
    for (size_t i = 0; i < held_out->n; i++)
        if (!strcmp(held_out->sets[i].name, name)) {
            *out = &held_out->sets[i].texts;
            return true;
        }
    char *copy = strdup(name);
    struct text_set *grown = reallocarray(held_out->sets, held_out->n + 1, sizeof *held_out->sets);
    if (grown)
        held_out->sets = grown;
    if (!copy || !grown) {
        free(copy);
        return leti_error_set(err, "out of memory");
    }
    grown[held_out->n] = (struct text_set){ .name = copy };
    *out = &grown[held_out->n++].texts;
    return true;
}

void held_out_clear(struct held_out *held_out)
{
    for (size_t i = 0; i < held_out->n; i++) {
        free(held_out->sets[i].name);
        examples_clear(&held_out->sets[i].texts);
    }
    free(held_out->sets);
    *held_out = (struct held_out){ 0 };
}

/* ---- losses ---- */

/* The passes take long, one after the other, so whether they are still wanted is asked between. */
static bool add_loss(struct learner *learner, struct sequence *sequences, size_t n,
                     const struct leti_host *host, struct outcome *outcome, struct leti_error *err)
{
    if (host->stopping(host))
        return leti_error_set(err, "stopped at a held-out text");
    return learner_loss(learner, sequences, n, outcome, err);
}

static void tell(const char *name, const struct outcome *outcome, const struct leti_host *host)
{
    char metric[128];
    snprintf(metric, sizeof metric, "%s_loss", name);
    if (outcome->counted)
        host->metric(host, metric, outcome->loss / (double)outcome->counted);
}

static bool tell_set(const struct text_set *set, struct learner *learner,
                     const struct leti_host *host, struct leti_error *err)
{
    enum { AT_ONCE = 16 };
    struct outcome outcome = { 0 };
    struct sequence sequences[AT_ONCE];
    for (size_t first = 0; first < set->texts.n; first += AT_ONCE) {
        size_t n = set->texts.n - first < AT_ONCE ? set->texts.n - first : AT_ONCE;
        for (size_t i = 0; i < n; i++)
            sequences[i] = examples_at(&set->texts, first + i);
        if (!add_loss(learner, sequences, n, host, &outcome, err))
            return false;
    }
    tell(set->name, &outcome, host);
    return true;
}

bool held_out_tell(const struct held_out *held_out, struct learner *learner,
                   const struct leti_host *host, struct leti_error *err)
{
    for (size_t i = 0; i < held_out->n; i++)
        if (!tell_set(&held_out->sets[i], learner, host, err))
            return false;
    return true;
}

static bool corpus_pass(const int32_t *text, size_t n, int64_t block, struct learner *learner,
                        const struct leti_host *host, struct outcome *outcome,
                        struct leti_error *err)
{
    for (size_t first = 0; first + 1 < n; first += (size_t)block) {
        size_t left = n - 1 - first;
        struct sequence sequence = {
            .tokens = text + first,
            .targets = text + first + 1,
            .n = left < (size_t)block ? (int32_t)left : (int32_t)block,
        };
        if (!add_loss(learner, &sequence, 1, host, outcome, err))
            return false;
    }
    return true;
}

bool held_out_tell_corpus(const struct corpus *corpus, int64_t block, size_t limit,
                          struct learner *learner, const struct leti_host *host,
                          struct leti_error *err)
{
    struct outcome outcome = { 0 };
    int32_t *text = malloc((limit + 1) * sizeof *text);
    if (!text)
        return leti_error_set(err, "out of memory");
    size_t n = corpus_held_out(corpus, text, limit + 1);
    bool ok = corpus_pass(text, n, block, learner, host, &outcome, err);
    free(text);
    if (ok)
        tell(corpus_name, &outcome, host);
    return ok;
}
