/* override - "stage.option=value" from the command line, put over what a file set.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/override.h"

#include <stdlib.h>

#include "base/text.h"

static const char *const where = "--set";
static const char *const mark = "-- --set ";

/* ---- values ---- */

/* Puts the value, at commas into items where the option (NULL: unknown) is a list. */
static bool put_value(struct settings *settings, const struct leti_option *option, const char *name,
                      const char *value, struct leti_error *err)
{
    if (!option || option->type != LETI_LIST)
        return settings_put(settings, name, &value, 1, false, where, err);

    size_t n = 0;
    char *copy = strdup(value), *rest = copy;
    const char **items = calloc(strlen(value) + 1, sizeof *items);
    bool ok = (copy && items) || leti_error_set(err, "out of memory");
    for (char *item; ok && *value && (item = strsep(&rest, ","));)
        items[n++] = item;
    ok = ok && settings_put(settings, name, items, n, true, where, err);
    free(copy);
    free(items);
    return ok;
}

static const char *setting_text(const struct settings *settings, const char *name)
{
    const struct setting *setting = settings_get(settings, name);
    return setting && setting->n_values ? setting->values[0] : "";
}

/* ---- what a name means ---- */

/* What a text cannot say, and names, by which overrides find their place. */
static bool is_fixed(const char *option)
{
    static const char *const names[] = { "flow", "problems", "observers", "test", "validation" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(option, names[i]))
            return true;
    return false;
}

static bool refuse_fixed(const char *whose, const char *option, struct leti_error *err)
{
    return leti_error_set(err, "%s: %s: \"%s\" can only be set in the file", where, whose, option);
}

/* "none.samples" of test "held-out" */
static bool refuse_derived(const char *test, const char *option, struct leti_error *err)
{
    int size = (int)(strrchr(option, '.') - option);
    return leti_error_set(err,
                          "%s: test \"%s.%.*s\": it comes from \"%s\" by condition and post, and "
                          "has no options of its own",
                          where, test, size, option, test);
}

static bool put_stage(struct stage *stage, const char *option, const char *value,
                      struct leti_error *err)
{
    const struct leti_option *host = option_find(host_options(stage->plugin.desc->kind), option);
    if (host && !strcmp(option, "name"))
        return refuse_fixed(setting_text(&stage->host_settings, "name"), option, err);
    return put_value(host ? &stage->host_settings : &stage->settings,
                     host ? host : option_find(stage->plugin.desc->options, option), option, value,
                     err);
}

/* test: a name, or NULL for every test. */
static bool put_tests(const struct override_target *target, const char *test, const char *option,
                      const char *value, bool *found, struct leti_error *err)
{
    struct draft *draft = target->draft;
    for (size_t i = 0; i < draft->n_tests; i++) {
        struct settings *settings = &draft->tests[i].settings;
        const char *name = setting_text(settings, "name");
        if (test && strcmp(test, name))
            continue;
        *found = true;
        if (!strcmp(option, "name") || is_fixed(option))
            return refuse_fixed(name, option, err);
        if (strchr(option, '.'))
            return refuse_derived(name, option, err);
        if (!put_value(settings, option_find(target->test_options, option), option, value, err))
            return false;
    }
    return true;
}

static bool refuse_stage(const struct override_target *target, const char *name,
                         struct leti_error *err)
{
    const struct draft *draft = target->draft;
    size_t n = 0;
    const char **names = calloc(target->n_stages + draft->n_tests + 1, sizeof *names);
    for (size_t i = 0; names && i < target->n_stages; i++)
        names[n++] = setting_text(&target->stages[i]->host_settings, "name");
    for (size_t i = 0; names && i < draft->n_tests; i++)
        names[n++] = setting_text(&draft->tests[i].settings, "name");
    struct text message = { 0 };
    const char *nearest = names ? nearest_name(name, names, n) : NULL;
    text_printf(&message, "%s: no stage \"%s\"", where, name);
    if (nearest)
        text_printf(&message, "; did you mean \"%s\"?", nearest);
    for (size_t i = 0; !nearest && i < n; i++)
        text_printf(&message, "%s%s", i ? ", " : "; there are ", names[i]);
    leti_error_set(err, "%s", text_string(&message));
    text_free(&message);
    free(names);
    return false;
}

/* "test" means every test; "test.NAME" one, also where a stage has that name.
 * owner and option are parts of one text, which is worked in. */
static bool put_of(const struct override_target *target, const char *owner, char *option,
                   const char *value, struct leti_error *err)
{
    char *dot = strchr(option, '.');
    bool is_test = !strcmp(owner, "test"), is_every = is_test && !dot;
    if (is_test && dot) {
        *dot = '\0';
        owner = option;
        option = dot + 1;
    }
    for (size_t i = 0; !is_test && i < target->n_stages; i++)
        if (!strcmp(owner, setting_text(&target->stages[i]->host_settings, "name")))
            return put_stage(target->stages[i], option, value, err);
    bool found = false;
    if (!put_tests(target, is_every ? NULL : owner, option, value, &found, err))
        return false;
    return found || refuse_stage(target, owner, err);
}

/* Works in `name`, which is the text before the '='. */
static bool apply(const struct override_target *target, char *name, const char *value,
                  struct leti_error *err)
{
    char *dot = strchr(name, '.');
    if (!dot && is_fixed(name))
        return refuse_fixed("pipeline", name, err);
    if (!dot)
        return put_value(&target->draft->settings, option_find(target->pipeline_options, name),
                         name, value, err);
    *dot = '\0';
    return put_of(target, name, dot + 1, value, err);
}

bool override_apply(const struct override_target *target, const char *override,
                    struct leti_error *err)
{
    const char *equals = strchr(override, '=');
    if (!equals || equals == override || strchr(override, '\n'))
        return leti_error_set(err, "%s %s: must have the form stage.option=value or option=value",
                              where, override);
    char *name = strndup(override, (size_t)(equals - override));
    if (!name)
        return leti_error_set(err, "out of memory");
    bool ok = apply(target, name, equals + 1, err);
    free(name);
    return ok;
}

/* ---- in the text ---- */

/* Where the overrides at the end of the text begin. */
static const char *recorded(const char *text)
{
    const char *begin = text + strlen(text);
    for (const char *line = begin; line > text;) {
        const char *end = line - (line[-1] == '\n');
        for (line = end; line > text && line[-1] != '\n';)
            line--;
        if (strncmp(line, mark, strlen(mark)))
            break;
        begin = line;
    }
    return begin;
}

char *override_record(const char *text, const char *const *overrides, size_t n,
                      struct leti_error *err)
{
    struct text out = { 0 };
    size_t size = strlen(text);
    text_append(&out, text, size);
    if (n && size && text[size - 1] != '\n')
        text_add_char(&out, '\n');
    for (size_t i = 0; i < n; i++)
        text_printf(&out, "%s%s\n", mark, overrides[i]);
    return text_take(&out, err);
}

bool override_apply_recorded(const struct override_target *target, const char *text,
                             struct leti_error *err)
{
    for (const char *line = recorded(text); *line;) {
        const char *value = line + strlen(mark);
        size_t size = strcspn(value, "\n");
        char *override = strndup(value, size);
        if (!override)
            return leti_error_set(err, "out of memory");
        bool ok = override_apply(target, override, err);
        free(override);
        if (!ok)
            return false;
        line = value + size + (value[size] == '\n');
    }
    return true;
}
