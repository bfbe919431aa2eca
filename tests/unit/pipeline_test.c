/* pipeline_test - a pipeline file becomes the graph that it says, or an error with file and line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "pipeline_fixture.h"

static void reads_the_whole_graph(void **state)
{
    (void)state;
    struct pipeline *p = open_with(whole, NULL, 0);
    assert_string_equal(p->name, "x");
    assert_string_equal(p->file, file);
    assert_string_equal(p->text, whole);
    assert_int_equal(p->iterations, 50);
    assert_int_equal(p->seed, 7);
    assert_int_equal(p->n_stages, 6);
    assert_int_equal(p->n_evaluators, 1);
    assert_string_equal(p->formatter->plugin.desc->name, "formatter.sound");
    assert_string_equal(p->generator->options.name, "generate");
    assert_int_equal(p->generator->options.samples, 128);
    assert_true(p->generator->options.temperature == 0.5);
    assert_int_equal(p->evaluators[0]->options.replicas, 8);
    assert_string_equal(value_of(&p->evaluators[0]->settings, "timeout"), "7");
    assert_int_equal(p->evaluators[0]->placement, PLACE_PROCESS);
    assert_int_equal(p->formatter->placement, PLACE_THREAD);
    assert_int_equal(settings_get(&p->trainer->settings, "words")->n_values, 2);
    assert_int_equal(p->problems.n_sources, 1);
    assert_string_equal(p->problems.sources[0]->options.name, "problems");
    assert_int_equal(p->n_tests, 1);
    assert_string_equal(p->tests[0].name, "test");
    assert_string_equal(p->tests[0].problems.sources[0]->options.name, "problems2");
    assert_int_equal(p->tests[0].samples, 16);
    assert_true(p->tests[0].temperature == 0.2);
    assert_int_equal(p->tests[0].max_length, 512);
    assert_int_equal(p->tests[0].condition, LETI_GOOD);
    assert_int_equal(p->n_post, 2);
    assert_string_equal(p->post[1], "\nprint");
    assert_null(p->listen);
    assert_true(p->preflight && p->cache && p->infra_limit == 0.05);
    pipeline_close(p);
}

static void observers_stand_beside_the_flow(void **state)
{
    (void)state;
    static const char two[] =
        STAGES "local o = stage 'observer.sound' { epochs = 4 }\n"
               "return pipeline { problems = s, flow = g >> e,\n"
               "  observers = { o, stage 'observer.sound' { name = 'other' } } }";
    struct pipeline *p = open_with(two, (const char *const[]){ "observe.epochs=7" }, 1);
    assert_int_equal(p->n_observers, 2);
    assert_string_equal(p->observers[0]->options.name, "observe");
    assert_string_equal(p->observers[1]->options.name, "other");
    assert_string_equal(value_of(&p->observers[0]->settings, "epochs"), "7");
    assert_int_equal(p->observers[0]->options.queue, 10000);
    assert_int_equal(p->observers[0]->placement, PLACE_THREAD);
    pipeline_close(p);
    p = open_with(STAGES "return pipeline { problems = s, flow = g >> e,\n"
                         "  observers = stage 'observer.sound' {} }",
                  NULL, 0);
    assert_int_equal(p->n_observers, 1);
    pipeline_close(p);
}

static void refuses_observers_in_another_place(void **state)
{
    (void)state;
#define OBSERVER STAGES "local o = stage 'observer.sound' {}\n"
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e\n >> f >> t >> o }",
                  ":8: cannot connect trainer \"trainer.sound\" to observer \"observer.sound\": "
                  "observers are given as observers = ..., outside of the flow");
    check_refused(OBSERVER "return pipeline { flow = o }",
                  ":7: pipeline: observers are given as observers = ..., not in the flow");
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = f }",
                  ":7: pipeline: observers must be observers, not formatter \"formatter.sound\"");
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = { o, o } }",
                  ":7: pipeline: observer \"observer.sound\" is there twice");
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = { o, 3 } }",
                  ":7: pipeline: item 2 of observers must be a stage, not a number");
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = 'o' }",
                  ":7: pipeline: observers must be a stage or a list of stages, not a string");
    check_refused(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = { a = o } }",
                  ":7: pipeline: observers must be a list, without names");
    check_refused_with(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = o }",
                       "observers=x", "--set: pipeline: \"observers\" can only be set in the file");
    check_refused_with(OBSERVER "return pipeline { problems = s, flow = g >> e, observers = o }",
                       "observe.epochs=x",
                       "--set: observe (observer.sound): option \"epochs\" must be a whole "
                       "number, not \"x\"");
}

static void finds_models_and_shares_them(void **state)
{
    (void)state;
    struct pipeline *p = open_with(whole, NULL, 0);
    assert_string_equal(p->generator->options.model, in_folder("model"));
    assert_string_equal(p->trainer->options.model, in_folder("model"));
    pipeline_close(p);
    check_refused_with(
        whole, "generate.model=nowhere",
        "--set: generate (generator.sound): no model folder \"nowhere\" here, beside "
        "the pipeline or in the pipelines folder");
    check_refused("return pipeline { flow = stage 'generator.sound' {} >> stage 'evaluator.sound' "
                  "{},\n problems = stage 'source.sound' {} }",
                  ":1: generate (generator.sound): option \"model\" must be set: Folder or GGUF "
                  "file of the model to begin with.");
    check_refused("return pipeline { flow = stage 'trainer.sound' {} }",
                  ":1: train (trainer.sound): option \"model\" must be set");
}

static void reads_a_file_and_needs_no_model_for_looking(void **state)
{
    (void)state;
    struct leti_error err;
    struct pipeline *p = NULL;
    const char *text = "return pipeline { flow = stage 'trainer.sound' { model = 'nowhere' } }";
    assert_true(file_write(in_folder("pipelines/look.lua"), text, strlen(text), NULL));
    assert_false(pipeline_open("look", NULL, 0, &p, &err));
    assert_non_null(strstr(err.text, "no model folder \"nowhere\""));
    assert_true(pipeline_read("look", NULL, 0, &p, &err));
    assert_string_equal(p->name, "look");
    assert_string_equal(p->trainer->options.model, "nowhere");
    pipeline_close(p);
    assert_true(pipeline_read("pipelines/look.lua", NULL, 0, &p, &err));
    pipeline_close(p);
    assert_false(pipeline_read("loko", NULL, 0, &p, &err));
    assert_non_null(strstr(err.text, "no pipeline \"loko\" here or in "));
    assert_non_null(strstr(err.text, "; did you mean \"look\"?"));
}

static void joins_evaluators_and_sources(void **state)
{
    (void)state;
    struct pipeline *p =
        open_with(STAGES "local e2 = stage 'evaluator.sound' { name = 'style' }\n"
                         "local e3 = stage 'evaluator.sound' {}\n"
                         "return pipeline { flow = g >> (e & e2 & e3) >> f, problems = s .. s2,\n"
                         "  test = { { problems = { s, s2 .. s }, name = 'held-out' },\n"
                         "           { problems = s, condition = 'none', every = 0 } } }",
                  NULL, 0);
    assert_int_equal(p->n_evaluators, 3);
    assert_string_equal(p->evaluators[0]->options.name, "evaluate");
    assert_string_equal(p->evaluators[1]->options.name, "style");
    assert_string_equal(p->evaluators[2]->options.name, "evaluate2");
    assert_null(p->trainer);
    assert_int_equal(p->problems.n_sources, 2);
    assert_int_equal(p->n_stages, 7); /* sources once each, the trainer not at all */
    assert_int_equal(p->n_tests, 2);
    assert_string_equal(p->tests[0].name, "held-out");
    assert_int_equal(p->tests[0].problems.n_sources, 3);
    assert_string_equal(p->tests[1].name, "test");
    assert_int_equal(p->tests[1].condition, LETI_NO_TOKEN);
    assert_int_equal(p->tests[1].every, 0);
    pipeline_close(p);
}

static void runs_a_part_of_the_flow(void **state)
{
    (void)state;
    struct pipeline *p = open_with(STAGES "return pipeline { flow = e }", NULL, 0);
    assert_int_equal(p->n_evaluators, 1);
    assert_int_equal(p->n_stages, 1);
    assert_null(p->generator);
    pipeline_close(p);
    p = open_with("return pipeline { flow = stage 'trainer.sound' { model = here } }", NULL, 0);
    assert_string_equal(p->trainer->options.model, folder);
    pipeline_close(p);
}

static void refuses_kinds_that_do_not_fit(void **state)
{
    (void)state;
    check_refused(STAGES "local x = 1\nreturn pipeline { flow =\n t >> e }",
                  ":8: cannot connect trainer \"trainer.sound\" to evaluator \"evaluator.sound\": "
                  "after a trainer nothing follows");
    check_refused(STAGES "return pipeline { flow = g >> f }",
                  ":6: cannot connect generator \"generator.sound\" to formatter "
                  "\"formatter.sound\": after a generator comes an evaluator");
    check_refused(STAGES "return pipeline { flow = e >> t }",
                  ":6: cannot connect evaluator \"evaluator.sound\" to trainer "
                  "\"trainer.sound\": after an evaluator comes a formatter");
    check_refused(STAGES "return pipeline { flow = s >> g }",
                  ":6: cannot connect source \"source.sound\" to generator \"generator.sound\": "
                  "sources are given as problems = ..., outside of the flow");
    check_refused(STAGES "return pipeline { flow = g >> e & e >> f }",
                  ":6: cannot join generator \"generator.sound\": only evaluators stand side by "
                  "side: a >> (b & c) >> d");
    check_refused(STAGES "return pipeline { flow = g >> 3 }",
                  ":6: cannot connect a number: only stages can be");
    check_refused(STAGES "return pipeline { flow = g >> (e & e) }",
                  ":6: pipeline: evaluator \"evaluator.sound\" is in the flow twice");
}

static void refuses_names_that_do_not_exist(void **state)
{
    (void)state;
    check_refused("local e = stage 'evaluator.suond' {}",
                  ":1: no stage plugin \"evaluator.suond\"; did you mean \"evaluator.sound\"?");
    check_refused("\nlocal e = stage 'evaluator.sound' { timout = 3 }\nreturn pipeline{flow=e}",
                  ":2: evaluate (evaluator.sound): no option \"timout\"; did you mean "
                  "\"timeout\"?");
    check_refused("local e = stage 'evaluator.sound' { replica = 3 }\nreturn pipeline{flow=e}",
                  ":1: evaluate (evaluator.sound): no option \"replica\"; did you mean "
                  "\"replicas\"?");
    check_refused(STAGES "return pipeline { flow = e,\n iteratons = 3 }",
                  ":7: pipeline: no option \"iteratons\"; did you mean \"iterations\"?");
    check_refused(STAGES "return pipeline { flow = g >> e, tests = {} }",
                  ":6: pipeline: no option \"tests\"; did you mean \"test\"?");
    check_refused(STAGES "return pipeline { flow = g >> e,\ntest = { problems = s, sample = 3 } }",
                  ":7: test \"test\": no option \"sample\"; did you mean \"samples\"?");
}

static void points_at_the_line_of_the_option(void **state)
{
    (void)state;
    check_refused("local e = stage 'evaluator.sound' {\n"
                  "  python = 'timout = 3 }', -- timout = 4\n"
                  "  mode = 'sgd', words = { 'a' },\n"
                  "  timout = 5 }\nreturn pipeline{flow=e}",
                  ":4: evaluate (evaluator.sound): no option \"timout\"; did you mean "
                  "\"timeout\"?");
    check_refused("return pipeline {\n flow = stage 'evaluator.sound' { seed = 1 },\n seed = -1 }",
                  ":2: evaluate (evaluator.sound): no option \"seed\"; it has textual, epochs, "
                  "timeout, python, mode, words, name, placement, replicas, threads, deadline");
    check_refused("return pipeline {\n flow = stage 'evaluator.sound' { },\n seed = -1 }",
                  ":3: pipeline: option \"seed\" must be from 0 to 9e+15, not -1");
    /* Twice in the same braces: which one is meant cannot be told, so the call's line it is. */
    check_refused(STAGES "return pipeline { flow = g >> e, test = {\n"
                         "{ problems = s, every = 1 },\n { problems = s, every = -1 } } }",
                  ":6: test \"test2\": option \"every\" must be from 0 to 1000000, not -1");
}

static void refuses_values_that_do_not_fit(void **state)
{
    (void)state;
    check_refused("local e = stage 'evaluator.sound' { timeout = -1 }\nreturn pipeline{flow=e}",
                  ":1: evaluate (evaluator.sound): option \"timeout\" must be from 0.01 to 3600, "
                  "not -1");
    check_refused("local e = stage 'evaluator.sound' { epochs = 1.5 }\nreturn pipeline{flow=e}",
                  ":1: evaluate (evaluator.sound): option \"epochs\" must be a whole number, not "
                  "\"1.5\"");
    check_refused("local e = stage 'evaluator.sound' { timeout = { 1 } }\nreturn pipeline{flow=e}",
                  ":1: evaluate (evaluator.sound): option \"timeout\" takes one value, not a list");
    check_refused("stage 'evaluator.sound' { timeout = print }",
                  ":1: evaluator.sound: option \"timeout\" cannot be a function");
    check_refused("stage 'evaluator.sound' { words = { a = 1 } }",
                  ":1: evaluator.sound: option \"words\" must be a value or a list of values");
    check_refused("stage 'evaluator.sound' { words = { {} } }",
                  ":1: evaluator.sound: item 1 of \"words\" cannot be a table");
    check_refused("stage 'evaluator.sound' { python = 'a\\0b' }",
                  ":1: evaluator.sound: option \"python\" cannot be a text with a NUL");
    check_refused("stage 'evaluator.sound' { 'a' }",
                  ":1: evaluator.sound: every option must have a name, as in { name = value }");
    check_refused("local e = stage 'evaluator.sound' { placement = 'cloud' }\n"
                  "return pipeline { flow = e }",
                  ":1: evaluate (evaluator.sound): option \"placement\" must be one of "
                  "thread|process|remote, not \"cloud\"");
    check_refused(STAGES "return pipeline { flow = 'g' }",
                  ":6: pipeline: flow must be stages joined by >>, not a string");
    check_refused(STAGES "return pipeline { flow = g >> e, problems = e }",
                  ":6: pipeline: problems come from sources, not from evaluator "
                  "\"evaluator.sound\"");
    check_refused(STAGES "return pipeline { flow = g >> e, problems = {} }",
                  ":6: pipeline: problems must be a source or a list of sources, not a table "
                  "without items");
    check_refused(STAGES "return pipeline { flow = e, name = 'a/b' }",
                  ":6: the name \"a/b\" must consist of letters, digits, -, _ and .");
    check_refused("local t = stage 'trainer.sound' { model = here, replicas = 2 }\n"
                  "return pipeline { flow = t }",
                  ":1: train (trainer.sound): option \"replicas\" must be 1, not 2");
}

static void refuses_wholes_with_a_part_missing(void **state)
{
    (void)state;
    check_refused(STAGES "return pipeline { problems = s }",
                  ":6: pipeline: flow must be set: stages joined by >>");
    check_refused(STAGES "return pipeline { flow = g >> e >> f >> t }",
                  ":6: pipeline: problems must be set: a source stage");
    check_refused(STAGES "return pipeline { flow = g >> e, test = { samples = 1 } }",
                  ":6: test: problems must be set: a source stage");
    check_refused(STAGES "return pipeline { flow = e, test = { problems = s } }",
                  ":6: pipeline: test needs a generator in the flow");
    check_refused_with(STAGES "return pipeline { flow = e }", "evaluate.placement=remote",
                       ":2: evaluate is placed \"remote\": the pipeline must set listen, as in "
                       "listen = \"tcp://127.0.0.1:7461\"");
    check_refused("", ": the file must return pipeline { ... }, not a nil");
    check_refused("return {}", ": the file must return pipeline { ... }, not a table");
}

static void catches_every_error_of_the_script(void **state)
{
    (void)state;
    check_refused("return pipeline {\n flow = = }", ":2: unexpected symbol near '='");
    check_refused("local a\nreturn a.b", ":2: attempt to index a nil value (local 'a')");
    check_refused("error({})", ": the script raised a table instead of a message");
    check_refused("error()", ": the script raised a nil instead of a message");
    check_refused("error('two\\n\\tlines', 0)", "two lines" /* no place is asked for */);
    check_refused("\x1bLua", ": binary Lua; a pipeline is a text");

    struct leti_error err = { 0 };
    struct pipeline *p;
    assert_false(
        pipeline_open_text("local function f() return 1 + f() end f()", file, NULL, 0, &p, &err));
    assert_non_null(strstr(err.text, "stack overflow"));
    assert_false(pipeline_open_text("require 'no.such'", file, NULL, 0, &p, &err));
    assert_non_null(strstr(err.text, "module 'no.such' not found"));
    assert_null(strchr(err.text, '\n'));
}

static void overrides_anything(void **state)
{
    (void)state;
    const char *const overrides[] = { "train.epochs=9",  "generate.samples=4",
                                      "iterations=2",    "train.words=x,y,z",
                                      "test.samples=3",  "problems2.textual=true",
                                      "post=",           "evaluate.python=a=b.c",
                                      "train.epochs=10", "name=other" };
    struct pipeline *p = open_with(whole, overrides, sizeof overrides / sizeof *overrides);
    assert_string_equal(value_of(&p->trainer->settings, "epochs"), "10");
    assert_int_equal(p->generator->options.samples, 4);
    assert_int_equal(p->iterations, 2);
    assert_int_equal(settings_get(&p->trainer->settings, "words")->n_values, 3);
    assert_int_equal(p->tests[0].samples, 3);
    assert_string_equal(value_of(&p->tests[0].problems.sources[0]->settings, "textual"), "true");
    assert_int_equal(p->n_post, 0);
    assert_string_equal(value_of(&p->evaluators[0]->settings, "python"), "a=b.c");
    assert_string_equal(p->name, "other");
    pipeline_close(p);
}

static void records_overrides_so_that_the_text_alone_says_them(void **state)
{
    (void)state;
    const char *const overrides[] = { "train.epochs=9", "iterations=2" };
    struct pipeline *p = open_with(whole, overrides, 2);
    char expected[2048];
    snprintf(expected, sizeof expected, "%s-- --set train.epochs=9\n-- --set iterations=2\n",
             whole);
    assert_string_equal(p->text, expected);
    const char *const later[] = { "iterations=3" };
    struct pipeline *again = open_with(p->text, later, 1);
    assert_string_equal(value_of(&again->trainer->settings, "epochs"), "9");
    assert_int_equal(again->iterations, 3);
    assert_non_null(strstr(again->text, "iterations=2\n-- --set iterations=3\n"));
    pipeline_close(p);
    pipeline_close(again);
}

static void overrides_a_test_that_has_a_stages_name(void **state)
{
    (void)state;
    const char *text = STAGES "return pipeline { flow = g >> e >> f >> t, problems = s, test = {\n"
                              "{ name = 'train', problems = s }, { problems = s } } }";
    const char *const overrides[] = { "train.epochs=9", "test.every=3", "test.train.samples=5",
                                      "test.test.samples=6" };
    struct pipeline *p = open_with(text, overrides, 4);
    assert_string_equal(p->trainer->options.name, "train");
    assert_string_equal(value_of(&p->trainer->settings, "epochs"), "9");
    assert_int_equal(p->tests[0].samples, 5);
    assert_int_equal(p->tests[0].every, 3);
    assert_int_equal(p->tests[1].samples, 6);
    assert_int_equal(p->tests[1].every, 3);
    pipeline_close(p);
}

static void refuses_overrides_of_nothing(void **state)
{
    (void)state;
    check_refused_with(whole, "trian.epochs=1",
                       "--set: no stage \"trian\"; did you mean \"train\"?");
    check_refused_with(whole, "nothing.epochs=1",
                       "--set: no stage \"nothing\"; there are problems, generate, evaluate, "
                       "feedback, train, problems2, test");
    check_refused_with(whole, "train.epoch=1",
                       "--set: train (trainer.sound): no option \"epoch\"; did you mean "
                       "\"epochs\"?");
    check_refused_with(whole, "iterationes=1",
                       "--set: pipeline: no option \"iterationes\"; did you mean "
                       "\"iterations\"?");
    check_refused_with(whole, "train.epochs=many",
                       "--set: train (trainer.sound): option \"epochs\" must be a whole number, "
                       "not \"many\"");
    check_refused_with(whole, "test.temprature=1",
                       "--set: test \"test\": no option \"temprature\"; did you mean "
                       "\"temperature\"?");
    check_refused_with(whole, "flow=x", "--set: pipeline: \"flow\" can only be set in the file");
    check_refused_with(whole, "train.name=x", "--set: train: \"name\" can only be set in the file");
    check_refused_with(whole, "train.epochs",
                       "--set train.epochs: must have the form stage.option=value or option=value");
}

static void refuses_names_that_clash(void **state)
{
    (void)state;
    check_refused("local e = stage 'evaluator.sound' { name = 'a.b' }\nreturn pipeline{flow=e}",
                  ":1: the name \"a.b\" must consist of letters, digits, - and _");
    check_refused("local e = stage 'evaluator.sound' { name = ('x'):rep(101) }\n"
                  "return pipeline { flow = e }",
                  ":1: the name \"xxxxxxxxxxxxxxxxxxxx...\" has 101 bytes, 100 are allowed");
    check_refused("local e = stage 'evaluator.sound' { name = 'x' }\n"
                  "local g = stage 'generator.sound' { name = 'x', model = here }\n"
                  "return pipeline { flow = g >> e, problems = stage 'source.sound' {} }",
                  ":2: the name \"x\" is there twice");
}

static void points_into_the_pipeline_rather_than_into_a_module(void **state)
{
    (void)state;
    const char *module = "return { stage = function(options)\n"
                         "  return stage 'evaluator.sound' (options)\nend }";
    assert_true(file_write(in_folder("pipelines/tasks/made.lua"), module, strlen(module), NULL));
    check_refused("local made = require 'tasks.made'\n\n"
                  "return pipeline { flow = made.stage { timout = 3 } }",
                  ":3: evaluate (evaluator.sound): no option \"timout\"; did you mean "
                  "\"timeout\"?");
    module = "\nreturn stage 'evaluator.suond' { }";
    assert_true(file_write(in_folder("pipelines/tasks/wrong.lua"), module, strlen(module), NULL));
    struct leti_error err = { 0 };
    struct pipeline *p;
    assert_false(pipeline_open_text("require 'tasks.wrong'", file, NULL, 0, &p, &err));
    assert_non_null(strstr(err.text, "tasks/wrong.lua:2: no stage plugin \"evaluator.suond\""));
}

static void gives_scripts_their_surroundings(void **state)
{
    (void)state;
    assert_true(file_make_folders(in_folder("data"), NULL));
    assert_true(file_write(in_folder("data/d.jsonl"), "{}", 2, NULL));
    const char *module = "return { name = 'from-module' }";
    assert_true(file_write(in_folder("pipelines/tasks/m.lua"), module, strlen(module), NULL));
    assert_int_equal(setenv("LETI_TEST_VALUE", "set", 1), 0);
    struct pipeline *p = open_with(
        "local made = 0\n"
        "local function make(path)\n"
        "  made = made + 1\n"
        "  local file = assert(io.open(path, 'w')) file:write('x') file:close()\n"
        "end\n"
        "assert(cached('sub/a.txt', make) == cached('sub/a.txt', make) and made == 1)\n"
        "assert(io.open(cached('sub/a.txt', make)):read('a') == 'x')\n"
        "assert(env('LETI_TEST_VALUE') == 'set' and env('LETI_NOT_SET', 3) == 3)\n"
        "assert(data('d.jsonl') == here .. '/data/d.jsonl')\n"
        "return pipeline { flow = stage 'evaluator.sound', name = require('tasks.m').name }",
        NULL, 0);
    assert_string_equal(p->name, "from-module");
    pipeline_close(p);
    assert_true(path_is_file(in_folder("cache/leti/sub/a.txt")));
}

static void says_what_scripts_did_not_find(void **state)
{
    (void)state;
    check_refused("env('LETI_NOT_SET')", ":1: the environment variable LETI_NOT_SET must be set");
    check_refused("cached('../x', print)", ":1: \"../x\" is no name for a cached file");
    check_refused("cached('b.txt', function(path) error('no luck') end)", ":1: no luck");
    char expected[1024];
    snprintf(expected, sizeof expected,
             ":1: no data file \"no.jsonl\" in ./data, %s/data, %s/pipelines/../data, "
             "%s/pipelines/data; LETI_DATA may name the folder that it is in",
             folder, folder, folder);
    check_refused("data('no.jsonl')", expected);
    char command[256];
    snprintf(command, sizeof command, "ls %s/cache/leti/b.txt* >/dev/null 2>&1", folder);
    assert_int_not_equal(system(command), 0); /* nothing half-written is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_whole_graph),
        cmocka_unit_test(observers_stand_beside_the_flow),
        cmocka_unit_test(refuses_observers_in_another_place),
        cmocka_unit_test(finds_models_and_shares_them),
        cmocka_unit_test(reads_a_file_and_needs_no_model_for_looking),
        cmocka_unit_test(joins_evaluators_and_sources),
        cmocka_unit_test(runs_a_part_of_the_flow),
        cmocka_unit_test(refuses_kinds_that_do_not_fit),
        cmocka_unit_test(refuses_names_that_do_not_exist),
        cmocka_unit_test(points_at_the_line_of_the_option),
        cmocka_unit_test(refuses_values_that_do_not_fit),
        cmocka_unit_test(refuses_wholes_with_a_part_missing),
        cmocka_unit_test(catches_every_error_of_the_script),
        cmocka_unit_test(overrides_anything),
        cmocka_unit_test(records_overrides_so_that_the_text_alone_says_them),
        cmocka_unit_test(overrides_a_test_that_has_a_stages_name),
        cmocka_unit_test(refuses_overrides_of_nothing),
        cmocka_unit_test(refuses_names_that_clash),
        cmocka_unit_test(points_into_the_pipeline_rather_than_into_a_module),
        cmocka_unit_test(gives_scripts_their_surroundings),
        cmocka_unit_test(says_what_scripts_did_not_find),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
