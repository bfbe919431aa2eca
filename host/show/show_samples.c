/* show_samples - samples with what was said of them: many, or one whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "show/show_rows.h"
#include "store/packed.h"

static void heading(const struct screen *screen, struct text *out, const char *what)
{
    screen_paint(screen, out, PAINT_CYAN);
    text_add(out, what);
    screen_paint(screen, out, PAINT_NONE);
    text_add_char(out, '\n');
}

static void add_sample(const struct screen *screen, struct text *out, struct store_rows *row)
{
    text_add(out, "-- ");
    show_headline(screen, out, row);
    text_add_char(out, '\n');
    show_lines(out, show_program(row));
}

/* ---- many ---- */

/* The sample of the row before, to see where another begins. */
struct before {
    struct text id;
    int64_t iteration, sample;
    bool any;
};

static bool is_other(const struct before *before, const struct store_rows *row)
{
    return !before->any || strcmp(text_string(&before->id), store_text(row, SHOW_ID)) != 0 ||
           before->iteration != store_number(row, SHOW_ITERATION) ||
           before->sample != store_number(row, SHOW_SAMPLE);
}

static void keep(struct before *before, const struct store_rows *row)
{
    text_clear(&before->id);
    text_add(&before->id, store_text(row, SHOW_ID));
    before->iteration = store_number(row, SHOW_ITERATION);
    before->sample = store_number(row, SHOW_SAMPLE);
    before->any = true;
}

static void add_text(const struct screen *screen, struct text *out, struct store_rows *row,
                     const struct before *before)
{
    if (is_other(before, row)) {
        size_t cut_off = show_cut_off(row).size;
        if (!before->any || strcmp(text_string(&before->id), store_text(row, SHOW_ID)) != 0)
            show_problem_of(screen, out, row);
        add_sample(screen, out, row);
        if (cut_off)
            text_printf(out, "(and %zu bytes that were cut off)\n", cut_off);
    }
    show_verdict(screen, out, row, false);
}

static bool print_samples(struct store_rows *rows, const struct show_config *config,
                          struct leti_error *err)
{
    struct text out = { 0 };
    struct before before = { 0 };
    enum leti_status status;
    int64_t n = 0;
    while ((status = store_next(rows, err)) == LETI_OK) {
        n += is_other(&before, rows);
        if (n > config->limit)
            break;
        if (config->json) {
            show_row_json(&out, rows);
            text_add(&out, "}\n");
        } else {
            add_text(config->screen, &out, rows, &before);
        }
        keep(&before, rows);
        if (!show_print(config->screen, &out, err)) {
            status = LETI_ERROR;
            break;
        }
    }
    text_free(&out);
    text_free(&before.id);
    if (!n && status == LETI_DONE)
        return leti_error_set(err, "%s: no sample fits", config->folder);
    return status != LETI_ERROR;
}

bool show_samples(const struct show_config *config, struct leti_error *err)
{
    struct store *store = NULL;
    struct store_rows *rows = NULL;
    int64_t phase = 0;
    bool shown =
        store_open_read(config->folder, &store, err) && show_phase(store, config, &phase, err) &&
        show_select(store, config, phase, NULL, &rows, err) && print_samples(rows, config, err);
    store_rows_close(rows);
    store_close(store);
    return shown;
}

/* ---- one ---- */

/* All spans of what was trained on, one behind the other. */
static bool training_text(const struct store_rows *row, const char *folder, struct text *out,
                          struct leti_error *err)
{
    struct leti_span *spans = NULL;
    size_t n = 0;
    if (store_is_null(row, SHOW_EXAMPLE))
        return true;
    if (!packed_spans(store_bytes(row, SHOW_EXAMPLE), &spans, &n, err))
        return leti_error_set(err, "%s: %s", folder, err->text);
    for (size_t i = 0; i < n; i++)
        text_append(out, spans[i].text.data, spans[i].text.size);
    free(spans);
    return true;
}

static void add_part(const struct screen *screen, struct text *out, const char *name,
                     struct leti_bytes bytes)
{
    if (!bytes.size)
        return;
    if (bytes.data[0] == '\n')
        bytes = (struct leti_bytes){ bytes.data + 1, bytes.size - 1 };
    heading(screen, out, name);
    show_lines(out, bytes);
}

static enum leti_status print_whole(struct store_rows *row, const struct show_config *config,
                                    const struct text *trained, struct leti_error *err)
{
    struct text out = { 0 };
    enum leti_status status;
    show_problem_of(config->screen, &out, row);
    add_part(config->screen, &out, "-- tests", store_bytes(row, SHOW_TESTS));
    add_sample(config->screen, &out, row);
    add_part(config->screen, &out, "-- cut off", show_cut_off(row));
    do
        show_verdict(config->screen, &out, row, true);
    while ((status = store_next(row, err)) == LETI_OK);
    add_part(config->screen, &out, "-- trained on",
             (struct leti_bytes){ text_string(trained), trained->size });
    if (status == LETI_DONE && !show_print(config->screen, &out, err))
        status = LETI_ERROR;
    text_free(&out);
    return status;
}

static enum leti_status print_whole_json(struct store_rows *row, const struct show_config *config,
                                         const struct text *trained, struct leti_error *err)
{
    struct text out = { 0 };
    enum leti_status status;
    do {
        struct leti_bytes prompt = store_bytes(row, SHOW_PROMPT);
        struct leti_bytes tests = store_bytes(row, SHOW_TESTS);
        show_row_json(&out, row);
        text_add(&out, ", \"prompt\": ");
        json_text(&out, prompt.data, prompt.size);
        text_add(&out, ", \"tests\": ");
        json_text(&out, tests.data, tests.size);
        text_add(&out, ", \"trained_on\": ");
        if (trained->size)
            json_text(&out, text_string(trained), trained->size);
        else
            text_add(&out, "null");
        text_add(&out, "}\n");
    } while ((status = store_next(row, err)) == LETI_OK);
    if (status == LETI_DONE && !show_print(config->screen, &out, err))
        status = LETI_ERROR;
    text_free(&out);
    return status;
}

static bool print_sample(struct store_rows *row, const struct show_config *config,
                         struct leti_error *err)
{
    struct text trained = { 0 };
    bool good =
        training_text(row, config->folder, &trained, err) &&
        (config->json ? print_whole_json : print_whole)(row, config, &trained, err) == LETI_DONE;
    text_free(&trained);
    return good;
}

bool show_sample(const struct show_config *config, const struct show_place *place,
                 struct leti_error *err)
{
    struct store *store = NULL;
    struct store_rows *row = NULL;
    int64_t phase = 0;
    bool shown =
        store_open_read(config->folder, &store, err) && show_phase(store, config, &phase, err) &&
        show_find(store, config, phase, place, &row, err) && print_sample(row, config, err);
    store_rows_close(row);
    store_close(store);
    return shown;
}
