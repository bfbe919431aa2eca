/* trainer_test - trainer.fcft behind its contract: what it learns, what it writes, what it refuses.
 *
 * The plugin is opened as the host opens it, with a host that records what it is told.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "leti/plugin.h"
#include "model.h"
#include "safetensors.h"

static const struct leti_plugin *plugin;
static char folder[PATH_MAX]; /* of the test in work */

/* ---- a host that records ---- */

static struct {
    struct {
        char name[32];
        double value;
    } metrics[64];
    size_t n_metrics;
    char failure[1024];
    double done, total;
    double stop_at; /* steps; < 0: never */
} told;

__attribute__((format(printf, 3, 4))) static void host_log(const struct leti_host *host,
                                                           enum leti_level level,
                                                           const char *format, ...)
{
    (void)host, (void)level, (void)format;
}

static void host_metric(const struct leti_host *host, const char *name, double value)
{
    (void)host;
    assert_true(told.n_metrics < sizeof told.metrics / sizeof *told.metrics);
    snprintf(told.metrics[told.n_metrics].name, sizeof told.metrics->name, "%s", name);
    told.metrics[told.n_metrics++].value = value;
}

static void host_progress(const struct leti_host *host, double done, double total)
{
    (void)host;
    assert_true(done == told.done + 1.0 || done == 1.0);
    told.done = done;
    told.total = total;
}

static bool host_stopping(const struct leti_host *host)
{
    (void)host;
    return told.stop_at >= 0.0 && told.done >= told.stop_at;
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

static const struct leti_host host = {
    .size = sizeof(struct leti_host),
    .stage = "train",
    .run_dir = ".",
    .threads = 2,
    .seed = 1,
    .log = host_log,
    .metric = host_metric,
    .progress = host_progress,
    .stopping = host_stopping,
    .fail = host_fail,
};

static double metric(const char *name)
{
    for (size_t i = told.n_metrics; i > 0; i--)
        if (!strcmp(told.metrics[i - 1].name, name))
            return told.metrics[i - 1].value;
    fail_msg("no metric %s", name);
    return 0.0;
}

static bool has_metric(const char *name)
{
    for (size_t i = 0; i < told.n_metrics; i++)
        if (!strcmp(told.metrics[i].name, name))
            return true;
    return false;
}

/* ---- instances ---- */

/* Lives until so many others were set. */
static void set_list(struct leti_list *list, const char *value)
{
    enum { LISTS = 16 };
    static const char *lists[LISTS][8];
    static char texts[LISTS][256];
    static unsigned turn;
    const char **items = lists[turn % LISTS];
    char *text = texts[turn++ % LISTS];
    size_t n = 0;
    snprintf(text, sizeof *texts, "%s", value);
    for (char *item = strtok(text, "\n"); item; item = strtok(NULL, "\n"))
        items[n++] = item;
    *list = (struct leti_list){ items, n };
}

static void set_option(void *self, const struct leti_option *option, const char *value)
{
    char *field = (char *)self + option->offset;
    switch (option->type) {
    case LETI_BOOL:
        *(bool *)field = !strcmp(value, "true");
        break;
    case LETI_INT:
        *(int64_t *)field = strtoll(value, NULL, 10);
        break;
    case LETI_REAL:
        *(double *)field = strtod(value, NULL);
        break;
    case LETI_TEXT:
        *(const char **)field = value;
        break;
    case LETI_LIST:
        set_list((struct leti_list *)field, value);
        break;
    }
}

static const struct leti_option *option_named(const char *name)
{
    for (const struct leti_option *option = plugin->options; option->name; option++)
        if (!strcmp(option->name, name))
            return option;
    fail_msg("no option %s", name);
    return NULL;
}

/* An instance with these options: pairs of name and value, NULL at the end. */
static void *instance(const char *const *pairs)
{
    void *self = calloc(1, plugin->instance_size);
    assert_non_null(self);
    for (const struct leti_option *option = plugin->options; option->name; option++)
        set_option(self, option, option->initial);
    for (; *pairs; pairs += 2)
        set_option(self, option_named(pairs[0]), pairs[1]);
    memset(&told, 0, sizeof told);
    told.stop_at = -1.0;
    return self;
}

static void *started(const char *const *pairs)
{
    void *self = instance(pairs);
    if (plugin->start(self, &host) != LETI_OK)
        fail_msg("start: %s", told.failure);
    return self;
}

static void end(void *self)
{
    plugin->stop(self);
    free(self);
}

/* Lives until 64 others were asked for. */
static const char *path(const char *name)
{
    static char paths[64][PATH_MAX];
    static int next;
    char *out = paths[next++ % 64];
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        fail_msg("the path of %s is too long", name);
    return out;
}

static void load(void *self, const char *name)
{
    if (plugin->trainer.load(self, path(name)) != LETI_OK)
        fail_msg("load: %s", told.failure);
}

static enum leti_status try_train(void *self, uint32_t iteration, const char *out)
{
    mkdir(path(out), 0777);
    struct leti_training training = { .iteration = iteration,
                                      .out_dir = path(out),
                                      .seed = leti_mix(5, iteration) };
    return plugin->trainer.train(self, &training);
}

static void train(void *self, uint32_t iteration, const char *out)
{
    if (try_train(self, iteration, out) != LETI_OK)
        fail_msg("train: %s", told.failure);
}

static struct leti_bytes bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

static void learn_span(void *self, const char *token, const char *feedback, const char *text,
                       uint32_t flags_of_text)
{
    struct leti_span spans[5];
    size_t n = 0;
    spans[n++] = (struct leti_span){ bytes(token), LETI_SPAN_TRAIN | LETI_SPAN_SPECIAL };
    if (feedback) {
        uint32_t flags = LETI_SPAN_TRAIN | LETI_SPAN_FEEDBACK;
        spans[n++] = (struct leti_span){ bytes("<|lang_feedback|>"), flags | LETI_SPAN_SPECIAL };
        spans[n++] = (struct leti_span){ bytes(feedback), flags };
        spans[n++] = (struct leti_span){ bytes("<|/lang_feedback|>"), flags | LETI_SPAN_SPECIAL };
    }
    spans[n++] = (struct leti_span){ bytes(text), LETI_SPAN_TRAIN | flags_of_text };
    struct leti_example example = { .problem = "p", .spans = spans, .n_spans = n };
    if (plugin->trainer.learn(self, &example) != LETI_OK)
        fail_msg("learn: %s", told.failure);
}

static void learn(void *self, const char *token, const char *feedback, const char *text)
{
    learn_span(self, token, feedback, text, 0);
}

/* ---- files ---- */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *name, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path(name), "rb");
    if (!file || fstat(fileno(file), &about))
        fail_msg("%s cannot be read", name);
    char *data = malloc((size_t)about.st_size + 1);
    assert_non_null(data);
    *size = fread(data, 1, (size_t)about.st_size, file);
    assert_int_equal(*size, about.st_size);
    fclose(file);
    return data;
}

static void assert_same_file(const char *a, const char *b)
{
    size_t a_size, b_size;
    char *a_data = read_file(a, &a_size), *b_data = read_file(b, &b_size);
    if (a_size != b_size || memcmp(a_data, b_data, a_size))
        fail_msg("%s and %s differ", a, b);
    free(a_data);
    free(b_data);
}

/* The vocabulary of a tokenizer of single bytes, named as GPT-2 does. */
static json_t *byte_vocabulary(void)
{
    json_t *vocabulary = json_object();
    int next = 256;
    for (int byte = 0; byte < 256; byte++) {
        bool itself = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
        int code = itself ? byte : next++;
        char name[3] = { (char)code };
        if (code >= 0x80) {
            name[0] = (char)(0xc0 | code >> 6);
            name[1] = (char)(0x80 | (code & 0x3f));
        }
        json_object_set_new(vocabulary, name, json_integer(byte));
    }
    return vocabulary;
}

/* A model of single bytes, without parameters. */
static void write_model(const char *name)
{
    char file[64];
    mkdir(path(name), 0777);
    json_t *tokenizer = json_pack(
        "{s:s, s:n, s:n, s:[{s:i, s:s, s:b, s:b, s:b, s:b, s:b}], s:n,"
        " s:{s:s, s:b, s:b, s:b}, s:n, s:{s:s, s:b, s:b, s:b},"
        " s:{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:o, s:[]}}",
        "version", "1.0", "truncation", "padding", "added_tokens", "id", 256, "content",
        "<|endoftext|>", "single_word", 0, "lstrip", 0, "rstrip", 0, "normalized", 0, "special", 1,
        "normalizer", "pre_tokenizer", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets",
        1, "use_regex", 1, "post_processor", "decoder", "type", "ByteLevel", "add_prefix_space", 1,
        "trim_offsets", 1, "use_regex", 1, "model", "type", "BPE", "dropout", "unk_token",
        "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0, "byte_fallback", 0,
        "vocab", byte_vocabulary(), "merges");
    assert_non_null(tokenizer);
    snprintf(file, sizeof file, "%s/tokenizer.json", name);
    assert_int_equal(json_dump_file(tokenizer, path(file), 0), 0);
    json_decref(tokenizer);

    snprintf(file, sizeof file, "%s/config.json", name);
    write_file(file, "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\","
                     " \"hidden_size\": 32, \"intermediate_size\": 48, \"num_hidden_layers\": 2,"
                     " \"num_attention_heads\": 4, \"num_key_value_heads\": 2,"
                     " \"vocab_size\": 257, \"max_position_embeddings\": 64,"
                     " \"rope_theta\": 10000.0, \"rms_norm_eps\": 1e-5, \"hidden_act\": \"silu\","
                     " \"tie_word_embeddings\": true, \"bos_token_id\": 256,"
                     " \"eos_token_id\": 256}");
}

static void write_corpus(const char *name)
{
    FILE *file = fopen(path(name), "w");
    assert_non_null(file);
    assert_true(fputs("\xef\xbb\xbf", file) >= 0); /* some programs begin with it */
    for (int i = 0; i < 60; i++)
        assert_true(fprintf(file,
                            "{\"text\": \"def add_%d(x):\\n    return x + %d\\n\", \"id\": %d}\n",
                            i, i, i) > 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_tree(const char *dir)
{
    DIR *entries = opendir(dir);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char name[PATH_MAX];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        assert_true(snprintf(name, sizeof name, "%s/%s", dir, entry->d_name) < PATH_MAX);
        if (remove(name))
            remove_tree(name);
    }
    if (entries)
        closedir(entries);
    rmdir(dir);
}

static int begin_test(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/leti-trainer-test-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    write_model("base");
    write_corpus("corpus.jsonl");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

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

static void adds_tokens_at_first_sight(void **state)
{
    (void)state;
    const char *options[] = { "init", "random", "lr", "1e-3", NULL };
    void *self = started(options);
    load(self, "base");
    learn(self, "<|good|>", NULL, "one");
    train(self, 1, "one");
    learn(self, "<|excellent|>", NULL, "two");
    train(self, 2, "two");
    end(self);
    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_open(path("two"), &model, &err))
        fail_msg("%s", err.text);
    assert_int_equal(lm_tokenizer_special(model->tokenizer, "<|excellent|>"), 261);
    lm_model_close(model);
    self = started(options);
    load(self, "two"); /* with moments that fit */
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
        learn(stays, "<|excellent|>", NULL, "def g(): return 1"); /* a token at first sight */
        learn(comes_back, "<|excellent|>", NULL, "def g(): return 1");
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
        cmocka_unit_test_setup_teardown(adds_tokens_at_first_sight, begin_test, end_test),
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
    char file[PATH_MAX];
    const char *plugins = getenv("LETI_PLUGIN_PATH");
    snprintf(file, sizeof file, "%s/trainer.fcft.so", plugins ? plugins : ".");
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library)
        plugin = dlsym(library, "leti_plugin");
    if (!plugin) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
