/* tests - the tests of a pipeline, made of those that its file describes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/tests.h"

#include <stdlib.h>

#include "base/text.h"
#include "script/names.h"
#include "script/tables.h"

enum { CONDITIONS = 3, MOST_OF_ONE = 2 * CONDITIONS };

static enum leti_condition condition_of(const char *word)
{
    return !strcmp(word, "good") ? LETI_GOOD : !strcmp(word, "bad") ? LETI_BAD : LETI_NO_TOKEN;
}

static bool check_conditions(const struct draft_test *draft, const struct leti_list *conditions,
                             const char *whose, struct leti_error *err)
{
    for (size_t i = 0; i < conditions->n; i++)
        for (size_t k = 0; k < i; k++)
            if (!strcmp(conditions->items[i], conditions->items[k]))
                return leti_error_set(err, "%s: %s: option \"condition\" has \"%s\" twice",
                                      settings_get(&draft->settings, "condition")->where, whose,
                                      conditions->items[i]);
    return true;
}

static bool copy_problems(const struct problem_set *from, struct problem_set *out,
                          struct leti_error *err)
{
    out->sources = calloc(from->n_sources + 1, sizeof(struct stage *));
    if (!out->sources)
        return leti_error_set(err, "out of memory");
    memcpy(out->sources, from->sources, from->n_sources * sizeof(struct stage *));
    out->n_sources = from->n_sources;
    return true;
}

/* Adds a test like this one, which is "NAME", "NAME.condition" or, uncut, either with ".uncut". */
static bool add(struct pipeline *p, const struct test *like, const char *name,
                const char *condition, bool twin, struct leti_error *err)
{
    struct test *test = &p->tests[p->n_tests++];
    struct text text = { 0 };
    text_printf(&text, "%s%s%s%s", name, condition ? "." : "", condition ? condition : "",
                twin ? ".uncut" : "");
    *test = *like;
    test->problems = (struct problem_set){ 0 };
    test->name = text_take(&text, err);
    return test->name && copy_problems(&like->problems, &test->problems, err);
}

/* The tests of one description; `like` has all but what is special to each. */
static bool expand(struct pipeline *p, struct test *like, const struct test_options *o,
                   struct leti_error *err)
{
    size_t first = p->n_tests;
    bool both = !strcmp(o->post, "both");
    like->past_cut = strcmp(o->post, "task") != 0;
    for (size_t i = 0; i < o->condition.n; i++) {
        const char *word = o->condition.items[i];
        like->condition = condition_of(word);
        like->uncut = like->past_cut && !both;
        like->sampler = p->n_tests;
        like->untrained = first;
        if (!add(p, like, o->name, i ? word : NULL, false, err))
            return false;
        like->uncut = true;
        like->untrained = first + 1;
        if (both && !add(p, like, o->name, i ? word : NULL, true, err))
            return false;
    }
    return true;
}

static bool fill_test(struct pipeline *p, const struct draft_test *draft, struct leti_error *err)
{
    static const char *const words[] = { "problems", NULL };
    char whose[128];
    struct test_options o;
    struct option_memory *memory;
    snprintf(whose, sizeof whose, "test \"%s\"", names_get(&draft->settings));
    if (!tables_check_known(&draft->settings, test_options, NULL, words, whose, err) ||
        !options_fill(test_options, &draft->settings, whose, &o, &memory, err))
        return false;
    int64_t longest = p->generator ? p->generator->options.max_length : 0;
    struct test like = {
        .problems = draft->problems,
        .samples = (uint32_t)o.samples,
        .temperature = o.temperature,
        .top_p = o.top_p,
        .top_k = (uint32_t)o.top_k,
        .max_length = (uint32_t)(o.max_length ? o.max_length : longest),
        .every = (uint32_t)o.every,
    };
    bool ok = check_conditions(draft, &o.condition, whose, err) && expand(p, &like, &o, err);
    options_free(memory);
    return ok;
}

bool tests_fill(struct pipeline *p, struct draft *draft, struct leti_error *err)
{
    p->tests = calloc(draft->n_tests * MOST_OF_ONE + 1, sizeof *p->tests);
    if (!p->tests)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < draft->n_tests; i++)
        if (!fill_test(p, &draft->tests[i], err))
            return false;
    return true;
}

void tests_free(struct pipeline *p)
{
    for (size_t i = 0; i < p->n_tests; i++) {
        free(p->tests[i].name);
        free(p->tests[i].problems.sources);
    }
    free(p->tests);
}
