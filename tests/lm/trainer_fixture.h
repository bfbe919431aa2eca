/* trainer_fixture.h - trainer.fcft behind its contract, for one test program: the plugin is opened
 * as the host opens it, with a host that records what it is told, and every test has a folder with
 * a model of single bytes, "base", and a corpus.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TRAINER_FIXTURE_H
#define TRAINER_FIXTURE_H

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
#include "model/model.h"
#include "model/safetensors.h"

static const struct leti_plugin *plugin;
static char folder[PATH_MAX]; /* of the test in work */

/* ---- a host that records ---- */

static struct {
    struct {
        char name[32];
        double value;
    } metrics[256];
    size_t n_metrics;
    char failure[1024], warning[1024];
    double done, total;
    double stop_at; /* steps; < 0: never */
} told;

__attribute__((format(printf, 3, 4))) static inline void host_log(const struct leti_host *host,
                                                                  enum leti_level level,
                                                                  const char *format, ...)
{
    va_list args;
    (void)host;
    if (level != LETI_LOG_WARN)
        return;
    va_start(args, format);
    vsnprintf(told.warning, sizeof told.warning, format, args);
    va_end(args);
}

static inline void host_metric(const struct leti_host *host, const char *name, double value)
{
    (void)host;
    assert_true(told.n_metrics < sizeof told.metrics / sizeof *told.metrics);
    snprintf(told.metrics[told.n_metrics].name, sizeof told.metrics->name, "%s", name);
    told.metrics[told.n_metrics++].value = value;
}

static inline void host_progress(const struct leti_host *host, double done, double total)
{
    (void)host;
    assert_true(done == told.done + 1.0 || done == 1.0);
    told.done = done;
    told.total = total;
}

static inline bool host_stopping(const struct leti_host *host)
{
    (void)host;
    return told.stop_at >= 0.0 && told.done >= told.stop_at;
}

__attribute__((format(printf, 2, 3))) static inline enum leti_status host_fail(
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

static inline double metric(const char *name)
{
    for (size_t i = told.n_metrics; i > 0; i--)
        if (!strcmp(told.metrics[i - 1].name, name))
            return told.metrics[i - 1].value;
    fail_msg("no metric %s", name);
    return 0.0;
}

/* How often it was told. */
static inline size_t count_metric(const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < told.n_metrics; i++)
        n += !strcmp(told.metrics[i].name, name);
    return n;
}

/* What it was when it was told for the first time. */
static inline double first_metric(const char *name)
{
    for (size_t i = 0; i < told.n_metrics; i++)
        if (!strcmp(told.metrics[i].name, name))
            return told.metrics[i].value;
    fail_msg("no metric %s", name);
    return 0.0;
}

static inline bool has_metric(const char *name)
{
    for (size_t i = 0; i < told.n_metrics; i++)
        if (!strcmp(told.metrics[i].name, name))
            return true;
    return false;
}

/* ---- instances ---- */

/* Lives until so many others were set. */
static inline void set_list(struct leti_list *list, const char *value)
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

static inline void set_option(void *self, const struct leti_option *option, const char *value)
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

static inline const struct leti_option *option_named(const char *name)
{
    for (const struct leti_option *option = plugin->options; option->name; option++)
        if (!strcmp(option->name, name))
            return option;
    fail_msg("no option %s", name);
    return NULL;
}

/* An instance with these options: pairs of name and value, NULL at the end. */
static inline void *instance(const char *const *pairs)
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

static inline void *started(const char *const *pairs)
{
    void *self = instance(pairs);
    if (plugin->start(self, &host) != LETI_OK)
        fail_msg("start: %s", told.failure);
    return self;
}

static inline void end(void *self)
{
    plugin->stop(self);
    free(self);
}

/* Lives until 64 others were asked for. */
static inline const char *path(const char *name)
{
    static char paths[64][PATH_MAX];
    static int next;
    char *out = paths[next++ % 64];
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        fail_msg("the path of %s is too long", name);
    return out;
}

static inline void load(void *self, const char *name)
{
    if (plugin->trainer.load(self, path(name)) != LETI_OK)
        fail_msg("load: %s", told.failure);
}

static inline enum leti_status try_train(void *self, uint32_t iteration, const char *out)
{
    mkdir(path(out), 0777);
    struct leti_training training = { .iteration = iteration,
                                      .out_dir = path(out),
                                      .seed = leti_mix(5, iteration) };
    return plugin->trainer.train(self, &training);
}

static inline void train(void *self, uint32_t iteration, const char *out)
{
    if (try_train(self, iteration, out) != LETI_OK)
        fail_msg("train: %s", told.failure);
}

static inline struct leti_bytes bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

static inline void learn_span(void *self, const char *token, const char *feedback, const char *text,
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

static inline void learn(void *self, const char *token, const char *feedback, const char *text)
{
    learn_span(self, token, feedback, text, 0);
}

/* ---- files ---- */

static inline void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* NUL-terminated; the caller's to free. */
static inline char *read_file(const char *name, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path(name), "rb");
    if (!file || fstat(fileno(file), &about))
        fail_msg("%s cannot be read", name);
    char *data = malloc((size_t)about.st_size + 1);
    assert_non_null(data);
    *size = fread(data, 1, (size_t)about.st_size, file);
    assert_int_equal(*size, about.st_size);
    data[*size] = '\0';
    fclose(file);
    return data;
}

static inline void assert_same_file(const char *a, const char *b)
{
    size_t a_size, b_size;
    char *a_data = read_file(a, &a_size), *b_data = read_file(b, &b_size);
    if (a_size != b_size || memcmp(a_data, b_data, a_size))
        fail_msg("%s and %s differ", a, b);
    free(a_data);
    free(b_data);
}

/* The vocabulary of a tokenizer of single bytes, named as GPT-2 does. */
static inline json_t *byte_vocabulary(void)
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
static inline void write_model(const char *name)
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

static inline void write_corpus(const char *name)
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

static inline void remove_tree(const char *dir)
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

static inline int begin_test(void **state)
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

static inline int end_test(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

/* Opens the plugin; to be called first in main. */
static inline bool open_plugin(void)
{
    char file[PATH_MAX];
    const char *plugins = getenv("LETI_PLUGIN_PATH");
    snprintf(file, sizeof file, "%s/trainer.fcft.so", plugins ? plugins : ".");
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library)
        plugin = dlsym(library, "leti_plugin");
    if (!plugin)
        fprintf(stderr, "%s\n", dlerror());
    return plugin;
}

#endif
