/* problems - a set of problems in memory, read from its source stages.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/problems.h"

#include <stdlib.h>

#include "base/log.h"
#include "registry/instance.h"

enum { PROBLEM_LIMIT = 10000000 };

static bool out_of_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for the problems");
}

static bool copy_bytes(struct arena *memory, struct leti_bytes from, struct leti_bytes *out)
{
    char *data = arena_copy(memory, from.data ? from.data : "", from.size);
    *out = (struct leti_bytes){ data, from.size };
    return data;
}

static bool copy_extra(struct arena *memory, const struct leti_problem *from,
                       struct leti_problem *out)
{
    struct leti_pair *pairs = arena_array(memory, from->n_extra + 1, sizeof *pairs);
    bool good = pairs;
    for (size_t i = 0; good && i < from->n_extra; i++) {
        pairs[i].key = arena_copy(memory, from->extra[i].key, strlen(from->extra[i].key));
        good = pairs[i].key && copy_bytes(memory, from->extra[i].value, &pairs[i].value);
    }
    out->extra = pairs;
    out->n_extra = from->n_extra;
    return good;
}

static bool copy_problem(struct arena *memory, const struct leti_problem *from,
                         struct leti_problem *out)
{
    out->id = arena_copy(memory, from->id, strlen(from->id));
    return out->id && copy_bytes(memory, from->prompt, &out->prompt) &&
           copy_bytes(memory, from->tests, &out->tests) &&
           copy_bytes(memory, from->reference, &out->reference) && copy_extra(memory, from, out);
}

static void hash_problem(struct hash *hash, const struct leti_problem *problem)
{
    hash_add_part(hash, problem->id, strlen(problem->id));
    hash_add_part(hash, problem->prompt.data, problem->prompt.size);
    hash_add_part(hash, problem->tests.data, problem->tests.size);
    hash_add_part(hash, problem->reference.data, problem->reference.size);
    for (size_t i = 0; i < problem->n_extra; i++) {
        hash_add_part(hash, problem->extra[i].key, strlen(problem->extra[i].key));
        hash_add_part(hash, problem->extra[i].value.data, problem->extra[i].value.size);
    }
}

static bool add(struct problems *problems, size_t *capacity, const struct leti_problem *problem,
                struct leti_error *err)
{
    if (problems->n == PROBLEM_LIMIT)
        return leti_error_set(err, "more than %d problems", PROBLEM_LIMIT);
    if (problems->n == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 256;
        struct leti_problem *items = reallocarray(problems->items, larger, sizeof *items);
        if (!items)
            return out_of_memory(err);
        problems->items = items;
        *capacity = larger;
    }
    if (!copy_problem(&problems->memory, problem, &problems->items[problems->n]))
        return out_of_memory(err);
    problems->n++;
    return true;
}

static void say(void *context, enum leti_level level, const char *text)
{
    const struct stage *stage = context;
    log_line(level, "%s: %s", stage->options.name, text);
}

static bool read_source(struct stage *stage, const char *run_dir, uint64_t seed,
                        struct problems *problems, size_t *capacity, struct leti_error *err)
{
    struct instance_config config = { .plugin = &stage->plugin,
                                      .settings = &stage->settings,
                                      .stage = stage->options.name,
                                      .run_dir = run_dir,
                                      .threads = 1,
                                      .seed = seed,
                                      .services = { .context = stage, .log = say } };
    struct instance *source = NULL;
    if (!instance_start(&config, &source, err))
        return leti_error_set(err, "%s: %s", stage->options.name, err->text);
    enum leti_status status = LETI_OK;
    while (status == LETI_OK) {
        struct leti_problem problem = { .n_extra = 0 };
        status = instance_read(source, &problem, err);
        if (status == LETI_OK && !add(problems, capacity, &problem, err))
            status = LETI_ERROR;
    }
    instance_stop(source);
    return status == LETI_DONE || leti_error_set(err, "%s: %s", stage->options.name, err->text);
}

bool problems_read(const struct problem_set *set, const char *run_dir, uint64_t seed,
                   struct problems *problems, struct leti_error *err)
{
    size_t capacity = 0;
    for (size_t i = 0; i < set->n_sources; i++) {
        size_t before = problems->n;
        if (!read_source(set->sources[i], run_dir, seed, problems, &capacity, err))
            return false;
        if (problems->n == before)
            return leti_error_set(err, "%s: %s: gives no problem", set->sources[i]->where,
                                  set->sources[i]->options.name);
    }
    struct hash hash;
    hash_begin(&hash);
    for (size_t i = 0; i < problems->n; i++)
        hash_problem(&hash, &problems->items[i]);
    hash_end_text(&hash, problems->hash);
    return true;
}

size_t problems_with_reference(const struct problems *problems)
{
    size_t n = 0;
    for (size_t i = 0; i < problems->n; i++)
        n += problems->items[i].reference.size > 0;
    return n;
}

void problems_free(struct problems *problems)
{
    free(problems->items);
    arena_free(&problems->memory);
    *problems = (struct problems){ 0 };
}
