/* generator_test - generator.lm behind its contract, opened as the host opens it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leti/plugin.h"
#include "model/model.h"
#include "scratch.h"

static const struct leti_plugin *plugin;

/* ---- a host that records ---- */

enum { MAX_OUTPUTS = 256 };

static struct {
    struct output {
        uint64_t request;
        uint32_t index, tokens;
        enum leti_finish finish;
        double logprob; /* of all tokens */
        char raw[4096];
        size_t size;
    } outputs[MAX_OUTPUTS];
    size_t n;
    char failure[1024];
    double tokens_per_second;
} told;

static void host_metric(const struct leti_host *host, const char *name, double value)
{
    (void)host;
    assert_string_equal(name, "tokens_per_second");
    told.tokens_per_second = value;
}

__attribute__((format(printf, 2, 3))) static enum leti_status host_fail(
    const struct leti_host *host, const char *format, ...)
{
    (void)host;
    va_list args;
    va_start(args, format);
    vsnprintf(told.failure, sizeof told.failure, format, args);
    va_end(args);
    return LETI_ERROR;
}

static void host_emit(const struct leti_host *host, const struct leti_output *output)
{
    (void)host;
    assert_in_range(told.n, 0, MAX_OUTPUTS - 1);
    struct output *to = &told.outputs[told.n++];
    *to = (struct output){ .request = output->request,
                           .index = output->index,
                           .tokens = output->tokens,
                           .finish = output->finish,
                           .size = output->raw.size };
    assert_in_range(to->size, 0, sizeof to->raw - 1);
    memcpy(to->raw, output->raw.data, to->size + 1);
    assert_int_equal(to->raw[to->size], 0);
    assert_non_null(output->logprobs);
    for (uint32_t i = 0; i < output->tokens; i++) { /* end-of-text is one of them */
        assert_true(output->logprobs[i] <= 1e-6f && output->logprobs[i] > -100.0f);
        to->logprob += (double)output->logprobs[i];
    }
}

static const struct leti_host host = {
    .size = sizeof(struct leti_host),
    .stage = "generate",
    .run_dir = ".",
    .threads = 2,
    .seed = 1,
    .metric = host_metric,
    .fail = host_fail,
    .emit = host_emit,
};

/* ---- instances ---- */

static void set(void *instance, const char *name, const char *value)
{
    for (const struct leti_option *o = plugin->options; o->name; o++) {
        if (strcmp(o->name, name) != 0)
            continue;
        char *field = (char *)instance + o->offset;
        if (o->type == LETI_INT)
            *(int64_t *)field = strtoll(value, NULL, 10);
        else if (o->type == LETI_BOOL)
            *(bool *)field = !strcmp(value, "true");
        else
            *(const char **)field = value;
        return;
    }
    fail_msg("there is no option %s", name);
}

static void *start(void)
{
    void *instance = calloc(1, plugin->instance_size);
    assert_non_null(instance);
    for (const struct leti_option *o = plugin->options; o->name; o++)
        set(instance, o->name, o->initial);
    assert_int_equal(plugin->start(instance, &host), LETI_OK);
    memset(&told, 0, sizeof told);
    return instance;
}

static void stop(void *instance)
{
    plugin->stop(instance);
    free(instance);
}

/* An untrained nano with the reward tokens, or without them, and without an end-of-text token:
 * samples end where the test says. */
static const char *make_model(const char *name, uint64_t seed, size_t n_tokens)
{
    static const char *const tokens[] = { "<|good|>", "<|bad|>" };
    struct leti_error err;
    struct lm_model *model;
    int32_t ids[2];
    const char *from = scratch_path(getenv("LETI_SOURCE_DIR"), "pipelines/nano");
    const char *dir = scratch_path(scratch_dir, name);
    if (!lm_model_random(from, seed, &model, &err) ||
        !lm_model_add_specials(model, tokens, n_tokens, 1, ids, &err))
        fail_msg("%s", err.text);
    model->config.eos = -1;
    if (!lm_model_save(model, NULL, dir, LM_F32, &err))
        fail_msg("%s", err.text);
    lm_model_close(model);
    return dir;
}

static void *start_loaded(void)
{
    void *instance = start();
    assert_int_equal(plugin->generator.load(instance, make_model("model", 5, 2)), LETI_OK);
    return instance;
}

static const struct leti_problem problem = {
    .id = "sum/1",
    .prompt = { "def f(x):\n", 10 },
};

static struct leti_request request(uint64_t id, uint32_t first, uint32_t samples)
{
    return (struct leti_request){ .id = id,
                                  .problem = &problem,
                                  .first = first,
                                  .samples = samples,
                                  .seed = 77,
                                  .temperature = 1,
                                  .top_p = 1,
                                  .max_length = 40 };
}

static void submit(void *instance, struct leti_request r)
{
    assert_int_equal(plugin->generator.submit(instance, &r), LETI_OK);
}

static void run(void *instance)
{
    enum leti_status status;
    do
        status = plugin->generator.step(instance);
    while (status == LETI_OK);
    assert_int_equal(status, LETI_DONE);
}

static const struct output *find(uint64_t id, uint32_t index)
{
    const struct output *found = NULL;
    for (size_t i = 0; i < told.n; i++)
        if (told.outputs[i].request == id && told.outputs[i].index == index) {
            assert_null(found);
            found = &told.outputs[i];
        }
    assert_non_null(found);
    return found;
}

static void assert_same(const struct output *a, const struct output *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->raw, b->raw, a->size);
    assert_int_equal(a->tokens, b->tokens);
}

/* ---- claims ---- */

static void every_sample_asked_for_comes_once(void **state)
{
    (void)state;
    void *instance = start_loaded();
    submit(instance, request(1, 0, 8));
    submit(instance, request(2, 5, 3));
    submit(instance, request(3, 0, 0));
    run(instance);
    assert_int_equal(told.n, 11);
    for (uint32_t i = 0; i < 8; i++)
        find(1, i);
    for (uint32_t i = 5; i < 8; i++)
        find(2, i);
    assert_true(told.tokens_per_second > 0);
    assert_int_equal(plugin->generator.step(instance), LETI_DONE);
    stop(instance);
}

static void a_sample_follows_from_seed_and_index_alone(void **state)
{
    (void)state;
    void *instance = start_loaded();
    submit(instance, request(1, 0, 8));
    run(instance);
    submit(instance, request(2, 5, 3));
    run(instance);
    for (uint32_t i = 5; i < 8; i++)
        assert_same(find(1, i), find(2, i));
    assert_string_not_equal(find(1, 0)->raw, find(1, 1)->raw);
    stop(instance);
}

static void the_reward_token_stands_in_front(void **state)
{
    (void)state;
    void *instance = start_loaded();
    const enum leti_condition conditions[] = { LETI_NO_TOKEN, LETI_GOOD, LETI_BAD };
    for (uint64_t i = 0; i < 3; i++) {
        struct leti_request r = request(i, 0, 1);
        r.condition = conditions[i];
        r.max_length = 300;
        submit(instance, r);
    }
    struct leti_problem spelt = problem; /* the name in the text is not the token */
    spelt.prompt = (struct leti_bytes){ "<|good|>def f(x):\n", 18 };
    struct leti_request r = request(3, 0, 1);
    r.problem = &spelt;
    r.max_length = 300;
    submit(instance, r);
    run(instance);
    for (uint64_t i = 0; i < 4; i++)
        for (uint64_t j = 0; j < i; j++)
            assert_string_not_equal(find(i, 0)->raw, find(j, 0)->raw);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(find(i, 0)->finish, LETI_FINISH_LENGTH);
    assert_int_equal(find(0, 0)->tokens, find(1, 0)->tokens + 1);
    assert_true(find(3, 0)->tokens < find(1, 0)->tokens); /* as text, it takes several tokens */
    stop(instance);
}

static void a_missing_reward_token_is_named(void **state)
{
    (void)state;
    void *instance = start();
    assert_int_equal(plugin->generator.load(instance, make_model("plain", 5, 0)), LETI_OK);
    struct leti_request r = request(1, 0, 1);
    r.condition = LETI_BAD;
    assert_int_equal(plugin->generator.submit(instance, &r), LETI_ERROR);
    assert_string_equal(told.failure,
                        "problem sum/1: the model's tokenizer has no token \"<|bad|>\"");
    submit(instance, request(2, 0, 1));
    run(instance);
    assert_int_equal(told.n, 1);
    stop(instance);
}

static void a_prompt_that_is_too_long_is_refused_with_both_numbers(void **state)
{
    (void)state;
    void *instance = start_loaded();
    struct leti_request r = request(1, 0, 4);
    r.max_length = 2;
    assert_int_equal(plugin->generator.submit(instance, &r), LETI_ERROR);
    assert_non_null(strstr(told.failure, "problem sum/1: a prompt of "));
    assert_non_null(strstr(told.failure, " tokens leaves no room within max_length 2"));
    r.max_length = 513;
    assert_int_equal(plugin->generator.submit(instance, &r), LETI_ERROR);
    assert_string_equal(told.failure, "problem sum/1: max_length 513 is not within 1 and 512");
    assert_int_equal(plugin->generator.step(instance), LETI_DONE);
    stop(instance);
}

static void a_stop_string_is_kept_with_its_grace(void **state)
{
    (void)state;
    void *instance = start_loaded();
    struct leti_request r = request(1, 0, 1);
    r.max_length = 500;
    submit(instance, r);
    run(instance);
    const struct output *whole = find(1, 0);
    char item[5] = "";
    memcpy(item, whole->raw + 100, 4);
    assert_int_equal(strlen(item), 4);
    const char *items[] = { item };
    r.stops = (struct leti_list){ items, 1 };
    r.id = 2;
    submit(instance, r);
    run(instance);
    const struct output *cut = find(2, 0);
    size_t match = (size_t)(strstr(whole->raw, item) - whole->raw) + 4;
    assert_int_equal(cut->finish, LETI_FINISH_STOP);
    assert_in_range(cut->size, match + 160, match + 160 + 64);
    assert_memory_equal(cut->raw, whole->raw, cut->size);
    assert_true(cut->tokens < whole->tokens);
    stop(instance);
}

static void cancel_leaves_nothing_open(void **state)
{
    (void)state;
    void *instance = start_loaded();
    for (uint64_t i = 0; i < 20; i++) {
        struct leti_request r = request(i, 0, 100);
        r.max_length = 512;
        submit(instance, r);
    }
    assert_int_equal(plugin->generator.step(instance), LETI_OK);
    plugin->generator.cancel(instance);
    told.n = 0;
    assert_int_equal(plugin->generator.step(instance), LETI_DONE);
    assert_int_equal(told.n, 0);
    submit(instance, request(1, 0, 2));
    run(instance);
    assert_int_equal(told.n, 2);
    stop(instance);
}

static void a_newer_model_replaces_the_older(void **state)
{
    (void)state;
    void *instance = start_loaded();
    submit(instance, request(1, 0, 1));
    run(instance);
    assert_int_equal(plugin->generator.load(instance, make_model("newer", 6, 2)), LETI_OK);
    submit(instance, request(2, 0, 1));
    run(instance);
    assert_string_not_equal(find(1, 0)->raw, find(2, 0)->raw);
    stop(instance);
}

static void without_a_model_there_are_no_samples(void **state)
{
    (void)state;
    void *instance = start();
    struct leti_request r = request(1, 0, 1);
    assert_int_equal(plugin->generator.submit(instance, &r), LETI_ERROR);
    assert_string_equal(told.failure, "problem sum/1 came before a model was loaded");
    assert_int_equal(plugin->generator.load(instance, scratch_path(scratch_dir, "none")),
                     LETI_ERROR);
    assert_non_null(strstr(told.failure, "none/config.json"));
    assert_int_equal(plugin->generator.step(instance), LETI_DONE);
    plugin->generator.cancel(instance);
    stop(instance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_asked_for_comes_once),
        cmocka_unit_test(a_sample_follows_from_seed_and_index_alone),
        cmocka_unit_test(the_reward_token_stands_in_front),
        cmocka_unit_test(a_missing_reward_token_is_named),
        cmocka_unit_test(a_prompt_that_is_too_long_is_refused_with_both_numbers),
        cmocka_unit_test(a_stop_string_is_kept_with_its_grace),
        cmocka_unit_test(cancel_leaves_nothing_open),
        cmocka_unit_test(a_newer_model_replaces_the_older),
        cmocka_unit_test(without_a_model_there_are_no_samples),
    };
    char file[PATH_MAX];
    const char *plugins = getenv("LETI_PLUGIN_PATH");
    snprintf(file, sizeof file, "%s/generator.lm.so", plugins ? plugins : ".");
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library)
        plugin = dlsym(library, "leti_plugin");
    if (!plugin) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
