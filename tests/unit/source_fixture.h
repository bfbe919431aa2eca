/* source_fixture.h - what the tests of source.jsonl share: a file, and a source that reads it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_FIXTURE_H
#define SOURCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry/instance.h"

static char file[] = "/tmp/leti-source-XXXXXX";
static struct plugin plugin;

static inline int set_up(void **state)
{
    struct leti_error err;
    (void)state;
    int fd = mkstemp(file);
    if (fd < 0 || close(fd))
        return -1;
    return plugin_find("source.jsonl", &plugin, &err) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    plugin_close(&plugin);
    return unlink(file);
}

static inline void write_file(const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static inline bool open_pairs(const char *const *pairs, struct instance **out,
                              struct leti_error *err)
{
    struct settings settings = { 0 };
    const char *path = file;
    assert_true(settings_put(&settings, "file", &path, 1, false, NULL, err));
    for (; pairs[0]; pairs += 2)
        assert_true(settings_put(&settings, pairs[0], &pairs[1], 1, false, NULL, err));
    struct instance_config config = { .plugin = &plugin,
                                      .settings = &settings,
                                      .stage = "problems",
                                      .run_dir = "/tmp",
                                      .threads = 1 };
    bool started = instance_start(&config, out, err);
    settings_free(&settings);
    return started;
}

static inline bool open_with(const char *schema, const char *ids, const char *limit,
                             struct instance **out, struct leti_error *err)
{
    return open_pairs((const char *const[]){ "schema", schema, "ids", ids, "limit", limit, NULL },
                      out, err);
}

static inline struct instance *open_good(const char *const *pairs)
{
    struct leti_error err = { 0 };
    struct instance *source = NULL;
    if (!open_pairs(pairs, &source, &err))
        fail_msg("%s", err.text);
    return source;
}

static inline struct instance *open_file(const char *schema, const char *ids)
{
    struct leti_error err = { 0 };
    struct instance *source = NULL;
    if (!open_with(schema, ids, "0", &source, &err))
        fail_msg("%s", err.text);
    return source;
}

static inline struct leti_problem read_next(struct instance *source)
{
    struct leti_error err = { 0 };
    struct leti_problem problem = { 0 };
    if (instance_read(source, &problem, &err) != LETI_OK)
        fail_msg("no problem: %s", err.text);
    return problem;
}

static inline void assert_end(struct instance *source)
{
    struct leti_error err = { 0 };
    struct leti_problem problem;
    assert_int_equal(instance_read(source, &problem, &err), LETI_DONE);
    instance_stop(source);
}

static inline void assert_bytes(struct leti_bytes bytes, const char *expected)
{
    assert_string_equal(bytes.data, expected);
    assert_int_equal(bytes.size, strlen(expected));
}

/* The file's problems read until something is wrong, which is said so. */
static inline void assert_pairs_refused(const char *const *pairs, const char *expected)
{
    struct leti_error err = { 0 };
    struct leti_problem problem;
    struct instance *source = NULL;
    if (open_pairs(pairs, &source, &err)) {
        enum leti_status status;
        while ((status = instance_read(source, &problem, &err)) == LETI_OK)
            continue;
        instance_stop(source);
        assert_int_equal(status, LETI_ERROR);
    }
    assert_string_equal(err.text, expected);
}

/* The same; the file's name begins what is said. */
static inline void assert_refused(const char *schema, const char *expected)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", file, expected);
    assert_pairs_refused((const char *const[]){ "schema", schema, NULL }, whole);
}

static inline void assert_extra(const struct leti_problem *problem, const char *key,
                                const char *value)
{
    for (size_t i = 0; i < problem->n_extra; i++)
        if (!strcmp(problem->extra[i].key, key)) {
            assert_bytes(problem->extra[i].value, value);
            return;
        }
    fail_msg("no extra \"%s\"", key);
}

#endif
