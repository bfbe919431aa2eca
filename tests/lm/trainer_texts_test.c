/* trainer_texts_test - which texts trainer.fcft takes steps on, which it only tells the loss of,
 * and what of a text gives way where it is too long.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "trainer_fixture.h"

#include "train/decoder.h"

/* ---- the corpus ---- */

static void corpus_steps_can_be_left_out(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "init", "random", "lr",   "3e-3",       "batch", "4", "epochs",
                              "2",    "corpus", corpus, "corpus_mix", "false", NULL };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 9; i++)
        learn(self, "<|good|>", NULL, "pass");
    train(self, 1, "one");
    assert_true(metric("steps") == 6.0 && told.total == 6.0);
    assert_true(metric("corpus_steps") == 0.0 && metric("corpus_tokens") == 0.0);
    assert_int_equal(count_metric("corpus_loss"), 2);
    assert_true(metric("corpus_loss") != first_metric("corpus_loss"));
    assert_false(has_metric("corpus_train_loss"));
    end(self);
}

static void steps_and_tokens_are_told_apart(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "init",   "random", "batch",         "4",   "epochs", "2",
                              "corpus", corpus,   "corpus_tokens", "100", NULL };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 9; i++)
        learn(self, "<|good|>", NULL, "pass");
    train(self, 1, "one");
    assert_true(metric("fcft_steps") == 6.0 && metric("corpus_steps") == 6.0);
    assert_true(metric("fcft_tokens") == 2.0 * 9.0 * 5.0);
    assert_true(metric("corpus_tokens") == 6.0 * 100.0);
    assert_true(metric("steps") == 12.0 && metric("tokens") == 690.0);
    end(self);
}

static size_t first_place(const char *name)
{
    size_t i = 0;
    while (i < told.n_metrics && strcmp(told.metrics[i].name, name) != 0)
        i++;
    return i;
}

/* What is told after a number of steps counts as told after them. */
static void steps_are_told_before_what_they_led_to(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "corpus", path("corpus.jsonl"), NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|good|>", NULL, "pass");
    train(self, 1, "one");
    assert_int_equal(count_metric("steps"), 1);
    assert_true(first_place("corpus_loss") < first_place("steps"));
    assert_true(first_place("steps") < first_place("loss"));
    assert_true(first_place("steps") < first_place("corpus_train_loss"));
    assert_true(first_place("loss") < told.n_metrics);
    end(self);
}

/* Before the first step of all, and after each iteration. */
static void corpus_loss_has_a_beginning(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode", "corpus",        "init", "random", "corpus", corpus, "steps",
                              "20",   "corpus_tokens", "128",  "lr",     "3e-3",   NULL };
    void *self = started(options);
    load(self, "base");
    train(self, 1, "one");
    assert_int_equal(count_metric("corpus_loss"), 2);
    assert_true(fabs(first_metric("corpus_loss") - log(257.0)) < 0.3);
    assert_true(metric("corpus_loss") < first_metric("corpus_loss") - 0.5);
    train(self, 2, "two");
    assert_int_equal(count_metric("corpus_loss"), 3);
    end(self);
}

static void mode_corpus_needs_its_steps(void **state)
{
    (void)state;
    void *self = instance((const char *[]){ "mode", "corpus", "corpus", path("corpus.jsonl"),
                                            "corpus_mix", "false", NULL });
    assert_int_equal(plugin->start(self, &host), LETI_ERROR);
    assert_non_null(strstr(told.failure, "corpus_mix = false"));
    free(self);
}

/* ---- held-out texts ---- */

static enum leti_status try_validate(void *self, const char *name, const char *token,
                                     const char *text)
{
    struct leti_span spans[] = { { bytes(token), LETI_SPAN_SPECIAL },
                                 { bytes(text), LETI_SPAN_TRAIN } };
    struct leti_example example = { .problem = "p9", .spans = spans, .n_spans = 2 };
    return plugin->trainer.validate(self, name, &example);
}

static void validate(void *self, const char *name, const char *token, const char *text)
{
    if (try_validate(self, name, token, text) != LETI_OK)
        fail_msg("validate: %s", told.failure);
}

/* Mean over the counted tokens of two texts, each in a pass of its own. */
static double mean_loss(const char *name, const char *const texts[2])
{
    struct leti_error err;
    struct lm_model *model = NULL;
    struct lm_decoder *decoder = NULL;
    double sum = 0.0;
    int64_t all = 0;
    if (!lm_model_open(path(name), &model, &err) ||
        !lm_decoder_create(&model->config, 64, &decoder, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < 2; i++) {
        struct lm_ids ids = { 0 };
        double loss;
        int64_t counted;
        if (!lm_tokenizer_encode(model->tokenizer, texts[i], strlen(texts[i]), true, &ids, &err))
            fail_msg("%s", err.text);
        const int32_t starts[] = { 0, (int32_t)ids.n - 1 };
        struct lm_batch batch = { ids.ids, ids.ids + 1, starts, 1 };
        if (!lm_decoder_loss(decoder, model, &batch, &loss, &counted, NULL, &err))
            fail_msg("%s", err.text);
        sum += loss;
        all += counted;
        free(ids.ids);
    }
    lm_decoder_destroy(decoder);
    lm_model_close(model);
    return sum / (double)all;
}

static void tells_the_loss_of_held_out_texts(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "lr", "3e-3", "precision", "f32", NULL };
    static const char *const good[] = { "<|good|>one text<|endoftext|>",
                                        "<|good|>and a longer one than it<|endoftext|>" };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 8; i++)
        learn(self, "<|good|>", NULL, "one text");
    for (int i = 0; i < 8; i++)
        learn(self, "<|bad|>", NULL, "one text");
    validate(self, "good", "<|good|>", "one text");
    validate(self, "bad", "<|bad|>", "x");
    validate(self, "good", "<|good|>", "and a longer one than it");
    train(self, 1, "one");
    assert_int_equal(count_metric("good_loss"), 2);
    assert_int_equal(count_metric("bad_loss"), 2);
    double want = mean_loss("one", good);
    if (fabs(metric("good_loss") - want) > 1e-4)
        fail_msg("the loss is %g, should be %g", metric("good_loss"), want);
    assert_true(metric("good_loss") < first_metric("good_loss"));

    learn(self, "<|good|>", NULL, "one text"); /* the held-out texts were forgotten */
    train(self, 2, "two");
    assert_int_equal(count_metric("good_loss"), 2);
    learn(self, "<|good|>", NULL, "one text");
    validate(self, "good", "<|good|>", "one text");
    train(self, 3, "three");
    assert_int_equal(count_metric("good_loss"), 3);
    assert_int_equal(count_metric("bad_loss"), 2);
    end(self);
}

static void held_out_texts_change_nothing(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "lr", "3e-3", NULL };
    for (int i = 0; i < 2; i++) {
        void *self = started(options);
        load(self, "base");
        for (int k = 0; k < 20; k++)
            learn(self, "<|good|>", NULL, "one text");
        if (i)
            validate(self, "good", "<|good|>", "another");
        train(self, 1, i ? "with" : "without");
        end(self);
    }
    assert_same_file("with/model.safetensors", "without/model.safetensors");
}

static void refuses_held_out_texts_that_it_cannot_tell_of(void **state)
{
    (void)state;
    void *self = started((const char *[]){ "init", "random", NULL });
    assert_int_equal(try_validate(self, "good", "<|good|>", "x"), LETI_ERROR);
    assert_non_null(strstr(told.failure, "before a model"));
    load(self, "base");
    assert_int_equal(try_validate(self, "corpus", "<|good|>", "x"), LETI_ERROR);
    assert_non_null(strstr(told.failure, "cannot be called \"corpus\""));
    assert_int_equal(try_validate(self, "good", "<|fine|>", "x"), LETI_ERROR);
    assert_non_null(strstr(told.failure, "good, problem p9: the text has the special token"));
    end(self);
}

/* ---- cut off by the sampler ---- */

static void learn_truncated(void *self, const char *program)
{
    struct leti_span spans[] = {
        { bytes("<|bad|>"), LETI_SPAN_SPECIAL | LETI_SPAN_TRAIN },
        { bytes(program), LETI_SPAN_TRAIN | LETI_SPAN_OPEN },
    };
    struct leti_example example = { .problem = "p", .spans = spans, .n_spans = 2 };
    assert_int_equal(plugin->trainer.learn(self, &example), LETI_OK);
}

/* Trains on two whole texts and a truncated one. Returns the tokens of the steps. */
static double tokens_with_truncated(const char *truncated)
{
    void *self =
        started((const char *[]){ "init", "random", "epochs", "1", "truncated", truncated, NULL });
    load(self, "base");
    learn(self, "<|good|>", NULL, "abc");
    learn_truncated(self, "abcabcabc");
    learn(self, "<|good|>", NULL, "abc");
    train(self, 1, truncated);
    double tokens = metric("tokens");
    assert_true(metric("truncated") == 1.0);
    end(self);
    return tokens;
}

static void what_the_sampler_cut_off_can_be_dropped(void **state)
{
    (void)state;
    assert_true(tokens_with_truncated("keep") == 4.0 + 9.0 + 4.0); /* no end behind the second */
    assert_true(tokens_with_truncated("drop") == 4.0 + 4.0);
}

/* An iteration that has no other examples goes by without a step, and is forgotten. */
static void an_iteration_may_be_dropped_whole(void **state)
{
    (void)state;
    void *self =
        started((const char *[]){ "init", "random", "epochs", "1", "truncated", "drop", NULL });
    load(self, "base");
    learn_truncated(self, "abcabcabc");
    train(self, 1, "none");
    assert_true(metric("steps") == 0.0 && metric("truncated") == 1.0);
    learn(self, "<|good|>", NULL, "abc");
    train(self, 2, "some");
    assert_true(metric("steps") == 1.0 && metric("truncated") == 0.0);
    end(self);
}

/* ---- too long ---- */

/* Trains on one text of the feedback and "abc", which is to fit. Returns its tokens. */
static double tokens_of(const char *feedback, const char *max_length)
{
    void *self = started(
        (const char *[]){ "init", "random", "epochs", "1", "max_length", max_length, NULL });
    load(self, "base");
    learn(self, "<|bad|>", feedback, "abc");
    train(self, 1, "cut");
    double tokens = metric("tokens");
    end(self);
    return tokens;
}

/* What a prompt of this model is: one reward token, two brackets, "abc", end of text. */
static void feedback_gives_way_before_the_program(void **state)
{
    (void)state;
    assert_true(tokens_of("0123456789", "17") == 16.0);
    assert_true(metric("feedback_cut") == 0.0 && metric("text_cut") == 0.0);
    assert_true(tokens_of("0123456789", "12") == 11.0);
    assert_true(metric("feedback_cut") == 1.0 && metric("text_cut") == 0.0);
    assert_true(tokens_of("0123456789", "7") == 6.0); /* brackets, but nothing between them */
    assert_true(metric("feedback_cut") == 1.0 && metric("text_cut") == 0.0);
    assert_true(tokens_of("0123456789", "6") == 4.0);
    assert_true(metric("feedback_cut") == 1.0 && metric("text_cut") == 1.0);
    assert_true(tokens_of(NULL, "4") == 2.0);
    assert_true(metric("feedback_cut") == 0.0 && metric("text_cut") == 1.0);
}

/* The euro sign is three bytes, and here three tokens: one that would lose its first goes. */
static void feedback_begins_with_a_whole_character(void **state)
{
    (void)state;
    const char *text = "ab\xe2\x82\xac\xe2\x82\xac!";
    assert_true(tokens_of(text, "16") == 15.0); /* all nine bytes */
    assert_true(tokens_of(text, "14") == 13.0); /* seven */
    assert_true(tokens_of(text, "13") == 10.0); /* six fit, four are whole */
    assert_true(tokens_of(text, "11") == 10.0);
    assert_true(tokens_of(text, "10") == 7.0); /* the last one alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(corpus_steps_can_be_left_out, begin_test, end_test),
        cmocka_unit_test_setup_teardown(steps_and_tokens_are_told_apart, begin_test, end_test),
        cmocka_unit_test_setup_teardown(steps_are_told_before_what_they_led_to, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(corpus_loss_has_a_beginning, begin_test, end_test),
        cmocka_unit_test_setup_teardown(mode_corpus_needs_its_steps, begin_test, end_test),
        cmocka_unit_test_setup_teardown(tells_the_loss_of_held_out_texts, begin_test, end_test),
        cmocka_unit_test_setup_teardown(held_out_texts_change_nothing, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_held_out_texts_that_it_cannot_tell_of, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(what_the_sampler_cut_off_can_be_dropped, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(an_iteration_may_be_dropped_whole, begin_test, end_test),
        cmocka_unit_test_setup_teardown(feedback_gives_way_before_the_program, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(feedback_begins_with_a_whole_character, begin_test,
                                        end_test),
    };
    return open_plugin() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
