/* tokenizer_data - the ids of every text of MBPP and HumanEval are those of the `tokenizers`
 * library.
 *
 * Reads mbpp.jsonl and HumanEval.jsonl.gz from the folder LETI_DATA. The build registers this test
 * as disabled where it does not find them, so that it never passes without having looked at them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

#include "tokenizer_golden.h"

enum { LINE_LIMIT = 1 << 20 };

static struct lm_tokenizer *tokenizers[N_GOLDEN];

static uint64_t hash_text(const struct lm_tokenizer *t, uint64_t hash, const json_t *text,
                          struct lm_ids *ids)
{
    struct leti_error err = { "" };
    assert_true(json_is_string(text));
    ids->n = 0;
    if (!lm_tokenizer_encode(t, json_string_value(text), json_string_length(text), false, ids,
                             &err))
        fail_msg("%s", err.text);
    return golden_hash(hash, ids);
}

/* Of the fields that are there: a text, or a list of texts. */
static uint64_t hash_problem(const struct lm_tokenizer *t, const json_t *problem,
                             const char *const *fields, struct lm_ids *ids)
{
    uint64_t hash = golden_seed;
    for (size_t f = 0; f < 3; f++) {
        const json_t *field = json_object_get(problem, fields[f]);
        if (json_is_string(field))
            hash = hash_text(t, hash, field, ids);
        for (size_t i = 0; i < json_array_size(field); i++)
            hash = hash_text(t, hash, json_array_get(field, i), ids);
    }
    return hash;
}

/* One line of each file: a problem, and what the reference makes of it. */
static void check_problem(const char *line, const char *golden, const char *const *fields,
                          struct lm_ids *ids)
{
    json_t *problem = json_loads(line, 0, NULL), *id = json_object_get(problem, "task_id");
    char name[64], expected_name[64];
    int n;
    assert_non_null(id);
    if (json_is_integer(id))
        snprintf(name, sizeof name, "%lld", (long long)json_integer_value(id));
    else
        snprintf(name, sizeof name, "%s", json_string_value(id));
    assert_int_equal(sscanf(golden, "%63s%n", expected_name, &n), 1);
    assert_string_equal(name, expected_name);
    for (size_t k = 0; k < N_GOLDEN; k++) {
        uint64_t expected;
        int more;
        golden += n;
        assert_int_equal(sscanf(golden, "%" SCNx64 "%n", &expected, &more), 1);
        n = more;
        if (hash_problem(tokenizers[k], problem, fields, ids) != expected)
            fail_msg("%s: ids of problem %s are not the reference's", golden_names[k], name);
    }
    json_decref(problem);
}

static void check_set(const char *file, const char *golden_file, const char *const *fields,
                      size_t problems)
{
    const char *folder = getenv("LETI_DATA");
    assert_non_null(folder);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    gzFile data = gzopen(path, "r"); /* reads what is not compressed, too */
    FILE *golden = fopen(golden_path(golden_file), "r");
    char *line = malloc(LINE_LIMIT), *expected = NULL;
    size_t capacity = 0, n = 0;
    assert_true(data && golden && line);
    struct lm_ids ids = { 0 };
    assert_true(getline(&expected, &capacity, golden) > 0); /* what the columns are */
    while (gzgets(data, line, LINE_LIMIT)) {
        assert_true(getline(&expected, &capacity, golden) > 0);
        check_problem(line, expected, fields, &ids);
        n++;
    }
    assert_int_equal(n, problems);
    free(ids.ids);
    free(line);
    free(expected);
    gzclose(data);
    fclose(golden);
}

static void gives_the_ids_of_the_reference_on_all_of_mbpp(void **state)
{
    (void)state;
    check_set("mbpp.jsonl", "mbpp.txt", (const char *const[]){ "text", "code", "test_list" }, 974);
}

static void gives_the_ids_of_the_reference_on_all_of_humaneval(void **state)
{
    (void)state;
    check_set("HumanEval.jsonl.gz", "humaneval.txt",
              (const char *const[]){ "prompt", "canonical_solution", "test" }, 164);
}

static int open_tokenizers(void **state)
{
    (void)state;
    struct leti_error err;
    for (size_t k = 0; k < N_GOLDEN; k++) {
        if (!lm_tokenizer_open(golden_path(golden_names[k]), &tokenizers[k], &err)) {
            fprintf(stderr, "%s\n", err.text);
            return -1;
        }
    }
    return 0;
}

static int close_tokenizers(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_GOLDEN; k++)
        lm_tokenizer_close(tokenizers[k]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_the_reference_on_all_of_mbpp),
        cmocka_unit_test(gives_the_ids_of_the_reference_on_all_of_humaneval),
    };
    return cmocka_run_group_tests(tests, open_tokenizers, close_tokenizers);
}
