/* trainer_kl_test - the penalty for leaving the model that a training began from: what it counts,
 * that it holds, and that later versions still find that model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "trainer_fixture.h"

#include "train/decoder.h"

/* A trained model of single bytes, without LETI's tokens. */
static void write_trained(const char *name)
{
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode", "corpus",        "init", "random", "corpus", corpus, "steps",
                              "30",   "corpus_tokens", "256",  "lr",     "3e-3",   NULL };
    void *self = started(options);
    load(self, "base");
    train(self, 1, name);
    end(self);
}

static void learn_two(void *self)
{
    learn(self, "<|good|>", NULL, "def f(x): return x");
    learn(self, "<|bad|>", "NameError: y", "def f(x): return y");
}

/* ---- an independent computation ---- */

static struct lm_model *open_model(const char *name)
{
    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_open(path(name), &model, &err))
        fail_msg("%s", err.text);
    return model;
}

/* Log-probabilities [n][V] of a text. */
static double *log_probabilities(const struct lm_model *model, const int32_t *tokens, int32_t n)
{
    struct leti_error err;
    struct lm_decoder *decoder = NULL;
    size_t V = (size_t)model->config.vocab_size;
    const int32_t starts[] = { 0, n };
    struct lm_batch batch = { tokens, NULL, starts, 1 };
    float *logits = malloc((size_t)n * V * sizeof *logits);
    double *out = malloc((size_t)n * V * sizeof *out);
    assert_true(logits && out);
    if (!lm_decoder_create(&model->config, n, &decoder, &err) ||
        !lm_decoder_logits(decoder, model, &batch, logits, &err))
        fail_msg("%s", err.text);
    for (size_t t = 0; t < (size_t)n; t++) {
        double sum = 0.0;
        for (size_t j = 0; j < V; j++)
            sum += exp((double)logits[t * V + j]);
        for (size_t j = 0; j < V; j++)
            out[t * V + j] = (double)logits[t * V + j] - log(sum);
    }
    lm_decoder_destroy(decoder);
    free(logits);
    return out;
}

/* Mean KL(p || q), or KL(q || p), over the text's tokens whose next one is no feedback. */
static double mean_divergence(const char *p_name, const char *q_name, bool forward)
{
    struct leti_error err;
    struct lm_model *p = open_model(p_name), *q = open_model(q_name);
    struct lm_ids ids = { 0 };
    static const char text[] = "<|bad|><|lang_feedback|>NameError: y<|/lang_feedback|>"
                               "def f(x): return y<|endoftext|>";
    if (!lm_tokenizer_encode(p->tokenizer, text, strlen(text), true, &ids, &err))
        fail_msg("%s", err.text);
    size_t V = (size_t)p->config.vocab_size, first = 14, counted = 0;
    double *lp = log_probabilities(p, ids.ids, (int32_t)ids.n), sum = 0.0;
    double *lq = log_probabilities(q, ids.ids, (int32_t)ids.n);
    assert_int_equal(ids.n, 34);
    for (size_t t = first; t + 1 < ids.n; t++, counted++)
        for (size_t j = 0; j < V; j++) {
            double a = (forward ? lq : lp)[t * V + j], b = (forward ? lp : lq)[t * V + j];
            sum += exp(a) * (a - b);
        }
    lm_model_close(p);
    lm_model_close(q);
    free(ids.ids);
    free(lp);
    free(lq);
    return sum / (double)counted;
}

/* The second epoch's divergence, at a rate that then changes nothing any more. */
static void check_metric(const char *direction)
{
    write_trained("initial");
    const char *first[] = { "kl", "0.5", "lr", "1e-2", "epochs", "5", "precision", "f32", NULL };
    const char *second[] = { "kl",           "0.5",     "lr",        "0",   "epochs", "1",
                             "kl_direction", direction, "precision", "f32", NULL };
    void *self = started(first);
    load(self, "initial");
    learn_two(self);
    train(self, 1, "one");
    assert_true(metric("kl") > 0.0);
    end(self);

    self = started((const char *[]){ "lr", "0", "precision", "f32", NULL });
    load(self, "initial"); /* the initial model with the same new tokens */
    learn(self, "<|good|>", NULL, "x");
    train(self, 1, "zero");
    assert_false(has_metric("kl"));
    end(self);

    self = started(second);
    load(self, "one");
    learn(self, "<|bad|>", "NameError: y", "def f(x): return y");
    train(self, 2, "two");
    double want = mean_divergence("one", "zero", !strcmp(direction, "forward"));
    if (!(want > 1e-3) || fabs(metric("kl") / want - 1.0) > 1e-3)
        fail_msg("kl is %g, should be %g", metric("kl"), want);
    end(self);
}

static void tells_the_reverse_divergence_of_all_but_feedback(void **state)
{
    (void)state;
    check_metric("reverse");
}

static void tells_the_forward_divergence_of_all_but_feedback(void **state)
{
    (void)state;
    check_metric("forward");
}

/* ---- what it does ---- */

static double divergence_after(const char *kl, const char *const *more)
{
    const char *options[32] = { "kl", kl, "lr", "3e-3", "epochs", "20", "precision", "f32" };
    for (size_t i = 8; *more; i++)
        options[i] = *more++;
    void *self = started(options);
    load(self, "initial");
    learn_two(self);
    train(self, 1, "held");
    double divergence = metric("kl");
    end(self);
    return divergence;
}

static void holds_the_model(void **state)
{
    (void)state;
    const char *const none[] = { NULL }, *const recomputing[] = { "recompute", "true", NULL };
    const char *const small[] = { "micro_tokens", "20", NULL };
    write_trained("initial");
    double free_one = divergence_after("1e-6", none), held = divergence_after("10", none);
    if (!(held < 0.5 * free_one))
        fail_msg("held it diverges by %g, free by %g", held, free_one);
    assert_true(fabs(divergence_after("10", recomputing) / held - 1.0) < 1e-3);
    assert_true(fabs(divergence_after("10", small) / held - 1.0) < 1e-2); /* two passes a step */
}

/* Before its first step the model is the initial one, new tokens' rows and all. */
static void nothing_diverges_at_first(void **state)
{
    (void)state;
    write_trained("initial");
    const char *options[] = { "kl", "1", "lr", "0", NULL };
    void *self = started(options);
    load(self, "initial");
    learn_two(self);
    train(self, 1, "one");
    assert_true(metric("kl") == 0.0);
    end(self);
}

static void counts_no_feedback(void **state)
{
    (void)state;
    struct leti_span feedback = { bytes("all of it"), LETI_SPAN_TRAIN | LETI_SPAN_FEEDBACK };
    feedback.flags |= LETI_SPAN_OPEN;
    struct leti_example example = { .problem = "p", .spans = &feedback, .n_spans = 1 };
    write_trained("initial");
    void *self = started((const char *[]){ "kl", "1", "lr", "1e-2", NULL });
    load(self, "initial");
    assert_int_equal(plugin->trainer.learn(self, &example), LETI_OK);
    train(self, 1, "one");
    assert_false(has_metric("kl"));
    assert_true(has_metric("loss"));
    end(self);
}

/* ---- later versions ---- */

static void resume_with(const char *const *options)
{
    write_trained("initial");
    void *stays = started(options);
    load(stays, "initial");
    learn_two(stays);
    train(stays, 1, "one");
    void *comes_back = started(options);
    load(comes_back, "one");
    learn_two(stays);
    learn_two(comes_back);
    train(stays, 2, "stayed");
    double divergence = metric("kl");
    train(comes_back, 2, "back");
    assert_true(metric("kl") == divergence && divergence > 0.0);
    assert_same_file("stayed/model.safetensors", "back/model.safetensors");
    assert_same_file("stayed/trainer_initial.json", "back/trainer_initial.json");
    assert_same_file("one/trainer_initial.json", "back/trainer_initial.json");
    end(stays);
    end(comes_back);
}

static void resumes_to_the_bit(void **state)
{
    (void)state;
    resume_with((const char *[]){ "kl", "0.3", "lr", "1e-2", NULL });
}

static void resumes_an_adapter_to_the_bit(void **state)
{
    (void)state;
    resume_with((const char *[]){ "kl", "0.3", "lr", "1e-2", "lora_rank", "4", NULL });
}

/* The second iteration, on version "one". */
static void assert_untrainable(const char *why)
{
    void *self = started((const char *[]){ "kl", "1", NULL });
    load(self, "one");
    learn_two(self);
    assert_int_equal(try_train(self, 2, "none"), LETI_ERROR);
    if (!strstr(told.failure, why))
        fail_msg("'%s' does not say '%s'", told.failure, why);
    end(self);
}

static void names_the_initial_model_that_is_gone(void **state)
{
    (void)state;
    write_trained("initial");
    const char *options[] = { "kl", "0.3", NULL };
    void *self = started(options);
    load(self, "initial");
    learn_two(self);
    train(self, 1, "one");
    end(self);
    assert_int_equal(rename(path("initial"), path("gone")), 0);
    assert_untrainable("/initial/config.json");
    write_file("one/trainer_initial.json", "{\"model\": 5}");
    assert_untrainable("trainer_initial.json: model is no folder");
    self = started((const char *[]){ NULL }); /* whoever needs it not goes on without */
    write_file("one/trainer_initial.json", "{\"model\": \"/nowhere\"}");
    load(self, "one");
    train(self, 2, "two");
    end(self);
    size_t size;
    char *kept = read_file("two/trainer_initial.json", &size);
    assert_non_null(strstr(kept, "\"/nowhere\""));
    free(kept);
}

static void refuses_an_initial_model_of_another_shape(void **state)
{
    (void)state;
    char json[PATH_MAX + 32];
    write_trained("initial");
    void *self = started((const char *[]){ NULL });
    load(self, "initial");
    learn_two(self);
    train(self, 1, "one");
    end(self);
    write_model("other"); /* without parameters */
    snprintf(json, sizeof json, "{\"model\": \"%s\"}", path("other"));
    write_file("one/trainer_initial.json", json);
    assert_untrainable("where the training began: ");
    snprintf(json, sizeof json, "{\"model\": \"%s\"}", path("larger"));
    write_file("one/trainer_initial.json", json);
    self = started((const char *[]){ "tokens", "<|1|>\n<|2|>\n<|3|>\n<|4|>\n<|5|>", NULL });
    load(self, "initial");
    train(self, 1, "larger");
    end(self);
    assert_untrainable("/larger: it has 262 tokens, the model in training 261");
}

/* What a run begins from may be a version of another training. */
static void a_new_run_begins_anew(void **state)
{
    (void)state;
    const char *options[] = { "kl", "1", "lr", "1e-2", NULL };
    write_trained("initial");
    void *self = started(options);
    load(self, "initial");
    learn_two(self);
    train(self, 1, "one");
    end(self);
    self = started((const char *[]){ "kl", "1", "lr", "0", NULL });
    load(self, "one");
    learn_two(self);
    train(self, 1, "again");
    assert_true(metric("kl") == 0.0);
    end(self);
    self = started(options);
    load(self, "one");
    learn_two(self);
    train(self, 2, "two");
    assert_true(metric("kl") > 0.0);
    end(self);
}

static void refuses_what_has_no_steps_on_examples(void **state)
{
    (void)state;
    void *self = instance(
        (const char *[]){ "mode", "corpus", "corpus", path("corpus.jsonl"), "kl", "1", NULL });
    assert_int_equal(plugin->start(self, &host), LETI_ERROR);
    assert_non_null(strstr(told.failure, "kl is for steps on examples"));
    free(self);
}

static void warns_of_a_direction_without_weight(void **state)
{
    (void)state;
    void *self = started((const char *[]){ "kl_direction", "forward", NULL });
    assert_string_equal(told.warning, "kl_direction = \"forward\" has no effect without kl");
    end(self);
    memset(told.warning, 0, sizeof told.warning);
    self = started((const char *[]){ "kl_direction", "forward", "kl", "1", NULL });
    assert_string_equal(told.warning, "");
    end(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_the_reverse_divergence_of_all_but_feedback,
                                        begin_test, end_test),
        cmocka_unit_test_setup_teardown(tells_the_forward_divergence_of_all_but_feedback,
                                        begin_test, end_test),
        cmocka_unit_test_setup_teardown(holds_the_model, begin_test, end_test),
        cmocka_unit_test_setup_teardown(nothing_diverges_at_first, begin_test, end_test),
        cmocka_unit_test_setup_teardown(counts_no_feedback, begin_test, end_test),
        cmocka_unit_test_setup_teardown(resumes_to_the_bit, begin_test, end_test),
        cmocka_unit_test_setup_teardown(resumes_an_adapter_to_the_bit, begin_test, end_test),
        cmocka_unit_test_setup_teardown(names_the_initial_model_that_is_gone, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_an_initial_model_of_another_shape, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(a_new_run_begins_anew, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_what_has_no_steps_on_examples, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(warns_of_a_direction_without_weight, begin_test, end_test),
    };
    return open_plugin() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
