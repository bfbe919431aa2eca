/* pipeline_method_test - what a pipeline can ask of the method: tests under conditions, programs
 * cut and uncut, held-out references whose loss is told, references to train on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pipeline_fixture.h"

/* The whole, with this in the place of its test. */
static const char *with_test(const char *test)
{
    static char text[2048];
    snprintf(text, sizeof text,
             STAGES "return pipeline { problems = s, flow = g >> e >> f >> t,\ntest = %s }", test);
    return text;
}

static void check_test(const struct test *test, const char *name, enum leti_condition condition,
                       bool uncut, bool past_cut, size_t sampler, size_t untrained)
{
    assert_string_equal(test->name, name);
    assert_int_equal(test->condition, condition);
    assert_int_equal(test->uncut, uncut);
    assert_int_equal(test->past_cut, past_cut);
    assert_int_equal(test->sampler, sampler);
    assert_int_equal(test->untrained, untrained);
    assert_int_equal(test->samples, 5);
    assert_int_equal(test->problems.n_sources, 2);
}

static void a_test_is_one_for_each_condition_cut_and_uncut(void **state)
{
    (void)state;
    const char *const overrides[] = { "test.samples=5" };
    struct pipeline *p = open_with(
        with_test("{ { name = 'a', problems = s .. s2, condition = { 'none', 'good', 'bad' } },\n"
                  "{ name = 'b', problems = { s, s2 }, condition = { 'good', 'bad' },\n"
                  "  post = 'both' }, { problems = s .. s2, post = 'none' } }"),
        overrides, 1);
    assert_int_equal(p->n_tests, 8);
    check_test(&p->tests[0], "a", LETI_NO_TOKEN, false, false, 0, 0);
    check_test(&p->tests[1], "a.good", LETI_GOOD, false, false, 1, 0);
    check_test(&p->tests[2], "a.bad", LETI_BAD, false, false, 2, 0);
    check_test(&p->tests[3], "b", LETI_GOOD, false, true, 3, 3);
    check_test(&p->tests[4], "b.uncut", LETI_GOOD, true, true, 3, 4);
    check_test(&p->tests[5], "b.bad", LETI_BAD, false, true, 5, 3);
    check_test(&p->tests[6], "b.bad.uncut", LETI_BAD, true, true, 5, 4);
    check_test(&p->tests[7], "test", LETI_GOOD, true, true, 7, 7);
    pipeline_close(p);
}

static void overrides_conditions_of_a_described_test_alone(void **state)
{
    (void)state;
    const char *text = with_test("{ name = 'a', problems = s .. s2, samples = 5 }");
    const char *const overrides[] = { "test.a.condition=none,bad", "a.post=both" };
    struct pipeline *p = open_with(text, overrides, 2);
    assert_int_equal(p->n_tests, 4);
    check_test(&p->tests[3], "a.bad.uncut", LETI_BAD, true, true, 2, 1);
    pipeline_close(p);
    check_refused_with(text, "test.a.bad.samples=3",
                       "--set: test \"a.bad\": it comes from \"a\" by condition and post, and has "
                       "no options of its own");
    check_refused_with(
        text, "a.bad.uncut.samples=3",
        "--set: test \"a.bad.uncut\": it comes from \"a\" by condition and post, and "
        "has no options of its own");
    check_refused_with(text, "a.condition=good,bad,good",
                       "--set: test \"a\": option \"condition\" has \"good\" twice");
    check_refused_with(text, "a.condition=",
                       "--set: test \"a\": option \"condition\" must be from 1 to 3 items, not 0");
    check_refused_with(text, "a.condition=best",
                       "--set: test \"a\": option \"condition\" must be one of good|bad|none, not "
                       "\"best\"");
    check_refused_with(text, "a.post=some",
                       "--set: test \"a\": option \"post\" must be one of task|none|both, not "
                       "\"some\"");
}

static void reads_whose_loss_is_told(void **state)
{
    (void)state;
    static const char *const values[] = { "{ problems = s .. s2 }", "s .. s2", "{ s, s2 }",
                                          "{ problems = { s, s2 } }" };
    char text[1024];
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text,
                 STAGES
                 "local u = stage 'trainer.hub' {}\nreturn pipeline { flow = g >> e >> f >> u,"
                 "\nproblems = s, validation = %s }",
                 values[i]);
        struct pipeline *p = open_with(text, NULL, 0);
        assert_int_equal(p->validation.n_sources, 2);
        assert_string_equal(p->validation.sources[1]->options.name, "problems2");
        assert_false(p->from_references);
        pipeline_close(p);
    }
}

static void refuses_validation_that_nobody_does(void **state)
{
    (void)state;
    check_refused(STAGES "return pipeline { flow = g >> e >> f >> t, problems = s,\n"
                         "validation = s2 }",
                  ":6: pipeline: validation needs a trainer that tells the loss of held-out texts, "
                  "and trainer.sound 1.0 does not");
    check_refused(STAGES "return pipeline { flow = g >> e >> f, problems = s, validation = s2 }",
                  ":6: pipeline: validation needs a trainer in the flow");
    check_refused(STAGES "return pipeline { validation = s2,\n"
                         "flow = stage 'trainer.hub' { model = 'model' } }",
                  ":6: pipeline: validation needs a formatter in the flow");
    check_refused(STAGES "return pipeline { flow = g >> e, validation = { problem = s } }",
                  ":6: validation: no option \"problem\"; it has problems");
    check_refused(STAGES "return pipeline { flow = g >> e, validation = {} }",
                  ":6: validation: problems must be set: a source stage");
    check_refused(STAGES "return pipeline { flow = g >> e, validation = { e } }",
                  ":6: validation: problems come from sources, not from evaluator "
                  "\"evaluator.sound\"");
    check_refused_with(whole, "validation=x",
                       "--set: pipeline: \"validation\" can only be set in the file");
}

static void trains_on_references(void **state)
{
    (void)state;
    const char *const overrides[] = { "samples_from=references" };
    struct pipeline *p = open_with(whole, overrides, 1);
    assert_true(p->from_references);
    pipeline_close(p);
    check_refused_with(whole, "samples_from=elsewhere",
                       "--set: pipeline: option \"samples_from\" must be one of model|references, "
                       "not \"elsewhere\"");
    check_refused_with(
        STAGES "return pipeline { flow = g >> e, problems = s }", "samples_from=references",
        ":6: pipeline: samples_from = \"references\" needs problems, and an evaluator "
        "and a formatter in the flow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_is_one_for_each_condition_cut_and_uncut),
        cmocka_unit_test(overrides_conditions_of_a_described_test_alone),
        cmocka_unit_test(reads_whose_loss_is_told),
        cmocka_unit_test(refuses_validation_that_nobody_does),
        cmocka_unit_test(trains_on_references),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
