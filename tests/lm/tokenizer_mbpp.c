/* tokenizer_mbpp - the ids of every text of MBPP are those of the `tokenizers` library.
 *
 * Reads mbpp.jsonl from the folder LETI_DATA. The build registers this test as disabled where it
 * finds no such file, so that it never passes without having looked at one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tokenizer_golden.h"

enum { PROBLEMS = 974 };

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

static uint64_t hash_problem(const struct lm_tokenizer *t, const json_t *problem,
                             struct lm_ids *ids)
{
    uint64_t hash = hash_text(t, golden_seed, json_object_get(problem, "text"), ids);
    hash = hash_text(t, hash, json_object_get(problem, "code"), ids);
    const json_t *tests = json_object_get(problem, "test_list");
    for (size_t i = 0; i < json_array_size(tests); i++)
        hash = hash_text(t, hash, json_array_get(tests, i), ids);
    return hash;
}

/* One line of each file: a problem, and what the reference makes of it. */
static void check_problem(struct lm_tokenizer *const *tokenizers, const char *line,
                          const char *golden, struct lm_ids *ids)
{
    json_t *problem = json_loads(line, 0, NULL);
    int id, n;
    assert_int_equal(sscanf(golden, "%d%n", &id, &n), 1);
    assert_int_equal(json_integer_value(json_object_get(problem, "task_id")), id);
    for (size_t k = 0; k < N_GOLDEN; k++) {
        uint64_t expected;
        int more;
        golden += n;
        assert_int_equal(sscanf(golden, "%" SCNx64 "%n", &expected, &more), 1);
        n = more;
        if (hash_problem(tokenizers[k], problem, ids) != expected)
            fail_msg("%s: ids of problem %d are not the reference's", golden_names[k], id);
    }
    json_decref(problem);
}

static void gives_the_ids_of_the_reference_on_all_of_mbpp(void **state)
{
    (void)state;
    const char *folder = getenv("LETI_DATA");
    assert_non_null(folder);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/mbpp.jsonl", folder);
    FILE *data = fopen(path, "r"), *golden = fopen(golden_path("mbpp.txt"), "r");
    assert_true(data && golden);

    struct lm_tokenizer *tokenizers[N_GOLDEN];
    struct leti_error err = { "" };
    for (size_t k = 0; k < N_GOLDEN; k++) {
        if (!lm_tokenizer_open(golden_path(golden_names[k]), &tokenizers[k], &err))
            fail_msg("%s", err.text);
    }
    struct lm_ids ids = { 0 };
    char *line = NULL, *expected = NULL;
    size_t line_capacity = 0, expected_capacity = 0, n = 0;
    assert_true(getline(&expected, &expected_capacity, golden) > 0); /* what the columns are */
    while (getline(&line, &line_capacity, data) > 0) {
        assert_true(getline(&expected, &expected_capacity, golden) > 0);
        check_problem(tokenizers, line, expected, &ids);
        n++;
    }
    assert_int_equal(n, PROBLEMS);
    for (size_t k = 0; k < N_GOLDEN; k++)
        lm_tokenizer_close(tokenizers[k]);
    free(ids.ids);
    free(line);
    free(expected);
    fclose(data);
    fclose(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_the_reference_on_all_of_mbpp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
