/* show - a run's iterations and tests, with what came of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>

#include "base/json_text.h"
#include "base/plain.h"
#include "result/result.h"
#include "show/show_rows.h"

/* One part that sampled, (phase, iteration), as the results are listed. */
struct listed {
    uint32_t phase, iteration, n_samples;
    size_t n_problems;
    const char *name; /* of the phase */
};

static void add_reason(struct text *out, const char *why, double share)
{
    text_add(out, "   ");
    plain_line(out, why);
    text_printf(out, " %.0f %%", 100.0 * share);
}

/* "NameError 12 %   ...", the five most frequent failures. */
static bool add_reasons(struct store *store, const struct listed *part, uint64_t sampled,
                        struct text *out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(store,
                      "SELECT CASE WHEN exception = '' THEN reason ELSE exception END AS why,"
                      " count(*) AS n FROM verdict WHERE phase = ? AND iteration = ? AND"
                      " outcome > 0 GROUP BY why ORDER BY n DESC, why LIMIT 5",
                      &rows, err))
        return false;
    if (store_bind_number(rows, 1, part->phase, err) &&
        store_bind_number(rows, 2, part->iteration, err))
        while ((status = store_next(rows, err)) == LETI_OK)
            add_reason(out, store_text(rows, 0),
                       (double)store_number(rows, 1) / (double)(sampled ? sampled : 1));
    store_rows_close(rows);
    return status == LETI_DONE;
}

static bool text_of_part(struct store *store, const struct listed *part, struct text *out,
                         struct leti_error *err)
{
    struct result result;
    struct counts counts = { 0 };
    if (!result_of(store, part->phase, part->iteration, part->n_problems, part->n_samples, &result,
                   err) ||
        !counts_of(store, part->phase, part->iteration, &counts, err))
        return false;
    text_printf(out, "%-12s %3u   %6" PRIu64 " samples   pass@1 %5.1f %% [%.1f, %.1f]",
                part->phase ? part->name : "training", part->iteration, counts.sampled,
                100 * result.pass[0], 100 * result.interval.low, 100 * result.interval.high);
    result_counted(&result, 0, out);
    if (!add_reasons(store, part, counts.sampled, out, err))
        return false;
    text_add_char(out, '\n');
    return true;
}

static bool json_of_part(struct store *store, const struct listed *part, struct text *out,
                         struct leti_error *err)
{
    struct result result;
    struct counts counts = { 0 };
    if (!result_of(store, part->phase, part->iteration, part->n_problems, part->n_samples, &result,
                   err) ||
        !counts_of(store, part->phase, part->iteration, &counts, err))
        return false;
    text_add(out, part->phase ? "{\"test\": " : "{\"training\": ");
    json_text_string(out, part->name);
    text_printf(out,
                ", \"iteration\": %u, \"sampled\": %" PRIu64 ", \"passed\": %" PRIu64
                ", \"reused\": %" PRIu64 ", \"result\": ",
                part->iteration, counts.sampled, counts.passed, counts.reused);
    result_json(&result, out);
    text_add(out, ", \"reasons\": ");
    bool good = reasons_json(store, part->phase, part->iteration, out, err);
    text_add(out, "}\n");
    return good;
}

static bool print_parts(struct store *store, const struct show_config *config,
                        struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(store,
                      "SELECT phase, iteration, name, samples,"
                      " (SELECT count(*) FROM problem WHERE problem.phase = found.phase)"
                      " FROM (SELECT DISTINCT phase, iteration FROM sample) AS found"
                      " JOIN phase USING (phase) ORDER BY iteration, phase <> 0, phase",
                      &rows, err))
        return false;
    struct text out = { 0 };
    while ((status = store_next(rows, err)) == LETI_OK) {
        struct listed part = { .phase = (uint32_t)store_number(rows, 0),
                               .iteration = (uint32_t)store_number(rows, 1),
                               .name = store_text(rows, 2),
                               .n_samples = (uint32_t)store_number(rows, 3),
                               .n_problems = (size_t)store_number(rows, 4) };
        if (!(config->json ? json_of_part : text_of_part)(store, &part, &out, err)) {
            status = LETI_ERROR;
            break;
        }
    }
    store_rows_close(rows);
    bool good = status == LETI_DONE && show_print(config->screen, &out, err);
    text_free(&out);
    return good;
}

bool show_run(const struct show_config *config, struct leti_error *err)
{
    struct store *store = NULL;
    if (!store_open_read(config->folder, &store, err))
        return false;
    bool shown = print_parts(store, config, err);
    store_close(store);
    return shown;
}
