/* source_examples_test - source.jsonl: questions, and what stands around a prompt.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "source_fixture.h"

/* ---- what is right ---- */

static void a_question_is_read_but_not_executed(void **state)
{
    (void)state;
    write_file("{\"input\": \"How many?\", \"target\": 18}\n"
               "{\"input\": \"How much?\", \"target\": -0.5}\n");
    struct instance *source =
        open_good((const char *const[]){ "schema", "question", "before", "Q: ", "after",
                                         "\nA:", "tests", "assert solution() == {target}", NULL });
    struct leti_problem problem = read_next(source);
    assert_string_equal(problem.id, "1");
    assert_bytes(problem.prompt, "Q: How many?\nA:");
    assert_bytes(problem.tests, "assert solution() == 18");
    assert_bytes(problem.reference, "");
    assert_extra(&problem, "run_prompt", "");
    assert_extra(&problem, "prompt_end", "");
    assert_bytes(read_next(source).tests, "assert solution() == -0.5");
    assert_end(source);
}

static void questions_may_be_a_member_of_an_object(void **state)
{
    (void)state;
    write_file("{\"canary\": \"\\\"examples\\\": [\", \"more\": {\"examples\": [1]},\n"
               " \"examples\" : [{\"input\": \"a ] b\", \"target\": \"(A)\"},\n"
               "  {\"input\": \"c\", \"target\": \"d e\"}], \"end\": [{}]}\n");
    struct instance *source =
        open_good((const char *const[]){ "schema", "question", "id_prefix", "kind/", "reference",
                                         " {target}, {target}.", "ids", "2", NULL });
    struct leti_problem problem = read_next(source);
    assert_string_equal(problem.id, "kind/2");
    assert_bytes(problem.prompt, "c");
    assert_bytes(problem.tests, "d e");
    assert_bytes(problem.reference, " d e, d e.");
    assert_end(source);
}

static const char three_solved[] =
    "{\"task_id\": 1, \"text\": \"A\", \"code\": \"a()  \\r\\n\", \"test_list\": [\"assert a\"]}\n"
    "{\"task_id\": 2, \"text\": \"B\", \"test_list\": [\"assert b\"]}\n"
    "{\"task_id\": 3, \"text\": \"C\", \"code\": \"c()\", \"test_list\": [\"assert c\"]}\n"
    "{\"task_id\": 4, \"text\": \"D\", \"code\": \"d()\", \"test_list\": [\"assert d\"]}\n";

static void shots_are_solved_problems_with_a_blank_line(void **state)
{
    (void)state;
    write_file(three_solved);
    struct instance *source = open_good((const char *const[]){
        "schema", "mbpp", "ids", "4", "shots", "2", "shots_ids", "1-3", "before", "#\n", NULL });
    struct leti_problem problem = read_next(source);
    assert_bytes(problem.prompt, "#\n\"\"\"\nA\nassert a\n\"\"\"\na()\n\n"
                                 "\"\"\"\nC\nassert c\n\"\"\"\nc()\n\n"
                                 "\"\"\"\nD\nassert d\n\"\"\"");
    assert_extra(&problem, "run_prompt", "\"\"\"\nD\nassert d\n\"\"\"");
    assert_bytes(problem.reference, "\nd()");
    assert_end(source);
}

/* ---- what is wrong ---- */

static void a_question_without_an_answer_is_refused(void **state)
{
    (void)state;
    write_file("{\"input\": \"q\", \"target\": 1}\n{\"input\": \"q\", \"target\": null}\n");
    assert_refused("question", ":2: field \"target\" must be a string or a number, and is null");
    write_file("{\"examples\": [{\"input\": \"q\", \"target\": 1}]\n");
    assert_refused("question", ":2: the object does not end with \"}\"");
    write_file("{\"examples\": [{\"input\": \"q\", \"target\": 1}]} x\n");
    assert_refused("question", ":1: something stands behind the array");
}

static void shots_that_are_not_there_are_refused(void **state)
{
    char text[512];
    (void)state;
    write_file(three_solved);
    snprintf(text, sizeof text,
             "%s: 3 shots are wanted, and shots_ids \"1-3\" chooses 2 problems "
             "with a solution",
             file);
    assert_pairs_refused(
        (const char *const[]){ "schema", "mbpp", "shots", "3", "shots_ids", "1-3", NULL }, text);
    snprintf(text, sizeof text,
             "%s: problem 1 is one of the examples before it: ids and shots_ids "
             "must not choose the same",
             file);
    assert_pairs_refused(
        (const char *const[]){ "schema", "mbpp", "shots", "1", "shots_ids", "1-3", NULL }, text);
    assert_pairs_refused((const char *const[]){ "schema", "mbpp", "shots", "1", NULL },
                         "shots_ids must say which problems are examples, as in \"1-10\"");
}

static void options_of_questions_are_refused_elsewhere(void **state)
{
    (void)state;
    write_file(three_solved);
    assert_pairs_refused((const char *const[]){ "schema", "mbpp", "tests", "x {target}", NULL },
                         "id_prefix, tests and reference are for schema question, not mbpp");
    assert_pairs_refused((const char *const[]){ "schema", "question", "tests", "x", NULL },
                         "tests \"x\" must hold {target}, where the answer goes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_read_but_not_executed),
        cmocka_unit_test(questions_may_be_a_member_of_an_object),
        cmocka_unit_test(shots_are_solved_problems_with_a_blank_line),
        cmocka_unit_test(a_question_without_an_answer_is_refused),
        cmocka_unit_test(shots_that_are_not_there_are_refused),
        cmocka_unit_test(options_of_questions_are_refused_elsewhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
