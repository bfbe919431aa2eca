/* command_multiple_test - problems of MultiPL-E are judged as they come: prompt, a model's
 * continuation and the tests of the data set, in JavaScript and in Lua.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define PLUGIN "evaluator.command.so"
#define PLUGIN_HELPER "leti-jail"
#include "jail_test.h"

#include <jansson.h>

struct answer {
    const char *file, *language, *problem, *right, *wrong;
};

static const struct answer answers[] = {
    { "humaneval-js-reworded.json", "javascript", "HumanEval_23_strlen",
      "  return string.length;\n}", "  return 1;\n}" },
    { "humaneval-js-reworded.json", "javascript", "HumanEval_28_concatenate",
      "  return strings.join('');\n}", "  return strings.join(' ');\n}" },
    { "mbpp-js-reworded.json", "javascript", "mbpp_404_minimum", "  return Math.min(a, b);\n}",
      "  return Math.max(a, b);\n}" },
    { "humaneval-lua-reworded.json", "lua", "HumanEval_23_strlen", "  return #string\nend",
      "  return 1\nend" },
    { "humaneval-lua-reworded.json", "lua", "HumanEval_28_concatenate",
      "  return table.concat(strings)\nend", "  return table.concat(strings, ' ')\nend" },
    { "mbpp-lua-reworded.json", "lua", "mbpp_404_minimum", "  return math.min(a, b)\nend",
      "  return math.max(a, b)\nend" },
};

static json_t *load(const char *file)
{
    char path[4096];
    json_error_t why;
    snprintf(path, sizeof path, "%s/multipl-e/%s", getenv("LETI_DATA"), file);
    json_t *root = json_load_file(path, 0, &why);
    if (!root)
        fail_msg("%s: %s", path, why.text);
    return root;
}

static const char *text_of(const json_t *problem, const char *key)
{
    const char *text = json_string_value(json_object_get(problem, key));
    assert_non_null(text);
    return text;
}

static const json_t *find(const json_t *root, const char *name)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        if (strcmp(text_of(json_array_get(root, i), "name"), name) == 0)
            return json_array_get(root, i);
    fail_msg("no problem %s", name);
    return NULL;
}

static struct leti_verdict judge_problem(struct fake_host *fake, const json_t *problem,
                                         const char *program)
{
    struct leti_problem given = { .id = text_of(problem, "name"),
                                  .prompt = bytes_of(text_of(problem, "prompt")),
                                  .tests = bytes_of(text_of(problem, "tests")),
                                  .reference = bytes_of("") };
    return fake_judge(fake, &given, bytes_of(program));
}

static void start_language(struct fake_host *fake, const char *language)
{
    assert_true(fake_open(fake, PLUGIN) && fake_set(fake, "language", language));
    if (!fake_start(fake))
        fail_msg("%s", fake->said);
}

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *answer = &answers[i];
        struct fake_host fake;
        start_language(&fake, answer->language);
        json_t *root = load(answer->file);
        const json_t *problem = find(root, answer->problem);
        struct leti_verdict v = judge_problem(&fake, problem, answer->right);
        if (v.outcome != LETI_PASSED)
            fail_msg("%s: %s: %s", answer->problem, v.reason, v.feedback.data);
        v = judge_problem(&fake, problem, answer->wrong);
        assert_int_equal(v.outcome, LETI_FAILED);
        assert_string_equal(v.reason, "exit");
        assert_true(v.feedback.size > 0);
        json_decref(root);
        fake_close(&fake, true);
    }
}

static void every_tenth_problem_tells_an_empty_function_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *file, *language, *program;
    } sets[] = { { "humaneval-js-reworded.json", "javascript", "}" },
                 { "mbpp-js-reworded.json", "javascript", "}" },
                 { "humaneval-lua-reworded.json", "lua", "end" },
                 { "mbpp-lua-reworded.json", "lua", "end" } };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct fake_host fake;
        start_language(&fake, sets[i].language);
        json_t *root = load(sets[i].file);
        assert_true(json_array_size(root) > 100);
        for (size_t j = 0; j < json_array_size(root); j += 10) {
            struct leti_verdict v = judge_problem(&fake, json_array_get(root, j), sets[i].program);
            if (strcmp(v.reason, "exit") != 0 || v.feedback.size == 0)
                fail_msg("problem %zu of %s: %s: %s", j, sets[i].file, v.reason, v.feedback.data);
        }
        json_decref(root);
        fake_close(&fake, true);
    }
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(every_tenth_problem_tells_an_empty_function_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
