/* names - every stage and test of a pipeline gets the name that --set and messages use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/names.h"

#include <ctype.h>

/* Stages, or tests: names are unique among either. */
struct named {
    struct settings *(*at)(void *all, size_t i);
    void *all;
    size_t n;
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

static struct settings *stage_at(void *stages, size_t i)
{
    return &((struct stage **)stages)[i]->host_settings;
}

static struct settings *test_at(void *tests, size_t i)
{
    return &((struct draft_test *)tests)[i].settings;
}

static size_t count_name(const struct named *all, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < all->n; i++) {
        const char *other = names_get(all->at(all->all, i));
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
    if (all->at == stage_at && !strcmp(name, "test"))
        return leti_error_set(err, "%s: no stage can have the name \"test\"", settings->where);
    if (!names_is_plain(name, false))
        return leti_error_set(err, "%s: the name \"%s\" must consist of letters, digits, - and _",
                              settings->where, name);
    if (strlen(name) > NAMES_MOST)
        return leti_error_set(err, "%s: the name \"%.20s...\" has %zu bytes, %d are allowed",
                              settings->where, name, strlen(name), NAMES_MOST);
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
    case LETI_OBSERVER:
        return "observe";
    }
    return "stage";
}

bool names_give(struct stage **stages, size_t n_stages, struct draft *draft, struct leti_error *err)
{
    const struct named all_stages = { stage_at, stages, n_stages };
    const struct named all_tests = { test_at, draft->tests, draft->n_tests };
    for (size_t i = 0; i < n_stages; i++)
        if (!give(&all_stages, &stages[i]->host_settings, kind_word(stages[i]->plugin.desc->kind),
                  err))
            return false;
    for (size_t i = 0; i < draft->n_tests; i++)
        if (!give(&all_tests, &draft->tests[i].settings, "test", err))
            return false;
    for (size_t i = 0; i < n_stages; i++)
        if (!check(&all_stages, &stages[i]->host_settings, err))
            return false;
    for (size_t i = 0; i < draft->n_tests; i++)
        if (!check(&all_tests, &draft->tests[i].settings, err))
            return false;
    return true;
}
