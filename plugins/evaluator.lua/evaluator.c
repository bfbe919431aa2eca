/* evaluator.lua - a function in a Lua file that judges samples.
 *
 * This file is the stage: options in, verdicts out. The Lua runs in a process of its own, leti-lua,
 * which main.c and what is beside it make.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange.h"
#include "helper.h"
#include "protocol.h"

/* A busy machine may take this many times as long for so much processor time, and start slowly;
 * after that the helper counts as lost. */
enum { PATIENCE = 20, START_SECONDS = 60 };

extern char **environ;

struct evaluator {
    const char *file, *function;
    double timeout;
    int64_t memory;

    const struct leti_host *host;
    char *path; /* of the helper */
    struct helper helper;
};

static int64_t patience_ns(const struct evaluator *self)
{
    return clock_ns() + (int64_t)(self->timeout * PATIENCE * 1e9) +
           (int64_t)START_SECONDS * 1000000000;
}

/* ---- the helper ---- */

static void log_printed(const struct evaluator *self, const char *text, size_t size)
{
    while (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0)
        self->host->log(self->host, LETI_LOG_INFO, "%s: %.*s", self->file, (int)size, text);
}

static bool greet(struct evaluator *self, struct leti_error *err)
{
    struct setup setup = { .timeout_ns = (uint64_t)(self->timeout * 1e9),
                           .memory_bytes = (uint64_t)self->memory << 20,
                           .function_size = (uint32_t)strlen(self->function) };
    struct part parts[] = { { &setup, sizeof setup },
                            { self->function, setup.function_size },
                            { self->file, strlen(self->file) } };
    char *printed;
    size_t size;
    if (!message_send(self->helper.socket, MESSAGE_SETTINGS, parts, 3, err) ||
        !message_receive(self->helper.socket, patience_ns(self), MESSAGE_READY, &printed, &size,
                         err))
        return false;
    log_printed(self, printed, size);
    free(printed);
    return true;
}

static bool start_helper(struct evaluator *self, struct leti_error *err)
{
    if (self->helper.pid)
        return true;
    if (!helper_start(self->path, environ, &self->helper, err))
        return false;
    if (greet(self, err))
        return true;
    helper_stop(&self->helper);
    return false;
}

/* Whether the message is an answer whose texts are behind it, and of no size that none has. */
static bool check_answer(const char *message, size_t size, struct leti_error *err)
{
    const struct answer *answer = (const struct answer *)message;
    return (size >= sizeof *answer && answer->n_scores <= SCORES_MAX &&
            answer->feedback_size <= TEXT_MAX_BYTES && answer->printed_size <= PRINTED_MAX_BYTES &&
            size == sizeof *answer + answer->feedback_size + answer->printed_size) ||
           leti_error_set(err, "leti-lua: an answer that makes no sense");
}

/* *out (malloc): the answer with its texts behind it. */
static bool ask(struct evaluator *self, const struct leti_sample *sample, struct answer **out,
                struct leti_error *err)
{
    char *payload, *message = NULL;
    size_t size;
    if (!exchange_pack(sample, &payload, &size, err))
        return false;
    struct part part = { payload, size };
    bool ok = message_send(self->helper.socket, MESSAGE_PROGRAM, &part, 1, err) &&
              message_receive(self->helper.socket, patience_ns(self), MESSAGE_RESULT, &message,
                              &size, err) &&
              check_answer(message, size, err);
    free(payload);
    if (!ok) {
        free(message);
        helper_stop(&self->helper); /* the next sample starts another */
        return false;
    }
    *out = (struct answer *)message;
    return true;
}

/* ---- verdicts ---- */

static char *copy_text(const struct leti_host *host, const char *text, size_t size)
{
    char *copy = host->alloc(host, size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static struct leti_bytes copy_bytes(const struct leti_host *host, const char *text, size_t size)
{
    return (struct leti_bytes){ copy_text(host, text, size), size };
}

static const struct leti_pair *copy_scores(const struct leti_host *host,
                                           const struct answer *answer)
{
    struct leti_pair *pairs = host->alloc(host, (answer->n_scores + 1) * sizeof *pairs);
    for (size_t i = 0; i < answer->n_scores; i++) {
        const struct score *score = &answer->scores[i];
        char digits[32];
        int n = snprintf(digits, sizeof digits, "%.15g", score->value);
        if (strtod(digits, NULL) != score->value)
            n = snprintf(digits, sizeof digits, "%.17g", score->value);
        pairs[i].key = copy_text(host, score->name, strnlen(score->name, NAME_MAX_BYTES));
        pairs[i].value = copy_bytes(host, digits, (size_t)n);
    }
    return pairs;
}

static void give_verdict(const struct evaluator *self, const struct answer *answer,
                         struct leti_verdict *out)
{
    const struct leti_host *host = self->host;
    const char *feedback = (const char *)(answer + 1);
    log_printed(self, feedback + answer->feedback_size, answer->printed_size);
    *out = (struct leti_verdict){
        .outcome = answer->outcome == ANSWER_PASSED   ? LETI_PASSED
                   : answer->outcome == ANSWER_FAILED ? LETI_FAILED
                                                      : LETI_INFRA,
        .reason = copy_text(host, answer->reason, strnlen(answer->reason, NAME_MAX_BYTES)),
        .exception = copy_text(host, answer->exception, strnlen(answer->exception, TYPE_MAX_BYTES)),
        .feedback = copy_bytes(host, feedback, answer->feedback_size),
        .seconds = answer->seconds,
        .scores = copy_scores(host, answer),
        .n_scores = answer->n_scores,
    };
}

/* ---- the stage ---- */

static enum leti_status start(void *instance, const struct leti_host *host)
{
    struct evaluator *self = instance;
    struct leti_error err;
    self->host = host;
    if (access(self->file, R_OK) != 0)
        return host->fail(host, "file: %s cannot be read", self->file);
    if (!helper_find("leti-lua", &self->path, &err))
        return host->fail(host, "%s", err.text);
    if (start_helper(self, &err))
        return LETI_OK;
    free(self->path);
    return host->fail(host, "%s", err.text);
}

static void stop(void *instance)
{
    struct evaluator *self = instance;
    helper_stop(&self->helper);
    free(self->path);
}

static enum leti_status evaluate(void *instance, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct evaluator *self = instance;
    struct leti_error err;
    struct answer *answer;
    if (start_helper(self, &err) && ask(self, sample, &answer, &err)) {
        give_verdict(self, answer, out);
        free(answer);
        return LETI_OK;
    }
    *out = (struct leti_verdict){ .outcome = LETI_INFRA,
                                  .reason = "infrastructure",
                                  .exception = "",
                                  .feedback = copy_bytes(self->host, err.text, strlen(err.text)) };
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct evaluator, file, NULL, "Lua file that returns the function"),
    LETI_OPT_TEXT(struct evaluator, function, "",
                  "name of the function, where the file returns a table of several"),
    LETI_OPT_REAL(struct evaluator, timeout, "5", 0.01, 3600,
                  "processor time of one call, in seconds"),
    LETI_OPT_INT(struct evaluator, memory, "64", 1, 1 << 20, "memory of Lua's values, in MiB"),
    { 0 },
};

/* Not deterministic: what it says may depend on more than the program, such as on the iteration. */
LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_EVALUATOR,
    .name = "evaluator.lua",
    .version = "0.1.0",
    .summary = "judges samples by a function in a Lua file",
    .instance_size = sizeof(struct evaluator),
    .options = options,
    .start = start,
    .stop = stop,
    .evaluator = { .evaluate = evaluate },
};
