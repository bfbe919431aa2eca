/* group - which runs are the same but for their seed, and what the others differ in.
 *
 * Everything that a run's results depend on is pinned in its manifest, line by line: so runs are
 * the same where those lines are, and what tells two groups apart is the lines that they do not
 * share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/group.h"

enum { SHORT = 14, MOST_DIFFERENCES = 3 };

/* ---- pinned lines ---- */

static bool is_pinned(const char *key)
{
    static const char *const prefixes[] = { "setting of ", "model of ", "plugin of ", "data of " };
    if (!strcmp(key, "name"))
        return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

static bool is_seed(const char *line)
{
    return !strncmp(line, "seed = ", strlen("seed = "));
}

struct line {
    const char *key; /* of the manifest */
    const char *text;
    int size;
};

/* What is done with each pinned line; false ends it. */
typedef bool each_line(void *context, const struct line *);

static bool for_lines(const struct run_data *run, each_line *each, void *context)
{
    for (size_t i = 0; i < run->n_manifest; i++) {
        const char *at = run->manifest[i].value;
        if (!is_pinned(run->manifest[i].key))
            continue;
        for (; *at; at += strcspn(at, "\n"), at += *at == '\n') {
            struct line line = { run->manifest[i].key, at, (int)strcspn(at, "\n") };
            if (!is_seed(at) && !each(context, &line))
                return false;
        }
    }
    return true;
}

struct search {
    const struct line *wanted;
    bool found;
};

static bool is_it(void *context, const struct line *line)
{
    struct search *search = context;
    const struct line *wanted = search->wanted;
    search->found = !strcmp(line->key, wanted->key) && line->size == wanted->size &&
                    !memcmp(line->text, wanted->text, (size_t)line->size);
    return !search->found;
}

static bool has_line(const struct run_data *run, const struct line *line)
{
    struct search search = { .wanted = line };
    for_lines(run, is_it, &search);
    return search.found;
}

static bool other_has_it(void *context, const struct line *line)
{
    return has_line(context, line);
}

static bool are_same(struct run_data *a, struct run_data *b)
{
    return for_lines(a, other_has_it, b) && for_lines(b, other_has_it, a);
}

/* ---- names ---- */

struct naming {
    const struct report *report;
    const struct group *group;
    struct text *out;
    int n;
};

static const struct run_data *first_run(const struct report *report, const struct group *group)
{
    return &report->runs[group->runs[0]];
}

/* The i-th group's first run; NULL where it is of another pipeline, whose name tells it apart. */
static const struct run_data *sibling(const struct naming *naming, size_t i)
{
    const struct run_data *run = first_run(naming->report, &naming->report->groups[i]);
    const char *pipeline = first_run(naming->report, naming->group)->pipeline;
    return strcmp(run->pipeline, pipeline) ? NULL : run;
}

static bool is_shared(const struct naming *naming, const struct line *line)
{
    for (size_t i = 0; i < naming->report->n_groups; i++)
        if (sibling(naming, i) && !has_line(sibling(naming, i), line))
            return false;
    return true;
}

struct namesakes {
    const struct naming *naming;
    const struct line *line;
};

/* False for a difference in an option of this name that another stage has. */
static bool is_no_namesake(void *context, const struct line *other)
{
    const struct namesakes *search = context;
    const struct line *line = search->line;
    size_t size = strcspn(line->text, "=\n") + 1;
    return !strcmp(line->key, other->key) || (size_t)other->size < size ||
           strncmp(line->text, other->text, size) != 0 || is_shared(search->naming, other);
}

/* Whether the option's name alone says what is meant. */
static bool is_clear(const struct naming *naming, const struct line *line)
{
    struct namesakes search = { naming, line };
    for (size_t i = 0; i < naming->report->n_groups; i++)
        if (sibling(naming, i) && !for_lines(sibling(naming, i), is_no_namesake, &search))
            return false;
    return true;
}

static void add_difference(struct naming *naming, const struct line *line)
{
    static const char of_stage[] = "setting of ";
    const char *stage = line->key;
    struct text *out = naming->out;
    if (naming->n++)
        text_add(out, ", ");
    if (!strncmp(line->key, "model of ", strlen("model of "))) {
        text_printf(out, "model %s", first_run(naming->report, naming->group)->model);
        return;
    }
    if (strncmp(stage, of_stage, sizeof of_stage - 1) != 0) {
        text_printf(out, "%s %.*s", stage, line->size < 24 ? line->size : 12, line->text);
        return;
    }
    stage += sizeof of_stage - 1;
    if (!strncmp(stage, "test ", 5))
        stage += 5;
    if (strcmp(stage, "the pipeline") != 0 && !is_clear(naming, line))
        text_printf(out, "%s.", stage);
    for (int i = 0; i < line->size && i < 48; i++)
        if (line->text[i] != '"')
            text_add_char(out, line->text[i]);
}

/* Adds the line where some other group of the pipeline does not have it. */
static bool name_line(void *context, const struct line *line)
{
    struct naming *naming = context;
    if (!is_shared(naming, line) && strcmp(line->key, "name") != 0)
        add_difference(naming, line);
    return naming->n < MOST_DIFFERENCES;
}

static size_t groups_of_pipeline(const struct report *report, const char *pipeline)
{
    size_t n = 0;
    for (size_t i = 0; i < report->n_groups; i++)
        n += !strcmp(first_run(report, &report->groups[i])->pipeline, pipeline);
    return n;
}

/* The pipeline's name where it says which group is meant, else what is particular to the group. */
static void write_label(const struct report *report, const struct group *group, struct text *out)
{
    const char *pipeline = first_run(report, group)->pipeline;
    size_t n = groups_of_pipeline(report, pipeline);
    struct text differences = { 0 };
    struct naming naming = { report, group, &differences, 0 };
    if (n > 1)
        for_lines(first_run(report, group), name_line, &naming);
    if (!naming.n || n < report->n_groups)
        text_add(out, pipeline);
    if (naming.n)
        text_printf(out, "%s%s", out->size ? ": " : "", text_string(&differences));
    text_free(&differences);
}

static bool mark_groups(struct report *report, struct leti_error *err)
{
    bool all_short = true;
    char letter[2] = "A";
    for (size_t i = 0; i < report->n_groups; i++)
        all_short &= strlen(report->groups[i].label) <= SHORT;
    for (size_t i = 0; i < report->n_groups; i++) {
        struct group *group = &report->groups[i];
        letter[0] = (char)('A' + i % 26);
        group->mark = all_short ? group->label : keep_string(&report->memory, letter, err);
        if (!group->mark)
            return false;
    }
    return true;
}

static bool name_groups(struct report *report, struct leti_error *err)
{
    struct text label = { 0 };
    bool good = true;
    for (size_t i = 0; good && i < report->n_groups; i++) {
        text_clear(&label);
        write_label(report, &report->groups[i], &label);
        report->groups[i].label = keep_string(&report->memory, text_string(&label), err);
        good = report->groups[i].label;
    }
    text_free(&label);
    return good && mark_groups(report, err);
}

/* ---- groups ---- */

static struct group *group_of(struct report *report, size_t run)
{
    for (size_t i = 0; i < report->n_groups; i++)
        if (are_same(&report->runs[report->groups[i].runs[0]], &report->runs[run]))
            return &report->groups[i];
    return NULL;
}

static bool has_seed(const struct report *report, const struct group *group, const char *seed)
{
    for (size_t i = 0; i < group->n_seeds; i++)
        if (!strcmp(report->runs[group->runs[i]].seed, seed))
            return true;
    return false;
}

static bool add_run(struct report *report, struct group *group, size_t run, struct leti_error *err)
{
    size_t *place = LIST_ADD(&report->memory, &group->runs, &group->n_runs, err);
    if (place)
        *place = run;
    return place;
}

/* Of each seed the first run. */
static bool add_seeds(struct report *report, struct leti_error *err)
{
    for (size_t i = 0; i < report->n_runs; i++) {
        struct group *group = group_of(report, i);
        report->runs[i].repeats = group && has_seed(report, group, report->runs[i].seed);
        if (report->runs[i].repeats)
            continue;
        if (!group)
            group = LIST_ADD(&report->memory, &report->groups, &report->n_groups, err);
        if (!group || !add_run(report, group, i, err))
            return false;
        group->n_seeds++;
    }
    return true;
}

static bool add_repeats(struct report *report, struct leti_error *err)
{
    for (size_t i = 0; i < report->n_runs; i++)
        if (report->runs[i].repeats && !add_run(report, group_of(report, i), i, err))
            return false;
    return true;
}

bool group_runs(struct report *report, struct leti_error *err)
{
    return add_seeds(report, err) && add_repeats(report, err) && name_groups(report, err);
}
