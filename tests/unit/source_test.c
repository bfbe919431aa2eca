/* source_test - source.jsonl: data sets to problems, and what it says of files that are wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <zlib.h>

#include "source_fixture.h"

/* ---- what is right ---- */

static void mbpp_prompt_is_a_doc_string_with_the_first_assert(void **state)
{
    (void)state;
    write_file("{\"task_id\": 7, \"text\": \"Add.\", \"code\": \"def f():\\r\\n  x\", "
               "\"test_list\": [\"assert f(1)\", \"assert f(2)\"], \"test_setup_code\": \"\", "
               "\"challenge_test_list\": []}\n");
    struct instance *source = open_file("mbpp", "");
    struct leti_problem problem = read_next(source);
    assert_string_equal(problem.id, "7");
    assert_bytes(problem.prompt, "\"\"\"\nAdd.\nassert f(1)\n\"\"\"");
    assert_bytes(problem.tests, "assert f(1)\nassert f(2)");
    assert_bytes(problem.reference, "\ndef f():\n  x");
    assert_int_equal(problem.n_extra, 0);
    assert_end(source);
}

static void mbpp_set_up_stands_before_the_asserts(void **state)
{
    (void)state;
    write_file("{\"task_id\": 7, \"text\": \"Add.\", \"test_list\": [\"assert f(1)\"], "
               "\"test_setup_code\": \"root = Node(1) \\r\\nx = 2\"}");
    struct instance *source = open_file("mbpp", "");
    struct leti_problem problem = read_next(source);
    assert_bytes(problem.tests, "root = Node(1) \nx = 2\nassert f(1)");
    assert_bytes(problem.reference, "");
    assert_end(source);
}

static void sanitized_mbpp_is_an_array_with_prompt_and_imports(void **state)
{
    (void)state;
    write_file("[\n  {\n    \"task_id\": 2, \"prompt\": \"A, [b] \\\"c\\\".\", \"code\": \"x\",\n"
               "    \"test_imports\": [\"import math\"], \"test_list\": [\"assert f(1)\"]\n  },\n"
               "  {\"task_id\": 3, \"prompt\": \"B\", \"test_imports\": [], "
               "\"test_list\": [\"assert g\"]}\n]\n");
    struct instance *source = open_file("mbpp", "");
    struct leti_problem problem = read_next(source);
    assert_bytes(problem.prompt, "\"\"\"\nA, [b] \"c\".\nassert f(1)\n\"\"\"");
    assert_bytes(problem.tests, "import math\nassert f(1)");
    problem = read_next(source);
    assert_string_equal(problem.id, "3");
    assert_end(source);
}

static void humaneval_prompt_is_stripped(void **state)
{
    (void)state;
    write_file(
        "{\"task_id\": \"HumanEval/12\", \"prompt\": \"\\n\\ndef f(x):\\n    '''it'''\\n\", "
        "\"canonical_solution\": \"    return x\\n\", \"test\": \"def check(c):\\n  pass\\n\","
        " \"entry_point\": \"f\"}\n");
    struct instance *source = open_file("humaneval", "12");
    struct leti_problem problem = read_next(source);
    assert_string_equal(problem.id, "HumanEval/12");
    assert_bytes(problem.prompt, "def f(x):\n    '''it'''");
    assert_bytes(problem.reference, "\n    return x\n");
    assert_bytes(problem.tests, "def check(c):\n  pass\n\ncheck(f)");
    assert_int_equal(problem.n_extra, 1);
    assert_string_equal(problem.extra[0].key, "entry_point");
    assert_bytes(problem.extra[0].value, "f");
    assert_end(source);
}

/* What a completion that was written to follow the data set's prompt needs before it. */
static void humaneval_keeps_the_end_of_an_odd_prompt(void **state)
{
    (void)state;
    write_file("{\"task_id\": \"x/1\", \"prompt\": \"def f():\\n    return\", "
               "\"canonical_solution\": \" 1\", \"test\": \"t\", \"entry_point\": \"f\"}\n"
               "{\"task_id\": \"x/2\", \"prompt\": \"def f():\\n    \", "
               "\"canonical_solution\": \"return 1\", \"test\": \"t\", \"entry_point\": \"f\"}\n");
    struct instance *source = open_file("humaneval", "");
    struct leti_problem problem = read_next(source);
    assert_int_equal(problem.n_extra, 2);
    assert_string_equal(problem.extra[1].key, "prompt_end");
    assert_bytes(problem.extra[1].value, "");
    assert_bytes(problem.reference, " 1");
    problem = read_next(source);
    assert_bytes(problem.prompt, "def f():");
    assert_bytes(problem.extra[1].value, "\n    ");
    assert_bytes(problem.reference, "\n    return 1");
    assert_end(source);
}

static void generic_carries_what_a_data_set_adds(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\", \"extra\": {\"language\": \"lua\"}, "
               "\"run_prompt\": \"\"}\n\n  \n{\"id\": \"b\", \"prompt\": \"q\", \"tests\": \"t\", "
               "\"reference\": \"r\"}");
    struct instance *source = open_file("generic", "");
    struct leti_problem problem = read_next(source);
    assert_int_equal(problem.n_extra, 2);
    assert_string_equal(problem.extra[0].key, "language");
    assert_bytes(problem.extra[0].value, "lua");
    assert_string_equal(problem.extra[1].key, "run_prompt");
    assert_bytes(problem.extra[1].value, "");
    problem = read_next(source);
    assert_bytes(problem.tests, "t");
    assert_bytes(problem.reference, "r");
    assert_end(source);
}

static void generic_takes_the_known_keys_beside_the_others(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\", \"entry_point\": \"f\", \"setup\": \"s\", "
               "\"extra\": {\"level\": \"easy\"}}");
    struct instance *source = open_file("generic", "");
    struct leti_problem problem = read_next(source);
    assert_int_equal(problem.n_extra, 3);
    assert_extra(&problem, "level", "easy");
    assert_extra(&problem, "entry_point", "f");
    assert_extra(&problem, "setup", "s");
    assert_end(source);
}

static void mbpp_plus_has_its_tests_as_one_text(void **state)
{
    (void)state;
    write_file("{\"task_id\": 2, \"prompt\": \"A\", \"code\": \"x\", \"test_imports\": [], "
               "\"test_list\": [\"assert f(1)\"], \"test\": \"for i in range(9):\\n    f(i)\"}");
    struct instance *source = open_file("mbpp", "");
    struct leti_problem problem = read_next(source);
    assert_bytes(problem.prompt, "\"\"\"\nA\nassert f(1)\n\"\"\"");
    assert_bytes(problem.tests, "for i in range(9):\n    f(i)");
    assert_end(source);
}

static void gzip_is_read_as_it_is(void **state)
{
    static const char text[] = "{\"id\": \"a\", \"prompt\": \"p\"}\n";
    (void)state;
    gzFile out = gzopen(file, "wb");
    assert_non_null(out);
    assert_int_equal(gzwrite(out, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(gzclose(out), Z_OK);
    struct instance *source = open_file("generic", "");
    assert_string_equal(read_next(source).id, "a");
    assert_end(source);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    static const char *const files[] = { "\xef\xbb\xbf{\"id\": \"a\", \"prompt\": \"p\"}\n",
                                         "\xef\xbb\xbf [{\"id\": \"a\", \"prompt\": \"p\"}]" };
    for (int i = 0; i < 2; i++) {
        write_file(files[i]);
        struct instance *source = open_file("generic", "");
        assert_string_equal(read_next(source).id, "a");
        assert_end(source);
    }
}

static void write_numbered(int n)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    for (int i = 1; i <= n; i++)
        fprintf(out, "{\"id\": \"p%d\", \"prompt\": \"p\"}\n", i);
    assert_int_equal(fclose(out), 0);
}

static void ids_choose_numbers_and_ranges(void **state)
{
    (void)state;
    write_numbered(40);
    struct instance *source = open_file("generic", "3-5,33,40");
    const char *const expected[] = { "p3", "p4", "p5", "p33", "p40" };
    for (int i = 0; i < 5; i++)
        assert_string_equal(read_next(source).id, expected[i]);
    assert_end(source);
}

static void limit_ends_it(void **state)
{
    struct leti_error err = { 0 };
    struct instance *source = NULL;
    (void)state;
    write_numbered(5);
    assert_true(open_with("generic", "2-5", "2", &source, &err));
    assert_string_equal(read_next(source).id, "p2");
    assert_string_equal(read_next(source).id, "p3");
    assert_end(source);
}

/* ---- what is wrong ---- */

static void ids_that_are_none_are_refused(void **state)
{
    const char *const wrong[] = { "x",   "1-",    "-1",
                                  "5-3", "1,,2",  "1,",
                                  "1 2", "1-2-3", "99999999999999999999999" };
    (void)state;
    write_numbered(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct leti_error err = { 0 };
        struct instance *source = NULL;
        assert_false(open_with("generic", wrong[i], "0", &source, &err));
        assert_non_null(strstr(err.text, "is not a number or a range, as in \"11-20,33\""));
    }
}

static void a_wrong_record_is_named_by_its_line(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\"}\n\n{\"id\": \"b\", \"prompt\": 5}\n");
    assert_refused("generic", ":3: field \"prompt\" must be a string, and is a number");
    write_file("{\"id\": \"a\"}");
    assert_refused("generic", ":1: field \"prompt\" must be a string, and is missing");
    write_file("[{\"id\": \"a\", \"prompt\": \"p\"},\n\n {\"id\": \"b\", \"prompt\": null}]");
    assert_refused("generic", ":3: field \"prompt\" must be a string, and is null");
    write_file("{\"id\": \"a\", \"prompt\": \"p\", \"extra\": {\"k\": 1}}");
    assert_refused("generic", ":1: field \"extra\", key \"k\" must be a string, and is a number");
    write_file("{\"id\": \"\", \"prompt\": \"p\"}");
    assert_refused("generic", ":1: the id must have 1 to 256 bytes, and has 0");
    write_file("{\"task_id\": 1, \"text\": \"t\", \"test_list\": []}");
    assert_refused("mbpp", ":1: field \"test_list\" must hold at least one assert");
    write_file("{\"task_id\": 1, \"text\": \"t\", \"test_list\": [\"a\", 2]}");
    assert_refused("mbpp", ":1: field \"test_list\", item 2 must be a string, and is a number");
    write_file("{\"task_id\": \"x\", \"text\": \"t\", \"test_list\": [\"a\"]}");
    assert_refused("mbpp", ":1: field \"task_id\" must be a number, or a string that ends with "
                           "one after a slash, and is x");
}

static void what_is_no_json_is_named_by_its_line(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\"}\n[1]\n");
    assert_refused("generic", ":2: not a JSON object");
    write_file("{\"id\": \"a\", \"prompt\": \"\xff\"}\n");
    assert_refused("generic", ":1: not a JSON object: unable to decode byte 0xff near '\"'");
    write_file("[{\"id\": \"a\", \"prompt\": \"p\"}\n");
    assert_refused("generic", ":2: the array does not end with \"]\"");
    write_file("[{\"id\": \"a\", \"prompt\": \"p\"}] x\n");
    assert_refused("generic", ":1: something stands behind the array");
}

static void a_field_that_generic_does_not_know_is_refused(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\"}\n"
               "{\"id\": \"b\", \"prompt\": \"p\", \"test\": \"t\"}\n");
    assert_refused("generic", ":2: field \"test\" is not one of id, prompt, tests, reference, "
                              "entry_point, setup, run_prompt, extra");
    write_file(
        "{\"id\": \"a\", \"prompt\": \"p\", \"setup\": \"s\", \"extra\": {\"setup\": \"s\"}}");
    assert_refused("generic", ":1: field \"setup\" is in \"extra\", too");
}

static void a_count_that_does_not_fit_is_refused(void **state)
{
    char text[512];
    (void)state;
    write_numbered(3);
    assert_end(open_good((const char *const[]){ "limit", "0", "ids", "4", NULL }));
    snprintf(text, sizeof text, "%s: 4 problems are wanted, and ids \"1-4\" chooses 3", file);
    assert_pairs_refused((const char *const[]){ "ids", "1-4", "count", "4", NULL }, text);
}

static void a_second_problem_of_one_id_is_refused(void **state)
{
    (void)state;
    write_file("{\"id\": \"a\", \"prompt\": \"p\"}\n{\"id\": \"a\", \"prompt\": \"q\"}\n");
    assert_refused("generic", ":2: a second problem \"a\"");
}

static void a_gzip_file_that_was_cut_off_is_refused(void **state)
{
    char text[20000];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + leti_mix(1, i) % 26);
    gzFile out = gzopen(file, "wb");
    assert_non_null(out);
    assert_int_equal(gzwrite(out, text, sizeof text), sizeof text);
    assert_int_equal(gzclose(out), Z_OK);
    assert_int_equal(truncate(file, 5000), 0);
    struct leti_error err = { 0 };
    struct instance *source = NULL;
    assert_false(open_with("generic", "", "0", &source, &err));
    assert_non_null(strstr(err.text, file));
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(rename(file, "/tmp/leti-source-away"), 0);
    assert_refused("generic", ": No such file or directory");
    assert_int_equal(rename("/tmp/leti-source-away", file), 0);
}

static void a_file_that_holds_nothing_is_named(void **state)
{
    (void)state;
    write_file("\n");
    assert_refused("generic", ": holds no problem");
}

static void a_named_pipe_is_refused(void **state)
{
    (void)state;
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_refused("generic", ": is a named pipe, not a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mbpp_prompt_is_a_doc_string_with_the_first_assert),
        cmocka_unit_test(mbpp_set_up_stands_before_the_asserts),
        cmocka_unit_test(sanitized_mbpp_is_an_array_with_prompt_and_imports),
        cmocka_unit_test(humaneval_prompt_is_stripped),
        cmocka_unit_test(humaneval_keeps_the_end_of_an_odd_prompt),
        cmocka_unit_test(generic_carries_what_a_data_set_adds),
        cmocka_unit_test(generic_takes_the_known_keys_beside_the_others),
        cmocka_unit_test(mbpp_plus_has_its_tests_as_one_text),
        cmocka_unit_test(gzip_is_read_as_it_is),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(ids_choose_numbers_and_ranges),
        cmocka_unit_test(limit_ends_it),
        cmocka_unit_test(ids_that_are_none_are_refused),
        cmocka_unit_test(a_wrong_record_is_named_by_its_line),
        cmocka_unit_test(what_is_no_json_is_named_by_its_line),
        cmocka_unit_test(a_field_that_generic_does_not_know_is_refused),
        cmocka_unit_test(a_count_that_does_not_fit_is_refused),
        cmocka_unit_test(a_second_problem_of_one_id_is_refused),
        cmocka_unit_test(a_gzip_file_that_was_cut_off_is_refused),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_file_that_holds_nothing_is_named),
        cmocka_unit_test(a_named_pipe_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
