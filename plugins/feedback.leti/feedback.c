/* feedback.leti - the training text of LETI: reward token, what the interpreter said, program.
 *
 *     <|bad|> <|lang_feedback|> traceback <|/lang_feedback|> prompt program
 *
 * (arXiv 2305.10314, section 2.2). Every span is trained on. A success has no feedback; where
 * the task's cut took something from the end of the sample, a sentence says so, success or not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "leti/plugin.h"

enum { QUOTE_CHARACTERS = 128, SPAN_LIMIT = 6 };

struct feedback {
    const char *good, *bad, *open, *close, *reward; /* options */
    bool textual, additional;
    int64_t max_feedback;
    const struct leti_host *host;
};

/* Feedback under construction: parts, a line feed between two of them. */
struct parts {
    char *data;
    size_t size;
};

static void add_part(struct parts *parts, struct leti_bytes part)
{
    if (!part.size)
        return;
    if (parts->size)
        parts->data[parts->size++] = '\n';
    memcpy(parts->data + parts->size, part.data, part.size);
    parts->size += part.size;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static struct leti_bytes strip(struct leti_bytes text)
{
    while (text.size && is_space(text.data[text.size - 1]))
        text.size--;
    while (text.size && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}

/* The end of a text: that is where a traceback says what happened. It begins with a line, unless
 * more than half of what there is room for would go with the cut one, and with a character. */
static struct leti_bytes keep_end(struct leti_bytes text, size_t most)
{
    if (text.size <= most)
        return text;
    size_t skip = text.size - most;
    const char *feed = memchr(text.data + skip - 1, '\n', most / 2 + 1);
    if (feed)
        skip = (size_t)(feed - text.data) + 1;
    for (; skip < text.size && continues_character(text.data[skip]); skip++)
        continue;
    return (struct leti_bytes){ text.data + skip, text.size - skip };
}

/* Bytes of the first n characters. A byte that belongs to no character counts as one where it
 * stands first, and goes with the one before it otherwise; at most 4 bytes make a character. */
static size_t characters_size(struct leti_bytes text, size_t n)
{
    size_t at = 0;
    for (; n && at < text.size; n--) {
        size_t end = at + 1;
        while (end < text.size && end < at + 4 && continues_character(text.data[end]))
            end++;
        at = end;
    }
    return at;
}

/* What the cut took from the end of the sample, white space aside. */
static struct leti_bytes cut_off(const struct leti_sample *sample)
{
    struct leti_bytes raw = sample->raw, program = sample->program;
    if (raw.size < program.size || memcmp(raw.data, program.data, program.size) != 0)
        return (struct leti_bytes){ "", 0 };
    return strip((struct leti_bytes){ raw.data + program.size, raw.size - program.size });
}

/* The sentence for a failure that left no traceback. */
static const char *sentence_of(const char *reason)
{
    static const struct {
        const char *reason, *sentence;
    } known[] = {
        { "timeout", "The program did not end in time." },
        { "memory", "The program used more memory than it may." },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(reason, known[i].reason))
            return known[i].sentence;
    return NULL;
}

static struct leti_bytes join(const struct leti_host *host, const char *before,
                              struct leti_bytes middle, const char *after)
{
    size_t n = strlen(before), m = strlen(after);
    char *data = host->alloc(host, n + middle.size + m + 1);
    memcpy(data, before, n);
    memcpy(data + n, middle.data, middle.size);
    memcpy(data + n + middle.size, after, m + 1);
    return (struct leti_bytes){ data, n + middle.size + m };
}

static struct leti_bytes failure_of(const struct leti_host *host,
                                    const struct leti_verdict *verdict)
{
    struct leti_bytes said = strip(verdict->feedback);
    const char *sentence = sentence_of(verdict->reason);
    if (verdict->outcome == LETI_PASSED || said.size)
        return verdict->outcome == LETI_PASSED ? (struct leti_bytes){ "", 0 } : said;
    if (sentence)
        return (struct leti_bytes){ sentence, strlen(sentence) };
    return join(host, "The program failed: ",
                (struct leti_bytes){ verdict->reason, strlen(verdict->reason) }, ".");
}

static struct leti_bytes additional_of(const struct leti_host *host,
                                       const struct leti_sample *sample)
{
    struct leti_bytes rest = cut_off(sample);
    if (!rest.size)
        return rest;
    rest.size = characters_size(rest, QUOTE_CHARACTERS);
    return join(host,
                "Only the first function is needed. The end-of-text token should stand in the "
                "place of: ",
                rest, "");
}

/* All that is said of the sample; empty for a plain success. */
static struct leti_bytes text_of(const struct feedback *feedback, const struct leti_sample *sample,
                                 const struct leti_verdict *verdicts, size_t n)
{
    const struct leti_host *host = feedback->host;
    size_t most = (size_t)feedback->max_feedback;
    struct leti_bytes more =
        feedback->additional ? additional_of(host, sample) : (struct leti_bytes){ "", 0 };
    struct leti_bytes *said = host->alloc(host, (n + 1) * sizeof *said);
    size_t size = more.size + 2;
    for (size_t i = 0; i < n; i++) {
        said[i] = keep_end(failure_of(host, &verdicts[i]), most);
        size += said[i].size + 1;
    }
    struct parts parts = { host->alloc(host, size), 0 };
    for (size_t i = 0; i < n; i++)
        add_part(&parts, said[i]);
    add_part(&parts, more);
    parts.data[parts.size] = '\0';
    return (struct leti_bytes){ parts.data, parts.size };
}

static bool all_passed(const struct leti_verdict *verdicts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (verdicts[i].outcome != LETI_PASSED)
            return false;
    return true;
}

static void add_span(struct leti_example *out, struct leti_span *spans, struct leti_bytes text,
                     uint32_t flags)
{
    if (text.size)
        spans[out->n_spans++] = (struct leti_span){ text, LETI_SPAN_TRAIN | flags };
}

static struct leti_bytes bytes_of(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* Whether the sample stopped at the longest length: it does not end here, unless the task's cut had
 * something to take off. */
static bool is_open(const struct leti_sample *sample)
{
    return sample->finish == LETI_FINISH_LENGTH && !cut_off(sample).size;
}

static bool has_reward(const struct feedback *feedback)
{
    return strcmp(feedback->reward, "none");
}

static enum leti_status format(void *self, const struct leti_sample *sample,
                               const struct leti_verdict *verdicts, size_t n,
                               struct leti_example *out)
{
    struct feedback *feedback = self;
    struct leti_span *spans = feedback->host->alloc(feedback->host, SPAN_LIMIT * sizeof *spans);
    const char *reward = all_passed(verdicts, n) ? feedback->good : feedback->bad;
    struct leti_bytes said = { "", 0 };
    if (feedback->textual)
        said = text_of(feedback, sample, verdicts, n);

    out->spans = spans;
    out->n_spans = 0;
    if (has_reward(feedback))
        add_span(out, spans, bytes_of(reward), LETI_SPAN_SPECIAL);
    if (said.size) {
        add_span(out, spans, bytes_of(feedback->open), LETI_SPAN_SPECIAL | LETI_SPAN_FEEDBACK);
        add_span(out, spans, said, LETI_SPAN_FEEDBACK);
        add_span(out, spans, bytes_of(feedback->close), LETI_SPAN_SPECIAL | LETI_SPAN_FEEDBACK);
    }
    add_span(out, spans, sample->problem->prompt, 0);
    add_span(out, spans, sample->program, 0);
    if (out->n_spans && is_open(sample))
        spans[out->n_spans - 1].flags |= LETI_SPAN_OPEN;
    return LETI_OK;
}

/* An empty name would leave its token out of every text, and nobody would be told. */
static enum leti_status start(void *self, const struct leti_host *host)
{
    struct feedback *feedback = self;
    const struct {
        const char *option, *token;
        bool used;
    } tokens[] = {
        { "good", feedback->good, has_reward(feedback) },
        { "bad", feedback->bad, has_reward(feedback) },
        { "open", feedback->open, feedback->textual },
        { "close", feedback->close, feedback->textual },
    };
    feedback->host = host;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (tokens[i].used && !*tokens[i].token)
            return host->fail(host, "%s: a token's name must not be empty; %s leaves it out",
                              tokens[i].option, i < 2 ? "reward = \"none\"" : "textual = false");
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_CHOICE(struct feedback, reward, "token", "token|none",
                    "none leaves out the reward token; with textual = false the text is problem "
                    "and program, as in supervised fine-tuning"),
    LETI_OPT_TEXT(struct feedback, good, "<|good|>", "token in front of a program that passed"),
    LETI_OPT_TEXT(struct feedback, bad, "<|bad|>", "token in front of a program that failed"),
    LETI_OPT_TEXT(struct feedback, open, "<|lang_feedback|>", "token in front of the feedback"),
    LETI_OPT_TEXT(struct feedback, close, "<|/lang_feedback|>", "token behind the feedback"),
    LETI_OPT_BOOL(struct feedback, textual, "true",
                  "say what the interpreter said; false leaves the reward token alone"),
    LETI_OPT_BOOL(struct feedback, additional, "true",
                  "say so where the task's cut took something from the sample"),
    LETI_OPT_INT(
        struct feedback, max_feedback, "4096", 1, 1 << 20,
        "bytes kept of what one evaluator said, from its end, where possible whole lines; of a "
        "text that has too many tokens yet the trainer takes more"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_FORMATTER,
    .name = "feedback.leti",
    .version = "1.0",
    .summary = "Reward token, traceback, problem and program as one training text",
    .instance_size = sizeof(struct feedback),
    .options = options,
    .start = start,
    .formatter = { .format = format },
};
