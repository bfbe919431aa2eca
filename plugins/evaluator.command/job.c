/* job.c - a job as bytes and back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "packing.h"
#include "protocol.h"

enum { N_NUMBERS = 6, N_TEXTS_MAX = 5 + 2 * ARGUMENTS_MAX };

/* Everything that is text, in its order. */
struct texts {
    struct leti_bytes items[N_TEXTS_MAX];
    size_t n;
};

static void add(struct texts *texts, const char *text)
{
    texts->items[texts->n++] = (struct leti_bytes){ text ? text : "", text ? strlen(text) : 0 };
}

static void add_command(struct texts *texts, const struct command *command)
{
    add(texts, command->path);
    for (size_t i = 0; i < command->n; i++)
        add(texts, command->arguments[i]);
}

bool job_pack(const struct job *job, char **out, size_t *size, struct leti_error *err)
{
    struct texts texts = { .n = 0 };
    uint64_t numbers[N_NUMBERS] = { job->compile_ns,   job->run_ns,    job->output_bytes,
                                    job->memory_bytes, job->compile.n, job->run.n };
    add(&texts, job->file);
    texts.items[texts.n++] = job->text;
    texts.items[texts.n++] = job->input;
    add_command(&texts, &job->compile);
    add_command(&texts, &job->run);
    size_t total = sizeof numbers;
    for (size_t i = 0; i < texts.n; i++)
        total += packed_size(texts.items[i].size);
    if (total > MESSAGE_MAX)
        return leti_error_set(err, "a program of %zu bytes is too long, at most %d", total,
                              (int)MESSAGE_MAX);
    char *payload = malloc(total), *to = payload;
    if (!payload)
        return leti_error_set(err, "no memory for a program of %zu bytes", total);
    memcpy(to, numbers, sizeof numbers);
    to += sizeof numbers;
    for (size_t i = 0; i < texts.n; i++)
        to = packed_put(to, texts.items[i]);
    *out = payload;
    *size = total;
    return true;
}

static bool get_command(const char **at, const char *end, uint64_t n, struct command *out)
{
    struct leti_bytes text;
    if (n > ARGUMENTS_MAX || !packed_get(at, end, &text))
        return false;
    out->path = n > 0 ? text.data : NULL;
    out->n = (size_t)n;
    for (size_t i = 0; i < n; i++) {
        if (!packed_get(at, end, &text))
            return false;
        out->arguments[i] = text.data;
    }
    out->arguments[n] = NULL;
    return true;
}

bool job_unpack(const char *payload, size_t size, struct job *out, struct leti_error *err)
{
    uint64_t numbers[N_NUMBERS];
    struct leti_bytes file;
    const char *at = payload + sizeof numbers, *end = payload + size;
    if (size < sizeof numbers)
        return leti_error_set(err, "a job of %zu bytes", size);
    memcpy(numbers, payload, sizeof numbers);
    *out = (struct job){ .compile_ns = numbers[0],
                         .run_ns = numbers[1],
                         .output_bytes = numbers[2],
                         .memory_bytes = numbers[3] };
    if (!packed_get(&at, end, &file) || !packed_get(&at, end, &out->text) ||
        !packed_get(&at, end, &out->input) || !get_command(&at, end, numbers[4], &out->compile) ||
        !get_command(&at, end, numbers[5], &out->run) || at != end || !out->run.path)
        return leti_error_set(err, "a job that makes no sense");
    out->file = file.data;
    return true;
}
