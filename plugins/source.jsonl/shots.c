/* shots - solved problems that stand before a prompt as examples.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "shots.h"

#include <stdlib.h>

#include "texts.h"

static bool add(struct shots *shots, const struct leti_host *host,
                const struct leti_problem *problem, struct leti_error *err)
{
    static const struct leti_bytes none = { "", 0 }, blank_line = { "\n\n", 2 };
    struct leti_bytes example =
        text_strip(text_join(host, problem->prompt, problem->reference, none));
    example = text_join(host, none, example, blank_line);
    char *text = realloc(shots->text, shots->size + example.size + 1);
    if (!text)
        return leti_error_set(err, "out of memory for %zu examples", shots->n + 1);
    memcpy(text + shots->size, example.data, example.size + 1);
    shots->text = text;
    shots->size += example.size;
    return true;
}

static bool read_all(struct reader *reader, const char *ids, size_t wanted, struct shots *shots,
                     struct leti_error *err)
{
    struct leti_problem problem;
    bool end;
    while (shots->n < wanted) {
        if (!reader_next(reader, ids, &problem, &shots->numbers[shots->n], &end, err))
            return false;
        if (end)
            return leti_error_set(err,
                                  "%s: %zu shots are wanted, and shots_ids \"%s\" chooses %zu "
                                  "problems with a solution",
                                  reader->file, wanted, ids, shots->n);
        if (!problem.reference.size)
            continue;
        if (!add(shots, reader->host, &problem, err))
            return false;
        shots->n++;
    }
    return true;
}

bool shots_read(struct reader *reader, const char *ids, size_t wanted, struct shots *out,
                struct leti_error *err)
{
    struct shots shots = { 0 };
    if (!reader_open(reader, err))
        return false;
    bool good = read_all(reader, ids, wanted, &shots, err);
    reader_close(reader);
    if (good)
        *out = shots;
    else
        shots_free(&shots);
    return good;
}

void shots_free(struct shots *shots)
{
    free(shots->text);
    *shots = (struct shots){ 0 };
}

bool shots_hold(const struct shots *shots, unsigned long long number)
{
    for (size_t i = 0; i < shots->n; i++)
        if (shots->numbers[i] == number)
            return true;
    return false;
}
