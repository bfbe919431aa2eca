/* trainer_test - trainer.fcft behind its contract: what it learns, what it writes, what it refuses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "trainer_fixture.h"

/* ---- pre-training ---- */

static void pre_trains_from_random_parameters(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode",          "corpus", "init",   "random", "corpus",
                              corpus,          "steps",  "60",     "lr",     "3e-3",
                              "corpus_tokens", "256",    "warmup", "5",      "decay",
                              "0.3",           NULL };
    void *self = started(options);
    load(self, "base");
    train(self, 1, "one");
    double first = metric("corpus_loss");
    assert_true(first < 3.0); /* ln 257 = 5.5 to begin with */
    assert_true(metric("steps") == 60.0);
    assert_true(metric("tokens") == 60.0 * 256.0);
    assert_false(has_metric("loss"));
    assert_true(told.total == 60.0 && told.done == 60.0);
    train(self, 2, "two");
    assert_true(metric("corpus_loss") < first);
    end(self);

    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_open(path("two"), &model, &err))
        fail_msg("%s", err.text);
    assert_int_equal(model->config.vocab_size, 257); /* special tokens come when it is trained */
    lm_model_close(model);
}

/* What is read back from disk goes on exactly where what stayed in memory goes on. */
static void resumes_to_the_bit(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode", "fcft",          "init", "random", "corpus", corpus,   "lr",
                              "1e-3", "corpus_tokens", "128",  "batch",  "4",      "epochs", "2",
                              NULL };
    void *stays = started(options);
    load(stays, "base");
    for (int i = 0; i < 10; i++)
        learn(stays, i % 2 ? "<|good|>" : "<|bad|>", i % 2 ? NULL : "NameError", "def f(): pass");
    train(stays, 1, "one");
    void *comes_back = started(options);
    load(comes_back, "one");
    for (int i = 0; i < 7; i++) {
        learn(stays, "<|good|>", NULL, "def g(): return 1");
        learn(comes_back, "<|good|>", NULL, "def g(): return 1");
    }
    train(stays, 2, "stayed");
    train(comes_back, 2, "back");
    assert_same_file("stayed/model.safetensors", "back/model.safetensors");
    assert_same_file("stayed/optimizer.safetensors", "back/optimizer.safetensors");
    assert_same_file("stayed/trainer_state.json", "back/trainer_state.json");
    assert_same_file("stayed/tokenizer.json", "back/tokenizer.json");
    end(stays);
    end(comes_back);
}

/* ---- fine-tuning ---- */

static void learns_examples(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "lr", "3e-3", "batch", "4", "epochs", "1", NULL };
    void *self = started(options);
    double first = 0.0;
    load(self, "base");
    for (uint32_t iteration = 1; iteration <= 3; iteration++) {
        for (int i = 0; i < 40; i++)
            learn(self, "<|good|>", NULL, "def f(x): return x");
        char out[] = { 'v', (char)('0' + iteration), '\0' };
        train(self, iteration, out);
        first = iteration == 1 ? metric("loss") : first;
        assert_true(metric("steps") == 10.0);
        assert_true(metric("tokens") == 40.0 * 19.0); /* 1 + 18 + end of text, less the last */
    }
    fprintf(stderr, "%g %g\n", first, metric("loss"));
    assert_true(metric("loss") < 0.6 * first);
    assert_false(has_metric("corpus_loss"));
    end(self);

    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_open(path("v3"), &model, &err))
        fail_msg("%s", err.text);
    assert_int_equal(model->config.vocab_size, 261);
    assert_int_equal(lm_tokenizer_special(model->tokenizer, "<|good|>"), 257);
    assert_int_equal(lm_tokenizer_special(model->tokenizer, "<|/lang_feedback|>"), 260);
    lm_model_close(model);
}

static void follows_each_step_by_one_on_the_corpus(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "init", "random", "lr",   "3e-3",          "batch", "4", "epochs",
                              "2",    "corpus", corpus, "corpus_tokens", "100",   NULL };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 9; i++)
        learn(self, "<|good|>", NULL, "pass");
    train(self, 1, "one");
    assert_true(metric("steps") == 12.0);                           /* 2 epochs x 3 batches x 2 */
    assert_true(metric("tokens") == 2.0 * 9.0 * 5.0 + 6.0 * 100.0); /* in two blocks */
    assert_true(has_metric("loss") && has_metric("corpus_loss"));
    end(self);
}

static void control_takes_the_corpus_steps_alone(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "init", "random", "mode", "corpus",        "batch", "4", "epochs",
                              "2",    "corpus", corpus, "corpus_tokens", "64",    NULL };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 9; i++)
        learn(self, "<|good|>", NULL, "pass");
    train(self, 1, "one");
    assert_true(metric("steps") == 6.0);
    assert_true(metric("tokens") == 6.0 * 64.0);
    assert_false(has_metric("loss"));
    end(self);
}

/* The gradient is normalised by the whole batch, in however many passes it is computed. */
static void passes_change_nothing(void **state)
{
    (void)state;
    const char *one[] = { "init", "random", "lr", "1e-3", NULL };
    const char *many[] = { "init", "random", "lr", "1e-3", "micro_tokens", "20", NULL };
    double loss[2];
    for (int i = 0; i < 2; i++) {
        void *self = started(i ? many : one);
        load(self, "base");
        learn(self, "<|good|>", NULL, "a short one");
        learn(self, "<|bad|>", "because of a traceback", "a longer one than the first is");
        learn(self, "<|good|>", NULL, "x");
        train(self, 1, i ? "many" : "one");
        loss[i] = metric("loss");
        end(self);
    }
    assert_true(fabs(loss[0] - loss[1]) < 1e-4);
}

static double tokens_of(const char *feedback, const char *text, const char *max_length)
{
    const char *options[] = { "init", "random", "epochs", "1", "max_length", max_length, NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|bad|>", feedback, text);
    train(self, 1, "cut");
    double tokens = metric("tokens");
    end(self);
    return tokens;
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    const char *long_text =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    assert_true(tokens_of("0123456789", "abc", "0") == 3 + 10 + 3);
    assert_true(tokens_of("0123456789", "abc", "12") == 11.0);
    assert_true(tokens_of("0123456789", "abcdefghijkl", "8") == 6.0); /* no end of text */
    assert_true(tokens_of(long_text, "abc", "0") == 63.0);            /* 64 positions */
    assert_true(tokens_of(NULL, long_text, "0") == 62.0);
}

static void ends_no_text_that_is_open(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "epochs", "1", "max_length", "6", NULL };
    const struct {
        const char *text;
        uint32_t flags;
        double tokens; /* 1 + those of the text + end of text, less the last */
    } cases[] = { { "abcd", 0, 5 },
                  { "abcd", LETI_SPAN_OPEN, 4 },
                  { "abcde", 0, 4 },
                  { "abcde", LETI_SPAN_OPEN, 5 },
                  { "abcdef", LETI_SPAN_OPEN, 5 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *self = started(options);
        load(self, "base");
        learn_span(self, "<|bad|>", NULL, cases[i].text, cases[i].flags);
        train(self, 1, "open");
        assert_true(metric("tokens") == cases[i].tokens);
        end(self);
    }
}

static enum leti_status learn_special(void *self, const char *name)
{
    struct leti_span spans[] = { { bytes(name), LETI_SPAN_TRAIN | LETI_SPAN_SPECIAL },
                                 { bytes("pass"), LETI_SPAN_TRAIN } };
    struct leti_example example = { .problem = "p7", .index = 3, .spans = spans, .n_spans = 2 };
    return plugin->trainer.learn(self, &example);
}

/* A token that only the formatter knows would be one that no prompt ever starts with. */
static void refuses_a_token_that_it_was_not_told_of(void **state)
{
    (void)state;
    void *self = started((const char *[]){ "init", "random", NULL });
    load(self, "base");
    assert_int_equal(learn_special(self, "<|excellent|>"), LETI_ERROR);
    assert_string_equal(told.failure, "problem p7, sample 3: the text has the special token "
                                      "\"<|excellent|>\", which neither the model nor the option "
                                      "tokens has (<|good|>, <|bad|>, <|lang_feedback|>, "
                                      "<|/lang_feedback|>)");
    assert_int_equal(learn_special(self, "<|endoftext|>"), LETI_OK); /* the model's own */
    end(self);
    self = started((const char *[]){ "init", "random", "tokens", "<|excellent|>", NULL });
    load(self, "base");
    assert_int_equal(learn_special(self, "<|excellent|>"), LETI_OK);
    train(self, 1, "one");
    end(self);
}

static void saves_bf16(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "dtype", "bf16", NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|good|>", NULL, "one");
    train(self, 1, "one");
    end(self);
    struct leti_error err;
    struct lm_safetensors *file = NULL;
    assert_true(lm_safetensors_open(path("one/model.safetensors"), &file, &err));
    assert_int_equal(lm_safetensors_at(file, 0)->dtype, LM_BF16);
    lm_safetensors_close(file);
}

/* ---- rate and norm ---- */

/* The rate of the last of five steps of an iteration. */
static double last_rate(const char *const *options, uint32_t iterations)
{
    void *self = started(options);
    load(self, "base");
    for (uint32_t iteration = 1; iteration <= iterations; iteration++) {
        for (int i = 0; i < 5; i++)
            learn(self, "<|good|>", NULL, "pass");
        train(self, iteration, "rate");
        assert_true(metric("steps") == 5.0);
    }
    double rate = metric("lr");
    end(self);
    return rate;
}

static void assert_rate(double got, double want)
{
    if (fabs(got - want) > 1e-12)
        fail_msg("the rate is %g, expected %g", got, want);
}

static void lowers_the_rate_within_an_iteration(void **state)
{
    (void)state;
    const char *down[] = { "init", "random", "batch", "1",   "epochs", "1",
                           "lr",   "1e-3",   "decay", "0.6", NULL };
    const char *up_and_down[] = { "init",   "random", "batch",          "1",     "epochs",
                                  "1",      "lr",     "1e-3",           "decay", "0.6",
                                  "warmup", "20",     "final_lr_ratio", "0.1",   NULL };
    assert_rate(last_rate(down, 2), 1e-3 / 3.0); /* three steps, the last one before zero */
    assert_rate(last_rate(up_and_down, 2), 1e-3 * 0.5 * (0.1 + 0.9 / 3.0));
}

/* As `transformers`' linear schedule with warm-up, whose rate in step s of T is (T - s) / (T - w),
 * but for the warm-up's first step, which is none there. */
static void lowers_the_rate_over_the_whole_run(void **state)
{
    (void)state;
    const char *options[] = { "init",
                              "random",
                              "batch",
                              "1",
                              "epochs",
                              "1",
                              "lr",
                              "1e-3",
                              "warmup",
                              "3",
                              "decay_iterations",
                              "2",
                              "final_lr_ratio",
                              "0.0",
                              NULL };
    assert_rate(last_rate(options, 1), 1e-3 * (10.0 - 4.0) / (10.0 - 3.0));
    assert_rate(last_rate(options, 2), 1e-3 * (10.0 - 9.0) / (10.0 - 3.0));
    assert_rate(last_rate(options, 3), 0.0);
    options[13] = "0.25";
    assert_rate(last_rate(options, 2), 1e-3 * (0.25 + 0.75 / 7.0));
    assert_rate(last_rate(options, 3), 1e-3 * 0.25);
}

/* The length of the way between the parameters of two models. */
static double way(const char *from, const char *to)
{
    struct leti_error err;
    struct lm_model *a = NULL, *b = NULL;
    double squares = 0.0;
    if (!lm_model_open(path(from), &a, &err) || !lm_model_open(path(to), &b, &err))
        fail_msg("%s", err.text);
    assert_int_equal(a->n_params, b->n_params);
    for (size_t i = 0; i < a->n_params; i++)
        squares += ((double)a->params[i] - (double)b->params[i]) *
                   ((double)a->params[i] - (double)b->params[i]);
    lm_model_close(a);
    lm_model_close(b);
    return sqrt(squares);
}

/* One step whose length is, but for one part in a thousand, lr times the gradient's norm. */
static double step_norm(const char *lr, const char *max_grad_norm, const char *out)
{
    const char *options[] = { "init",         "random", "epochs",        "1",           "lr",  lr,
                              "beta1",        "0",      "beta2",         "0",           "eps", "1",
                              "weight_decay", "0",      "max_grad_norm", max_grad_norm, NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|good|>", NULL, "def f(x): return x");
    train(self, 1, out);
    end(self);
    return metric("grad_norm");
}

static void clips_the_norm_of_the_whole_gradient(void **state)
{
    (void)state;
    double norm = step_norm("0", "0", "before");
    assert_true(norm > 0.1 && metric("grad_norm_max") == norm);
    assert_true(step_norm("1", "1e-3", "clipped") == norm);
    double length = way("before", "clipped");
    if (fabs(length / 1e-3 - 1.0) > 0.01)
        fail_msg("a step of length %g", length);
    step_norm("0.5", "0", "free");
    step_norm("0.5", "1000", "roomy");
    assert_same_file("free/model.safetensors", "roomy/model.safetensors");
}

/* ---- adapters ---- */

/* A model of single bytes with parameters and without LETI's tokens. */
static void write_trained(const char *name)
{
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode",  "corpus", "init",          "random", "corpus", corpus,
                              "steps", "2",      "corpus_tokens", "64",     NULL };
    void *self = started(options);
    load(self, "base");
    train(self, 1, name);
    end(self);
}

static const char *const lora[] = { "lora_rank", "4",    "lora_targets", "q_proj\ndown_proj",
                                    "lr",        "1e-2", "batch",        "4",
                                    NULL };

static bool same_rows(const struct lm_model *a, const struct lm_model *b, const char *name,
                      int64_t first, int64_t n)
{
    for (size_t i = 0; i < a->n_tensors; i++) {
        const struct lm_tensor *x = &a->tensors[i], *y = &b->tensors[i];
        if (strcmp(x->name, name))
            continue;
        size_t size = (size_t)((n ? n : x->rows) * x->cols), at = (size_t)(first * x->cols);
        return !memcmp(a->params + x->offset + at, b->params + y->offset + at,
                       size * sizeof(float));
    }
    fail_msg("no tensor %s", name);
    return false;
}

static void adapts_its_targets_and_new_tokens_alone(void **state)
{
    (void)state;
    struct leti_error err;
    struct lm_model *base = NULL, *zero = NULL, *one = NULL;
    write_trained("full");
    const char *still[] = { "lora_rank", "4", "lr", "0", NULL };
    void *self = started(still);
    load(self, "full");
    learn(self, "<|good|>", NULL, "def f(x): return x");
    train(self, 1, "zero");
    end(self);
    self = started(lora);
    load(self, "full");
    for (int i = 0; i < 40; i++)
        learn(self, "<|good|>", NULL, "def f(x): return x");
    train(self, 1, "one");
    end(self);
    if (!lm_model_open(path("full"), &base, &err) || !lm_model_open(path("zero"), &zero, &err) ||
        !lm_model_open(path("one"), &one, &err))
        fail_msg("%s", err.text);
    assert_true(same_rows(base, zero, "model.layers.1.mlp.down_proj.weight", 0, 0));
    assert_true(same_rows(base, one, "model.layers.1.self_attn.v_proj.weight", 0, 0));
    assert_true(same_rows(base, one, "model.norm.weight", 0, 0));
    assert_true(same_rows(base, one, "model.embed_tokens.weight", 0, 257));
    assert_false(same_rows(base, one, "model.layers.1.self_attn.q_proj.weight", 0, 0));
    assert_false(same_rows(base, one, "model.layers.0.mlp.down_proj.weight", 0, 0));
    assert_false(same_rows(zero, one, "model.embed_tokens.weight", 257, 1)); /* <|good|> */
    lm_model_close(base);
    lm_model_close(zero);
    lm_model_close(one);
    assert_int_equal(access(path("one/optimizer.safetensors"), F_OK), -1);
    assert_int_equal(access(path("one/adapter/optimizer.safetensors"), F_OK), 0);
}

static void resumes_an_adapter_to_the_bit(void **state)
{
    (void)state;
    write_trained("full");
    void *stays = started(lora);
    load(stays, "full");
    for (int i = 0; i < 10; i++)
        learn(stays, i % 2 ? "<|good|>" : "<|bad|>", i % 2 ? NULL : "NameError", "def f(): pass");
    train(stays, 1, "one");
    void *comes_back = started(lora);
    load(comes_back, "one");
    for (int i = 0; i < 7; i++) {
        learn(stays, "<|good|>", NULL, "def g(): return 1");
        learn(comes_back, "<|good|>", NULL, "def g(): return 1");
    }
    train(stays, 2, "stayed");
    train(comes_back, 2, "back");
    assert_same_file("stayed/model.safetensors", "back/model.safetensors");
    assert_same_file("stayed/adapter/adapter_model.safetensors",
                     "back/adapter/adapter_model.safetensors");
    assert_same_file("stayed/adapter/adapter_config.json", "back/adapter/adapter_config.json");
    assert_same_file("stayed/adapter/optimizer.safetensors", "back/adapter/optimizer.safetensors");
    assert_same_file("stayed/adapter/trainer_state.json", "back/adapter/trainer_state.json");
    end(stays);
    end(comes_back);

    void *whole = started((const char *[]){ "lr", "1e-3", NULL }); /* the merged model */
    load(whole, "back");
    learn(whole, "<|good|>", NULL, "one");
    train(whole, 3, "whole");
    end(whole);
}

static void assert_not_loaded(const char *const *options, const char *name, const char *why)
{
    void *self = started(options);
    assert_int_equal(plugin->trainer.load(self, path(name)), LETI_ERROR);
    if (!strstr(told.failure, why))
        fail_msg("'%s' does not say '%s'", told.failure, why);
    end(self);
}

static void refuses_adapters_that_do_not_fit(void **state)
{
    (void)state;
    write_trained("full");
    assert_not_loaded((const char *[]){ "lora_rank", "4", "lora_targets", "c_attn", NULL }, "full",
                      "it has all-linear, q_proj");
    void *self = started(lora);
    load(self, "full");
    learn(self, "<|good|>", NULL, "one");
    train(self, 1, "one");
    end(self);
    assert_not_loaded((const char *[]){ "lora_rank", "8", NULL }, "one", "r is 4");
    assert_int_equal(rename(path("full"), path("gone")), 0);
    assert_not_loaded(lora, "one", "/full/config.json");
}

/* ---- refusals ---- */

static void assert_not_started(const char *const *options, const char *why)
{
    void *self = instance(options);
    assert_int_equal(plugin->start(self, &host), LETI_ERROR);
    if (!strstr(told.failure, why))
        fail_msg("'%s' does not say '%s'", told.failure, why);
    free(self);
}

static void refuses_modes_that_lack_something(void **state)
{
    (void)state;
    assert_not_started((const char *[]){ "mode", "corpus", NULL }, "needs a corpus");
    assert_not_started((const char *[]){ "steps", "5", NULL }, "needs mode");
    assert_not_started((const char *[]){ "decay", "0.1", "decay_iterations", "5", NULL },
                       "two schedules");
    assert_not_started((const char *[]){ "init", "random", "lora_rank", "4", NULL },
                       "needs a model that is trained");
    assert_not_started((const char *[]){ "corpus", path("missing.jsonl"), NULL },
                       "missing.jsonl: No such file");
}

static void assert_untrainable(const char *corpus, const char *text, const char *why)
{
    const char *file = path(corpus);
    const char *options[] = {
        "mode", "corpus", "init", "random", "corpus", file, "steps", "1", NULL
    };
    write_file(corpus, text);
    void *self = started(options);
    load(self, "base");
    assert_int_equal(try_train(self, 1, "none"), LETI_ERROR);
    if (!strstr(told.failure, why))
        fail_msg("'%s' does not say '%s'", told.failure, why);
    end(self);
}

static void names_the_line_of_a_bad_corpus(void **state)
{
    (void)state;
    assert_untrainable("bad.jsonl", "{\"text\": \"a\"}\n\n{\"text\": 5}\n", "bad.jsonl:3: ");
    assert_untrainable("cut.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b", "cut.jsonl:2: ");
    assert_untrainable("empty.jsonl", "\n", "none to train on");
}

static void refuses_a_model_without_parameters(void **state)
{
    (void)state;
    void *self = started((const char *[]){ NULL });
    assert_int_equal(plugin->trainer.load(self, path("base")), LETI_ERROR);
    assert_non_null(strstr(told.failure, "model.safetensors"));
    assert_int_equal(try_train(self, 1, "none"), LETI_ERROR);
    assert_non_null(strstr(told.failure, "no model"));
    end(self);
}

static void refuses_moments_of_another_model(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|good|>", NULL, "one");
    train(self, 1, "one");
    write_file("one/trainer_state.json", "{\"step\": \"many\"}");
    assert_int_equal(plugin->trainer.load(self, path("one")), LETI_ERROR);
    assert_non_null(strstr(told.failure, "step"));
    write_file("one/optimizer.safetensors", "not a file of tensors");
    assert_int_equal(plugin->trainer.load(self, path("one")), LETI_ERROR);
    assert_non_null(strstr(told.failure, "optimizer.safetensors"));
    learn(self, "<|good|>", NULL, "the model that it had is still there");
    train(self, 2, "two");
    end(self);
}

static void stops_between_steps(void **state)
{
    (void)state;
    const char *corpus = path("corpus.jsonl");
    const char *options[] = { "mode",  "corpus", "init",  "random", "corpus", corpus,
                              "steps", "9",      "batch", "1",      NULL };
    void *self = started(options);
    load(self, "base");
    told.stop_at = 3.0;
    assert_int_equal(try_train(self, 1, "none"), LETI_ERROR);
    assert_non_null(strstr(told.failure, "stopped after 3 of 9"));
    assert_int_equal(access(path("none/model.safetensors"), F_OK), -1);
    end(self);
}

static void says_that_it_diverged(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "lr", "1",      "weight_decay", "10", "beta1",
                              "0",    "beta2",  "0",  "epochs", "200",          NULL };
    void *self = started(options);
    load(self, "base");
    for (int i = 0; i < 4; i++)
        learn(self, "<|good|>", NULL, "def f(x): return x");
    if (try_train(self, 1, "none") == LETI_ERROR)
        assert_non_null(strstr(told.failure, "not finite"));
    end(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pre_trains_from_random_parameters, begin_test, end_test),
        cmocka_unit_test_setup_teardown(resumes_to_the_bit, begin_test, end_test),
        cmocka_unit_test_setup_teardown(learns_examples, begin_test, end_test),
        cmocka_unit_test_setup_teardown(follows_each_step_by_one_on_the_corpus, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(control_takes_the_corpus_steps_alone, begin_test, end_test),
        cmocka_unit_test_setup_teardown(passes_change_nothing, begin_test, end_test),
        cmocka_unit_test_setup_teardown(cuts_what_is_too_long, begin_test, end_test),
        cmocka_unit_test_setup_teardown(ends_no_text_that_is_open, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_a_token_that_it_was_not_told_of, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(saves_bf16, begin_test, end_test),
        cmocka_unit_test_setup_teardown(lowers_the_rate_within_an_iteration, begin_test, end_test),
        cmocka_unit_test_setup_teardown(lowers_the_rate_over_the_whole_run, begin_test, end_test),
        cmocka_unit_test_setup_teardown(clips_the_norm_of_the_whole_gradient, begin_test, end_test),
        cmocka_unit_test_setup_teardown(adapts_its_targets_and_new_tokens_alone, begin_test,
                                        end_test),
        cmocka_unit_test_setup_teardown(resumes_an_adapter_to_the_bit, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_adapters_that_do_not_fit, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_modes_that_lack_something, begin_test, end_test),
        cmocka_unit_test_setup_teardown(names_the_line_of_a_bad_corpus, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_a_model_without_parameters, begin_test, end_test),
        cmocka_unit_test_setup_teardown(refuses_moments_of_another_model, begin_test, end_test),
        cmocka_unit_test_setup_teardown(stops_between_steps, begin_test, end_test),
        cmocka_unit_test_setup_teardown(says_that_it_diverged, begin_test, end_test),
    };
    return open_plugin() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
