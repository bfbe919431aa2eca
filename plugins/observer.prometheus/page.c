/* page - the numbers of a run, as Prometheus reads them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct family {
    const char *name, *type, *help;
} families[PAGE_METRICS] = {
    [PAGE_RUN_INFO] = { "leti_run_info", "gauge", "Which run this is." },
    [PAGE_RUNNING] = { "leti_running", "gauge", "1 until the run has ended." },
    [PAGE_ITERATION] = { "leti_iteration", "gauge", "Iteration at work; 0 before any training." },
    [PAGE_ITERATIONS] = { "leti_iterations", "gauge", "Iterations that the run shall have." },
    [PAGE_STEPS] = { "leti_gradient_steps", "gauge", "Gradient steps of the run so far." },
    [PAGE_SAMPLES] = { "leti_samples_total", "counter", "Samples that were judged." },
    [PAGE_REUSED] = { "leti_verdicts_reused_total", "counter",
                      "Samples that an identical program's verdict was reused for." },
    [PAGE_TOKENS] = { "leti_tokens_total", "counter", "Tokens of the samples that were judged." },
    [PAGE_JUDGING_SECONDS] = { "leti_program_seconds_total", "counter",
                               "Time that the samples' programs took." },
    [PAGE_RETRIES] = { "leti_retries_total", "counter", "Verdicts that had to be tried again." },
    [PAGE_LOST] = { "leti_lost_total", "counter", "Samples that could not be had." },
    [PAGE_LOSS] = { "leti_loss", "gauge", "The trainer's metric loss." },
    [PAGE_METRIC] = { "leti_metric", "gauge", "What the trainer told last, by name." },
    [PAGE_PASS_AT_1] = { "leti_pass_at_1", "gauge", "pass@1 of a test, 0 to 1." },
    [PAGE_PASS_AT_1_LOW] = { "leti_pass_at_1_low", "gauge", "Lower end of its 95 % interval." },
    [PAGE_PASS_AT_1_HIGH] = { "leti_pass_at_1_high", "gauge", "Upper end of its 95 % interval." },
    [PAGE_SOLVE_RATE] = { "leti_solve_rate", "gauge",
                          "Share of a test's problems with a sample that passed." },
    [PAGE_PART_SECONDS] = { "leti_part_seconds", "gauge",
                            "Time that a part of an iteration took last." },
    [PAGE_MISSED] = { "leti_events_missed_total", "counter",
                      "Events that are not in these numbers, since they came too fast." },
    [PAGE_LEFT_OUT] = { "leti_values_left_out_total", "counter",
                        "Values that are not in these numbers, since their gauge has too many sets "
                        "of labels." },
};

struct series {
    char labels[PAGE_LABEL_SIZE]; /* {a="b",c="d"}; "" for none */
    double value;
};

struct page {
    pthread_mutex_t lock;
    struct {
        struct series *items; /* room for PAGE_LABELS and one more */
        size_t n;
    } metrics[PAGE_METRICS];
};

struct page *page_create(void)
{
    struct page *page = calloc(1, sizeof *page);
    if (page)
        pthread_mutex_init(&page->lock, NULL);
    return page;
}

void page_destroy(struct page *page)
{
    if (!page)
        return;
    for (size_t i = 0; i < PAGE_METRICS; i++)
        free(page->metrics[i].items);
    pthread_mutex_destroy(&page->lock);
    free(page);
}

/* ---- labels ---- */

/* Appends as much of the value as leaves `rest` bytes, escaped, whole characters alone. */
static size_t add_escaped(char *out, size_t n, const char *value, size_t rest)
{
    for (size_t i = 0, size; value[i]; i += size) {
        char escape = value[i] == '\n' ? 'n' : value[i] == '"' || value[i] == '\\' ? value[i] : 0;
        for (size = 1; ((unsigned char)value[i + size] & 0xc0) == 0x80; size++)
            ;
        if (n + size + 1 + rest > PAGE_LABEL_SIZE)
            return n;
        if (escape) {
            out[n++] = '\\';
            out[n++] = escape;
            continue;
        }
        memcpy(out + n, value + i, size);
        n += size;
    }
    return n;
}

/* Each label gets an equal share of the room, and at least its name, which is short. */
static void write_labels(const char *const *labels, char out[PAGE_LABEL_SIZE])
{
    size_t n = 0, count = 0;
    while (labels[2 * count])
        count++;
    for (size_t i = 0; i < count; i++) {
        size_t rest = (count - i - 1) * (PAGE_LABEL_SIZE / count) + 4;
        n +=
            (size_t)snprintf(out + n, PAGE_LABEL_SIZE - n, "%c%s=\"", i ? ',' : '{', labels[2 * i]);
        n = add_escaped(out, n, labels[2 * i + 1], rest);
        out[n++] = '"';
    }
    if (count)
        out[n++] = '}';
    out[n] = '\0';
}

/* The series with these labels, or a new one; NULL where there are enough, or no memory. */
static struct series *find(struct page *page, enum page_metric metric, const char *const *labels,
                           size_t most)
{
    char text[PAGE_LABEL_SIZE];
    struct series *items = page->metrics[metric].items;
    size_t *n = &page->metrics[metric].n;
    write_labels(labels, text);
    for (size_t i = 0; i < *n; i++)
        if (!strcmp(items[i].labels, text))
            return &items[i];
    if (*n >= most)
        return NULL;
    if (!items && !(items = calloc(PAGE_LABELS + 1, sizeof *items)))
        return NULL;
    page->metrics[metric].items = items;
    memcpy(items[*n].labels, text, sizeof text);
    return &items[(*n)++];
}

/* ---- numbers ---- */

bool page_set(struct page *page, enum page_metric metric, const char *const *labels, double value)
{
    pthread_mutex_lock(&page->lock);
    struct series *series = find(page, metric, labels, PAGE_LABELS);
    struct series *left_out =
        series ? NULL : find(page, PAGE_LEFT_OUT, PAGE_NO_LABELS, PAGE_LABELS);
    if (series)
        series->value = value;
    if (left_out)
        left_out->value++;
    pthread_mutex_unlock(&page->lock);
    return series;
}

void page_add(struct page *page, enum page_metric metric, const char *const *labels, double more)
{
    static const char *const other[] = { "other", "true", NULL };
    pthread_mutex_lock(&page->lock);
    struct series *series = find(page, metric, labels, PAGE_LABELS);
    if (!series)
        series = find(page, metric, other, PAGE_LABELS + 1);
    if (series)
        series->value += more;
    pthread_mutex_unlock(&page->lock);
}

/* ---- text ---- */

const char *page_name(enum page_metric metric)
{
    return families[metric].name;
}

static void write_value(FILE *out, double value)
{
    if (isnan(value))
        fputs("NaN\n", out);
    else if (isinf(value))
        fputs(value < 0 ? "-Inf\n" : "+Inf\n", out);
    else
        fprintf(out, "%.15g\n", value);
}

static void write_metric(FILE *out, const struct page *page, size_t metric)
{
    const struct family *family = &families[metric];
    if (!page->metrics[metric].n)
        return;
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
            family->type);
    for (size_t i = 0; i < page->metrics[metric].n; i++) {
        fprintf(out, "%s%s ", family->name, page->metrics[metric].items[i].labels);
        write_value(out, page->metrics[metric].items[i].value);
    }
}

char *page_text(struct page *page, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    pthread_mutex_lock(&page->lock);
    for (size_t i = 0; i < PAGE_METRICS; i++)
        write_metric(out, page, i);
    pthread_mutex_unlock(&page->lock);
    bool whole = !ferror(out);
    if (fclose(out) || !whole) {
        free(text);
        return NULL;
    }
    return text;
}
