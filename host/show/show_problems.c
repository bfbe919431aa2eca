/* show_problems - how many samples of each problem passed, iteration by iteration.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/plain.h"
#include "result/result.h"
#include "show/show_rows.h"

enum { MOST_COLUMNS = 10, NAME_WIDTH = 20, CELL_SIZE = 24 };

/* A phase: a row a problem, a column an iteration. */
struct table {
    const char *name; /* of a test; NULL: training */
    uint32_t phase;
    size_t n_problems, n_iterations;
    uint32_t *iterations;  /* [n_iterations] */
    struct tally *tallies; /* [n_iterations][n_problems] */
};

static void table_free(struct table *table)
{
    free(table->iterations);
    free(table->tallies);
}

/* ---- reading ---- */

static bool add_iteration(struct table *table, uint32_t iteration, struct leti_error *err)
{
    size_t n = table->n_iterations + 1;
    uint32_t *iterations = reallocarray(table->iterations, n, sizeof *iterations);
    if (!iterations)
        return leti_error_set(err, "out of memory for %zu iterations", n);
    table->iterations = iterations;
    iterations[table->n_iterations++] = iteration;
    return true;
}

static bool read_iterations(struct store *store, const struct show_config *config,
                            struct table *table, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(store,
                      "SELECT DISTINCT iteration FROM sample WHERE phase = ?1"
                      " AND (?2 < 0 OR iteration = ?2) ORDER BY iteration",
                      &rows, err))
        return false;
    if (store_bind_number(rows, 1, table->phase, err) &&
        store_bind_number(rows, 2, config->iteration, err))
        while ((status = store_next(rows, err)) == LETI_OK)
            if (!add_iteration(table, (uint32_t)store_number(rows, 0), err)) {
                status = LETI_ERROR;
                break;
            }
    store_rows_close(rows);
    return status == LETI_DONE;
}

static bool read_table(struct store *store, const struct show_config *config, struct table *table,
                       struct leti_error *err)
{
    if (!read_iterations(store, config, table, err))
        return false;
    table->tallies =
        calloc(table->n_iterations + 1, (table->n_problems + 1) * sizeof *table->tallies);
    if (!table->tallies)
        return leti_error_set(err, "out of memory for %zu problems", table->n_problems);
    for (size_t i = 0; i < table->n_iterations; i++)
        if (!tallies_of(store, table->phase, table->iterations[i], table->n_problems,
                        table->tallies + i * table->n_problems, err))
            return false;
    return true;
}

/* ---- for a terminal ---- */

/* So many columns as a line has room for, the first and the last iteration among them. */
static size_t n_columns(const struct table *table)
{
    return table->n_iterations < MOST_COLUMNS ? table->n_iterations : MOST_COLUMNS;
}

static size_t iteration_of(const struct table *table, size_t column)
{
    size_t n = n_columns(table);
    return n > 1 ? column * (table->n_iterations - 1) / (n - 1) : 0;
}

static void add_head(const struct screen *screen, struct text *out, const struct table *table)
{
    struct text name = { 0 };
    plain_line(&name, table->name ? table->name : "training");
    screen_paint(screen, out, PAINT_BOLD);
    text_printf(out, "%-*s", NAME_WIDTH, text_string(&name));
    for (size_t i = 0; i < n_columns(table); i++)
        text_printf(out, " %8" PRIu32, table->iterations[iteration_of(table, i)]);
    screen_paint(screen, out, PAINT_NONE);
    text_add_char(out, '\n');
    text_free(&name);
}

static void add_cell(const struct screen *screen, struct text *out, struct tally tally)
{
    char cell[CELL_SIZE];
    bool clear = tally.n && (!tally.c || tally.c == tally.n);
    snprintf(cell, sizeof cell, "%" PRIu32 "/%" PRIu32, tally.c, tally.n);
    if (clear)
        screen_paint(screen, out, tally.c ? PAINT_GREEN : PAINT_RED);
    text_printf(out, " %8s", tally.n ? cell : "-");
    if (clear)
        screen_paint(screen, out, PAINT_NONE);
}

static void add_row(const struct screen *screen, struct text *out, const struct table *table,
                    size_t problem, const char *id)
{
    struct text name = { 0 };
    plain_line(&name, id);
    text_printf(out, "%-*s", NAME_WIDTH, text_string(&name));
    for (size_t i = 0; i < n_columns(table); i++)
        add_cell(screen, out, table->tallies[iteration_of(table, i) * table->n_problems + problem]);
    text_add_char(out, '\n');
    text_free(&name);
}

/* ---- for programs ---- */

static void add_json(struct text *out, const struct table *table, size_t problem, const char *id)
{
    text_add(out, "{\"test\": ");
    json_text_string(out, table->name);
    text_add(out, ", \"problem\": ");
    json_text_string(out, id);
    text_add(out, ", \"iterations\": [");
    for (size_t i = 0; i < table->n_iterations; i++) {
        struct tally tally = table->tallies[i * table->n_problems + problem];
        text_printf(
            out, "%s{\"iteration\": %" PRIu32 ", \"judged\": %" PRIu32 ", \"passed\": %" PRIu32 "}",
            i ? ", " : "", table->iterations[i], tally.n, tally.c);
    }
    text_add(out, "]}\n");
}

/* ---- the whole ---- */

static bool print_rows(struct store *store, const struct show_config *config,
                       const struct table *table, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    struct text out = { 0 };
    enum leti_status status = LETI_ERROR;
    if (!store_select(store, "SELECT problem, id FROM problem WHERE phase = ? ORDER BY problem",
                      &rows, err))
        return false;
    if (!config->json)
        add_head(config->screen, &out, table);
    if (store_bind_number(rows, 1, table->phase, err))
        while ((status = store_next(rows, err)) == LETI_OK) {
            size_t problem = (size_t)store_number(rows, 0);
            if (problem >= table->n_problems)
                continue;
            if (config->json)
                add_json(&out, table, problem, store_text(rows, 1));
            else
                add_row(config->screen, &out, table, problem, store_text(rows, 1));
        }
    store_rows_close(rows);
    bool good = status == LETI_DONE && show_print(config->screen, &out, err);
    text_free(&out);
    return good;
}

static bool print_table(struct store *store, const struct show_config *config, struct table *table,
                        bool *any, struct leti_error *err)
{
    bool good = read_table(store, config, table, err);
    if (good && table->n_iterations) {
        *any = true;
        good = print_rows(store, config, table, err);
    }
    table_free(table);
    return good;
}

static bool print_tables(struct store *store, const struct show_config *config, bool *any,
                         struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(store,
                      "SELECT phase, name, (SELECT count(*) FROM problem WHERE problem.phase ="
                      " found.phase) FROM phase AS found WHERE ?1 = '' OR (name = ?1 AND phase > 0)"
                      " ORDER BY phase",
                      &rows, err))
        return false;
    if (store_bind_text(rows, 1, config->test ? config->test : "", err))
        while ((status = store_next(rows, err)) == LETI_OK) {
            uint32_t phase = (uint32_t)store_number(rows, 0);
            struct table table = { .name = phase ? store_text(rows, 1) : NULL,
                                   .phase = phase,
                                   .n_problems = (size_t)store_number(rows, 2) };
            if (!print_table(store, config, &table, any, err)) {
                status = LETI_ERROR;
                break;
            }
        }
    store_rows_close(rows);
    return status == LETI_DONE;
}

bool show_problems(const struct show_config *config, struct leti_error *err)
{
    struct store *store = NULL;
    bool any = false;
    int64_t phase;
    bool shown = store_open_read(config->folder, &store, err) &&
                 show_phase(store, config, &phase, err) && print_tables(store, config, &any, err);
    store_close(store);
    return shown && (any || leti_error_set(err, "%s: no sample fits", config->folder));
}
