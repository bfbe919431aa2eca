/* diff - the lines by which two texts differ.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/diff.h"

#include <stdint.h>
#include <stdlib.h>

/* A text as lines, and which of them the other one lacks. */
struct lines {
    struct leti_bytes *items;
    bool *alone;
    size_t n;
};

/* The middle parts of two texts, between what they begin and what they end with alike. After d
 * changes, reach[d * d + k + d] is how far into the first text a path on diagonal k gets: k lines
 * more of the first text are gone than of the second one came, -d <= k <= d. */
struct search {
    const struct leti_bytes *first, *second;
    int32_t n_first, n_second;
    int32_t *reach;
    size_t capacity;
};

/* ---- lines ---- */

static size_t count_lines(struct leti_bytes text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == '\n' || i + 1 == text.size;
    return n;
}

static bool split(struct leti_bytes text, struct lines *out)
{
    size_t n = count_lines(text), at = 0;
    out->items = calloc(n + 1, sizeof *out->items);
    out->alone = calloc(n + 1, sizeof *out->alone);
    if (!out->items || !out->alone)
        return false;
    for (; out->n < n; out->n++) {
        const char *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - text.data) - at : text.size - at;
        out->items[out->n] = (struct leti_bytes){ text.data + at, size };
        at += size + 1;
    }
    return true;
}

static void lines_free(struct lines *lines)
{
    free(lines->items);
    free(lines->alone);
}

static bool same(struct leti_bytes a, struct leti_bytes b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/* ---- the shortest way ---- */

static int32_t *reach_at(const struct search *s, int32_t d, int32_t k)
{
    return &s->reach[(size_t)d * (size_t)d + (size_t)(k + d)];
}

static bool make_room(struct search *s, int32_t d)
{
    size_t wanted = (size_t)(d + 1) * (size_t)(d + 1);
    if (wanted <= s->capacity)
        return true;
    size_t capacity = wanted > 512 ? 2 * wanted : 1024;
    int32_t *grown = realloc(s->reach, capacity * sizeof *grown);
    if (!grown)
        return false;
    s->reach = grown;
    s->capacity = capacity;
    return true;
}

/* Whether the d-th change of the path on diagonal k is a line of the second text that came. */
static bool came(const struct search *s, int32_t d, int32_t k)
{
    return k == -d || (k != d && *reach_at(s, d - 1, k - 1) < *reach_at(s, d - 1, k + 1));
}

/* How far the path gets by its d-th change alone. */
static int32_t after_change(const struct search *s, int32_t d, int32_t k)
{
    if (!d)
        return 0;
    return came(s, d, k) ? *reach_at(s, d - 1, k + 1) : *reach_at(s, d - 1, k - 1) + 1;
}

static int32_t follow(const struct search *s, int32_t x, int32_t k)
{
    while (x < s->n_first && x - k < s->n_second && same(s->first[x], s->second[x - k]))
        x++;
    return x;
}

/* The number of changes in *d, or -1 where there are too many. */
static bool find_way(struct search *s, int32_t *d)
{
    for (*d = 0; *d <= DIFF_MOST_CHANGES; ++*d) {
        if (!make_room(s, *d))
            return false;
        for (int32_t k = -*d; k <= *d; k += 2) {
            int32_t x = follow(s, after_change(s, *d, k), k);
            *reach_at(s, *d, k) = x;
            if (x >= s->n_first && x - k >= s->n_second)
                return true;
        }
    }
    *d = -1;
    return true;
}

/* Goes the way of d changes back from its end, and marks them. */
static void mark_way(const struct search *s, int32_t d, bool *first_alone, bool *second_alone)
{
    int32_t k = s->n_first - s->n_second;
    for (; d > 0; d--) {
        bool second = came(s, d, k);
        int32_t x = after_change(s, d, k);
        if (second)
            second_alone[x - k - 1] = true;
        else
            first_alone[x - 1] = true;
        k += second ? 1 : -1;
    }
}

static bool compare(struct lines *first, struct lines *second)
{
    size_t begin = 0, end_first = first->n, end_second = second->n;
    while (begin < end_first && begin < end_second &&
           same(first->items[begin], second->items[begin]))
        begin++;
    while (end_first > begin && end_second > begin &&
           same(first->items[end_first - 1], second->items[end_second - 1])) {
        end_first--;
        end_second--;
    }
    struct search search = { .first = first->items + begin, .second = second->items + begin };
    int32_t d = -1;
    bool good = true;
    if (end_first - begin <= INT32_MAX / 2 && end_second - begin <= INT32_MAX / 2) {
        search.n_first = (int32_t)(end_first - begin);
        search.n_second = (int32_t)(end_second - begin);
        good = find_way(&search, &d);
    }
    if (good && d >= 0)
        mark_way(&search, d, first->alone + begin, second->alone + begin);
    for (size_t i = begin; d < 0 && i < end_first; i++)
        first->alone[i] = true;
    for (size_t i = begin; d < 0 && i < end_second; i++)
        second->alone[i] = true;
    free(search.reach);
    return good;
}

/* ---- the whole ---- */

static bool merge(const struct lines *first, const struct lines *second, struct diff *out)
{
    struct diff diff = { calloc(first->n + second->n + 1, sizeof *diff.lines), 0, 0 };
    if (!diff.lines)
        return false;
    for (size_t i = 0, j = 0; i < first->n || j < second->n;) {
        enum diff_kind kind = i < first->n && first->alone[i]     ? DIFF_FIRST
                              : j < second->n && second->alone[j] ? DIFF_SECOND
                                                                  : DIFF_BOTH;
        diff.lines[diff.n++] =
            (struct diff_line){ kind, kind == DIFF_SECOND ? second->items[j] : first->items[i] };
        diff.n_changes += kind != DIFF_BOTH;
        i += kind != DIFF_SECOND;
        j += kind != DIFF_FIRST;
    }
    *out = diff;
    return true;
}

bool diff_make(struct leti_bytes first, struct leti_bytes second, struct diff *out,
               struct leti_error *err)
{
    struct lines a = { 0 }, b = { 0 };
    bool good = split(first, &a) && split(second, &b) && compare(&a, &b) && merge(&a, &b, out);
    lines_free(&a);
    lines_free(&b);
    return good || leti_error_set(err, "out of memory for the difference of two texts");
}

void diff_free(struct diff *diff)
{
    free(diff->lines);
    *diff = (struct diff){ 0 };
}

/* ---- hunks ---- */

/* Where the lines around the changes from `change` on end. */
static size_t hunk_end(const struct diff *diff, size_t change, size_t around)
{
    size_t last = change;
    for (size_t i = change; i < diff->n && i - last <= 2 * around + 1; i++)
        if (diff->lines[i].kind != DIFF_BOTH)
            last = i;
    return diff->n - last > around + 1 ? last + around + 1 : diff->n;
}

static void count(const struct diff *diff, size_t from, size_t to, size_t *first, size_t *second)
{
    for (size_t i = from; i < to; i++) {
        *first += diff->lines[i].kind != DIFF_SECOND;
        *second += diff->lines[i].kind != DIFF_FIRST;
    }
}

bool diff_next_hunk(const struct diff *diff, size_t around, struct diff_hunk *hunk)
{
    size_t change = hunk->end;
    while (change < diff->n && diff->lines[change].kind == DIFF_BOTH)
        change++;
    if (change == diff->n)
        return false;
    struct diff_hunk next = { .at_first = hunk->at_first + hunk->in_first,
                              .at_second = hunk->at_second + hunk->in_second };
    next.begin = change - hunk->end > around ? change - around : hunk->end;
    next.end = hunk_end(diff, change, around);
    count(diff, hunk->end, next.begin, &next.at_first, &next.at_second);
    count(diff, next.begin, next.end, &next.in_first, &next.in_second);
    *hunk = next;
    return true;
}
