/* words - a list of texts that are made one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/words.h"

#include <stdlib.h>

bool words_add(struct words *words, struct leti_error *err, const char *format, ...)
{
    va_list args;
    char *word = NULL;
    char **items = reallocarray(words->items, words->n + 1, sizeof *items);
    if (items)
        words->items = items;
    va_start(args, format);
    int size = vasprintf(&word, format, args);
    va_end(args);
    if (!items || size < 0) {
        if (size >= 0)
            free(word);
        return leti_error_set(err, "out of memory");
    }
    items[words->n++] = word;
    return true;
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct words){ 0 };
}
