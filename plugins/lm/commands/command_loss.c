/* command_loss.c - `leti model loss DIR`: loss and perplexity of texts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/command_json.h"
#include "train/decoder.h"
#include "tokenizer/tokenizer_bpe.h"

struct arguments {
    struct command_model model;
    struct command_text text;
    bool bos, logprobs;
    const char *jsonl, *field;
};

enum { BOS = 256, LOGPROBS, JSONL, FIELD };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->model;
        state->child_inputs[1] = &a->text;
        return 0;
    case BOS:
        a->bos = true;
        return 0;
    case LOGPROBS:
        a->logprobs = true;
        return 0;
    case JSONL:
        a->jsonl = arg;
        return 0;
    case FIELD:
        a->field = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->jsonl && (a->text.prompt || a->text.file || a->text.ids))
            command_usage(state, "--jsonl goes without --prompt, --file and --ids");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "jsonl", JSONL, "FILE", 0, "One text a line, in a JSON object's field (-: the input)", 0 },
    { "field", FIELD, "NAME", 0, "That field (text)", 0 },
    { "bos", BOS, NULL, 0, "Put the start token (else the end token) in front of each text", 0 },
    { "logprobs", LOGPROBS, NULL, 0, "Also print each token's log-probability", 0 },
    { 0 },
};
static const struct argp_child children[] = { COMMAND_CHILD_MODEL, COMMAND_CHILD_TEXT, { 0 } };
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Scores each token of a text given those before it, all but the first. A text longer "
           "than the model's positions is scored in windows that start afresh."
           "\vExamples:\n"
           "  leti model loss MODEL --file prompt.txt\n"
           "  leti model loss MODEL --jsonl texts.jsonl --field code --json\n"
           "  leti model loss MODEL --prompt 'def f(x):' --logprobs",
};

/* One after the other, every text goes through this. */
struct scoring {
    const struct arguments *arguments;
    const struct lm_model *model;
    struct lm_decoder *decoder;
    struct lm_ids ids, targets;
    float *logprobs; /* as many as ids has room for */
    size_t n_texts;
    double loss;
    int64_t counted;
    struct leti_error *err;
};

/* Empties ids for the next text: it holds no more than what the model's texts start with, or the
 * start token, where one is wanted. */
static bool begin(struct scoring *s)
{
    const struct lm_config *c = &s->model->config;
    int32_t first = c->bos >= 0 ? c->bos : c->eos;
    s->ids.n = s->targets.n = 0;
    if (!lm_tokenizer_begin(s->model->tokenizer, &s->ids, s->err))
        return false;
    if (s->ids.n || !s->arguments->bos)
        return true;
    if (first < 0)
        return leti_error_set(s->err, "--bos: the model has neither a start nor an end token");
    return lm_ids_push(&s->ids, first, s->err);
}

/* The targets are the ids one further on. */
static bool set_targets(struct scoring *s)
{
    for (size_t i = 0; i < s->ids.n; i++) {
        if (!lm_ids_push(&s->targets, i + 1 < s->ids.n ? s->ids.ids[i + 1] : -1, s->err))
            return false;
    }
    float *grown = realloc(s->logprobs, (s->ids.n + 1) * sizeof *grown);
    if (!grown)
        return leti_error_set(s->err, "no memory for a text of %zu tokens", s->ids.n);
    s->logprobs = grown;
    return true;
}

static bool score_windows(struct scoring *s, double *loss, int64_t *counted)
{
    size_t window = (size_t)s->model->config.max_positions;
    *loss = 0;
    *counted = 0;
    for (size_t at = 0; at < s->ids.n; at += window) {
        int32_t n = (int32_t)(s->ids.n - at < window ? s->ids.n - at : window);
        const struct lm_batch batch = { s->ids.ids + at, s->targets.ids + at,
                                        (const int32_t[]){ 0, n }, 1 };
        double part;
        int64_t part_counted;
        if (!lm_decoder_loss(s->decoder, s->model, &batch, &part, &part_counted, s->logprobs + at,
                             s->err))
            return false;
        *loss += part;
        *counted += part_counted;
    }
    return true;
}

static void print_tokens(const struct scoring *s)
{
    for (size_t i = 0; i + 1 < s->ids.n; i++) {
        size_t size;
        const char *token = lm_tokenizer_bytes(s->model->tokenizer, s->ids.ids[i + 1], &size);
        printf("%7d  %9.4f  ", s->ids.ids[i + 1], (double)s->logprobs[i]);
        json_put_text(stdout, token, size);
        putchar('\n');
    }
}

static void put_mean(const char *key, double value)
{
    printf(", \"%s\": ", key);
    json_put_double(stdout, value);
}

static void print_text(const struct scoring *s, double loss, int64_t counted)
{
    bool logprobs = s->arguments->logprobs;
    if (!s->arguments->model.json) {
        if (logprobs)
            print_tokens(s);
        return;
    }
    printf("{\"index\": %zu, \"tokens\": %zu, \"scored\": %lld", s->n_texts, s->ids.n,
           (long long)counted);
    put_mean("loss", loss / (double)counted);
    put_mean("perplexity", exp(loss / (double)counted));
    if (logprobs) {
        printf(", \"ids\": ");
        json_put_ids(stdout, s->ids.ids, s->ids.n);
        printf(", \"logprobs\": "); /* one less: of ids[1] and what follows */
        json_put_floats(stdout, s->logprobs, s->ids.n ? s->ids.n - 1 : 0);
    }
    printf("}\n");
}

/* What ids has come to. */
static bool score(struct scoring *s)
{
    double loss;
    int64_t counted;
    if (!set_targets(s) || !score_windows(s, &loss, &counted))
        return false;
    print_text(s, loss, counted);
    s->n_texts++;
    s->loss += loss;
    s->counted += counted;
    return true;
}

static bool score_string(struct scoring *s, const json_t *text)
{
    return begin(s) &&
           lm_tokenizer_encode(s->model->tokenizer, json_string_value(text),
                               json_string_length(text), s->arguments->text.specials, &s->ids,
                               s->err) &&
           score(s);
}

static bool score_line(struct scoring *s, const char *line, size_t size, size_t number)
{
    const struct arguments *a = s->arguments;
    json_error_t why;
    json_t *json = json_loadb(line, size, JSON_ALLOW_NUL, &why);
    const json_t *text = json_object_get(json, a->field);
    bool ok = json_is_string(text)
                  ? score_string(s, text)
                  : leti_error_set(s->err, "%s: line %zu: %s%s", a->jsonl, number,
                                   json ? "no string in field " : why.text, json ? a->field : "");
    json_decref(json);
    return ok;
}

/* The line without a byte order mark, which some programs put at the start of a file. */
static const char *skip_bom(const char *line, size_t *size)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (*size < sizeof bom - 1 || memcmp(line, bom, sizeof bom - 1) != 0)
        return line;
    *size -= sizeof bom - 1;
    return line + sizeof bom - 1;
}

static bool score_jsonl(struct scoring *s)
{
    const char *path = s->arguments->jsonl;
    FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
    if (!in)
        return leti_error_set(s->err, "%s: cannot open: %s", path, strerror(errno));
    char *line = NULL;
    size_t capacity = 0, number = 0;
    ssize_t size;
    bool ok = true;
    while (ok && (size = getline(&line, &capacity, in)) > 0) {
        size_t n = (size_t)size;
        const char *text = ++number == 1 ? skip_bom(line, &n) : line;
        if (n > 1 || (n == 1 && text[0] != '\n'))
            ok = score_line(s, text, n, number);
    }
    if (ok && ferror(in))
        ok = leti_error_set(s->err, "%s: cannot read: %s", path, strerror(errno));
    free(line);
    if (in != stdin)
        fclose(in); /* only read from: nothing can be lost */
    return ok;
}

static bool score_text(struct scoring *s)
{
    return begin(s) &&
           command_read_ids(&s->arguments->text, s->model->tokenizer, s->model->config.vocab_size,
                            &s->ids, s->err) &&
           score(s);
}

static void print_summary(const struct scoring *s)
{
    double mean = s->loss / (double)s->counted;
    if (!s->arguments->model.json) {
        printf("%zu text%s, %lld tokens scored, loss %.4f, perplexity %.4f\n", s->n_texts,
               s->n_texts == 1 ? "" : "s", (long long)s->counted, mean, exp(mean));
        return;
    }
    printf("{\"texts\": %zu, \"scored\": %lld", s->n_texts, (long long)s->counted);
    put_mean("loss", mean);
    put_mean("perplexity", exp(mean));
    printf("}\n");
}

int command_loss(int argc, char **argv)
{
    struct arguments a = { .field = "text" };
    struct leti_error err;
    struct lm_model *model;
    command_parse(&argp, argc, argv, &a);
    if (!command_open(&a.model, &model, &err))
        return command_fail(&err);
    struct scoring s = { .arguments = &a, .model = model, .err = &err };
    bool ok = lm_decoder_create(&model->config, model->config.max_positions, &s.decoder, &err) &&
              (a.jsonl ? score_jsonl : score_text)(&s);
    if (ok && s.counted == 0)
        ok = leti_error_set(&err, "nothing to score: a text needs two tokens or more");
    if (ok)
        print_summary(&s);
    lm_decoder_destroy(s.decoder);
    free(s.ids.ids);
    free(s.targets.ids);
    free(s.logprobs);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
