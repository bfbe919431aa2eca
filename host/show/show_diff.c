/* show_diff - by which lines the programs of two samples differ.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/diff.h"
#include "base/json_text.h"
#include "base/plain.h"
#include "result/names.h"
#include "show/show_rows.h"

enum { LINES_AROUND = 3 };

static void add_change(const struct screen *screen, struct text *out, const struct diff_line *line)
{
    static const struct {
        char sign;
        enum paint paint;
    } looks[] = {
        [DIFF_BOTH] = { ' ', PAINT_NONE },
        [DIFF_FIRST] = { '-', PAINT_RED },
        [DIFF_SECOND] = { '+', PAINT_GREEN },
    };
    if (line->kind != DIFF_BOTH)
        screen_paint(screen, out, looks[line->kind].paint);
    text_add_char(out, looks[line->kind].sign);
    plain_text(out, line->text);
    if (line->kind != DIFF_BOTH)
        screen_paint(screen, out, PAINT_NONE);
    text_add_char(out, '\n');
}

/* "12,7": the lines of one text in a hunk; the number is of the line before where there are none.
 */
static void add_range(struct text *out, size_t before, size_t n)
{
    text_printf(out, "%zu,%zu", n ? before + 1 : before, n);
}

static void add_hunks(const struct screen *screen, struct text *out, const struct diff *diff)
{
    struct diff_hunk hunk = { 0 };
    while (diff_next_hunk(diff, LINES_AROUND, &hunk)) {
        screen_paint(screen, out, PAINT_CYAN);
        text_add(out, "@@ -");
        add_range(out, hunk.at_first, hunk.in_first);
        text_add(out, " +");
        add_range(out, hunk.at_second, hunk.in_second);
        text_add(out, " @@");
        screen_paint(screen, out, PAINT_NONE);
        text_add_char(out, '\n');
        for (size_t i = hunk.begin; i < hunk.end; i++)
            add_change(screen, out, &diff->lines[i]);
    }
}

static void add_side(struct text *out, const char *name, const struct store_rows *row)
{
    int64_t worst = store_number(row, SHOW_WORST);
    text_printf(out,
                "\"%s\": {\"iteration\": %" PRId64 ", \"sample\": %" PRId64 ", \"outcome\": ", name,
                store_number(row, SHOW_ITERATION), store_number(row, SHOW_SAMPLE));
    json_text_string(out, worst == SHOW_UNJUDGED ? NULL : outcome_name(worst));
    text_add(out, "}, ");
}

static void add_diff_json(const struct screen *screen, struct text *out, struct store_rows *first,
                          struct store_rows *second, const struct diff *diff)
{
    struct text hunks = { 0 };
    add_hunks(screen, &hunks, diff);
    text_add(out, "{\"problem\": ");
    json_text_string(out, store_text(first, SHOW_ID));
    text_add(out, ", ");
    add_side(out, "first", first);
    add_side(out, "second", second);
    text_add(out, "\"diff\": ");
    json_text(out, text_string(&hunks), hunks.size);
    text_add(out, "}\n");
    out->refused = out->refused || hunks.refused;
    text_free(&hunks);
}

static void add_diff(const struct screen *screen, struct text *out, struct store_rows *first,
                     struct store_rows *second, const struct diff *diff)
{
    show_problem_of(screen, out, first);
    text_add(out, "--- ");
    show_headline(screen, out, first);
    text_add(out, "\n+++ ");
    show_headline(screen, out, second);
    text_add_char(out, '\n');
    if (!diff->n_changes)
        text_add(out, "the programs are the same\n");
    add_hunks(screen, out, diff);
}

static bool print_diff(struct store_rows *first, struct store_rows *second,
                       const struct show_config *config, struct leti_error *err)
{
    struct text out = { 0 };
    struct diff diff = { 0 };
    if (!diff_make(show_program(first), show_program(second), &diff, err))
        return false;
    (config->json ? add_diff_json : add_diff)(config->screen, &out, first, second, &diff);
    diff_free(&diff);
    return show_print(config->screen, &out, err);
}

bool show_diff(const struct show_config *config, const struct show_place *first,
               const struct show_place *second, struct leti_error *err)
{
    struct store *store = NULL;
    struct store_rows *one = NULL, *other = NULL;
    int64_t phase = 0;
    bool shown =
        store_open_read(config->folder, &store, err) && show_phase(store, config, &phase, err) &&
        show_find(store, config, phase, first, &one, err) &&
        show_find(store, config, phase, second, &other, err) && print_diff(one, other, config, err);
    store_rows_close(one);
    store_rows_close(other);
    store_close(store);
    return shown;
}
