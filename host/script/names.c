/* names - every stage and test of a pipeline gets the name that --set and messages use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/names.h"

#include <ctype.h>

struct named {
    struct stage *const *stages;
    size_t n_stages;
    struct draft *draft;
};

const char *names_get(const struct settings *settings)
{
    const struct setting *name = settings_get(settings, "name");
    return name && !name->is_list && *name->values[0] ? name->values[0] : NULL;
}

bool names_is_plain(const char *name, bool dots)
{
    if (!isalnum((unsigned char)*name))
        return false;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_' && !(dots && *p == '.'))
            return false;
    return true;
}

static size_t count_name(const struct named *all, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < all->n_stages; i++) {
        const char *other = names_get(&all->stages[i]->host_settings);
        count += other && !strcmp(other, name);
    }
    for (size_t i = 0; i < all->draft->n_tests; i++) {
        const char *other = names_get(&all->draft->tests[i].settings);
        count += other && !strcmp(other, name);
    }
    return count;
}

/* word, word2, word3: the first that is free. */
static bool give(const struct named *all, struct settings *settings, const char *word,
                 struct leti_error *err)
{
    char name[64];
    if (names_get(settings))
        return true;
    snprintf(name, sizeof name, "%s", word);
    for (size_t i = 2; count_name(all, name); i++)
        snprintf(name, sizeof name, "%s%zu", word, i);
    const char *value = name;
    return settings_put(settings, "name", &value, 1, false, settings->where, err);
}

static bool check(const struct named *all, const struct settings *settings, struct leti_error *err)
{
    const char *name = names_get(settings);
    if (!names_is_plain(name, false))
        return leti_error_set(err, "%s: the name \"%s\" must consist of letters, digits, - and _",
                              settings->where, name);
    if (count_name(all, name) > 1)
        return leti_error_set(err, "%s: the name \"%s\" is there twice", settings->where, name);
    return true;
}

static const char *kind_word(enum leti_kind kind)
{
    switch (kind) {
    case LETI_SOURCE:
        return "problems";
    case LETI_GENERATOR:
        return "generate";
    case LETI_EVALUATOR:
        return "evaluate";
    case LETI_FORMATTER:
        return "feedback";
    case LETI_TRAINER:
        return "train";
    }
    return "stage";
}

bool names_give(struct stage *const *stages, size_t n_stages, struct draft *draft,
                struct leti_error *err)
{
    const struct named all = { stages, n_stages, draft };
    for (size_t i = 0; i < draft->n_tests; i++)
        if (!give(&all, &draft->tests[i].settings, "test", err))
            return false;
    for (size_t i = 0; i < n_stages; i++)
        if (!give(&all, &stages[i]->host_settings, kind_word(stages[i]->plugin.desc->kind), err))
            return false;
    for (size_t i = 0; i < draft->n_tests; i++)
        if (!check(&all, &draft->tests[i].settings, err))
            return false;
    for (size_t i = 0; i < n_stages; i++)
        if (!check(&all, &stages[i]->host_settings, err))
            return false;
    return true;
}
