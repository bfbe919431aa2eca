/* hub_stages - a plugin of each kind that does what the texts it is given ask for: answer, fail,
 * crash, hang. For the tests of hub and worker.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "leti/plugin.h"

struct stage {
    const struct leti_host *host;
    const char *mode; /* of the start: "ok", "refuse", "crash", "exit" */
    const char *word; /* comes back with every verdict */
    /* generator */
    struct request {
        uint64_t id, seed;
        uint32_t next, end;
        char problem[64];
    } open[256];
    size_t n_open;
    unsigned turn;
    char model[64];
    /* trainer */
    uint64_t digest;
    unsigned learned, validated, loads;
};

static const struct leti_option options[] = {
    LETI_OPT_CHOICE(struct stage, mode, "ok", "ok|refuse|crash|exit", "How it starts."),
    LETI_OPT_TEXT(struct stage, word, "word", "Comes back with every verdict."),
    { 0 },
};

static void wait_ms(long ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* A sanitizer's handler would turn it into an exit. */
static void crash(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

__attribute__((unused)) static void wait_for_end(const struct leti_host *host)
{
    while (!host->stopping(host))
        wait_ms(1);
}

/* Does what a text says, where it says something; true: and then answers. */
__attribute__((unused)) static enum leti_status obey(struct stage *stage, const char *text)
{
    const struct leti_host *host = stage->host;
    const char *path;
    if (!strcmp(text, "crash"))
        crash();
    if (!strcmp(text, "abort")) {
        fprintf(stderr, "the last words of a plugin\n");
        abort();
    }
    if (!strcmp(text, "exit"))
        _exit(7);
    if (!strcmp(text, "hang"))
        wait_for_end(host);
    if (!strcmp(text, "hang for ever"))
        for (;;)
            pause();
    if (!strcmp(text, "fail"))
        return host->fail(host, "this cannot be done");
    if (!strcmp(text, "slow"))
        wait_ms(30);
    /* "open PATH": waits until somebody opens the FIFO's other end, whatever the head says. */
    if (!strncmp(text, "open ", 5) && (path = text + 5)) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file >= 0)
            close(file);
    }
    return LETI_OK;
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct stage *stage = self;
    stage->host = host;
    if (!strcmp(stage->mode, "refuse"))
        return host->fail(host, "there is no model in %s", "nowhere");
    if (!strcmp(stage->mode, "crash"))
        crash();
    if (!strcmp(stage->mode, "exit"))
        _exit(3);
    host->log(host, LETI_LOG_DEBUG, "%s started", host->stage);
    return LETI_OK;
}

#if defined(HUB_GENERATOR)
static enum leti_status load(void *self, const char *dir)
{
    struct stage *stage = self;
    if (stage->n_open)
        return stage->host->fail(stage->host, "load with %zu requests open", stage->n_open);
    if (strstr(dir, "broken"))
        return stage->host->fail(stage->host, "%s: not a model", dir);
    snprintf(stage->model, sizeof stage->model, "%s", dir);
    return LETI_OK;
}

static enum leti_status submit(void *self, const struct leti_request *request)
{
    struct stage *stage = self;
    const struct leti_host *host = stage->host;
    if (obey(stage, request->problem->prompt.data) == LETI_ERROR)
        return LETI_ERROR;
    if (stage->n_open == sizeof stage->open / sizeof *stage->open)
        return host->fail(host, "too many requests");
    struct request *open = &stage->open[stage->n_open++];
    *open = (struct request){ .id = request->id,
                              .seed = request->seed,
                              .next = request->first,
                              .end = request->first + request->samples };
    snprintf(open->problem, sizeof open->problem, "%s", request->problem->id);
    return LETI_OK;
}

/* As a plugin of before there were log-probabilities: what lies behind its output is not read. */
static void emit_one(struct stage *stage, struct request *open)
{
    const struct leti_host *host = stage->host;
    char text[256];
    int n = snprintf(text, sizeof text, "%s/%u/%s/%llu", open->problem, open->next, stage->model,
                     (unsigned long long)leti_sample_seed(open->seed, open->next));
    struct leti_output output = { .request = open->id,
                                  .index = open->next++,
                                  .raw = { text, (size_t)n },
                                  .tokens = 5,
                                  .finish = LETI_FINISH_STOP,
                                  .logprobs = (const float *)1 };
    host->emit(host, &output);
}

/* A sample of each open request; "forget" loses its last one, "break" is an error half way. */
static enum leti_status step(void *self)
{
    struct stage *stage = self;
    for (size_t i = stage->n_open; i-- > 0;) {
        struct request *open = &stage->open[i];
        if (!strcmp(open->problem, "break") && open->next + 1 == open->end)
            return stage->host->fail(stage->host, "the step broke");
        if (!strcmp(open->problem, "crash later") && open->next + 1 == open->end)
            crash();
        if (!strcmp(open->problem, "forget") && open->next + 1 == open->end)
            open->next++;
        else
            emit_one(stage, open);
        if (open->next == open->end)
            *open = stage->open[--stage->n_open];
    }
    return stage->n_open ? LETI_OK : LETI_DONE;
}

__attribute__((unused)) static void cancel(void *self)
{
    ((struct stage *)self)->n_open = 0;
}

#define KIND                                                                                       \
    .kind = LETI_GENERATOR,                                                                        \
    .generator = { .load = load, .submit = submit, .step = step, HUB_CAPACITY }
#elif defined(HUB_EVALUATOR)
static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    struct stage *stage = self;
    const struct leti_host *host = stage->host;
    if (obey(stage, sample->program.data) == LETI_ERROR)
        return LETI_ERROR;
    if (!strcmp(sample->program.data, "no reason")) {
        out->reason = NULL;
        return LETI_OK;
    }
    char *text = host->alloc(host, 256);
    int n = snprintf(text, 256, "%s %s %s %ld", stage->word, sample->problem->id,
                     sample->program.data, (long)getpid());
    *out = (struct leti_verdict){ .outcome = LETI_FAILED,
                                  .reason = "exception",
                                  .exception = "NameError",
                                  .feedback = { text, (size_t)n },
                                  .seconds = 0.25 };
    return LETI_OK;
}

#define KIND .kind = LETI_EVALUATOR, .evaluator.evaluate = evaluate
#elif defined(HUB_FORMATTER)
static enum leti_status format(void *self, const struct leti_sample *sample,
                               const struct leti_verdict *verdicts, size_t n,
                               struct leti_example *out)
{
    struct stage *stage = self;
    const struct leti_host *host = stage->host;
    struct leti_span *spans = host->alloc(host, (n + 1) * sizeof *spans);
    spans[0] = (struct leti_span){ sample->program, LETI_SPAN_TRAIN };
    for (size_t i = 0; i < n; i++)
        spans[i + 1] = (struct leti_span){ verdicts[i].feedback, LETI_SPAN_FEEDBACK };
    out->spans = spans;
    out->n_spans = n + 1;
    return LETI_OK;
}

#define KIND .kind = LETI_FORMATTER, .formatter.format = format
#elif defined(HUB_TRAINER)
static enum leti_status load(void *self, const char *dir)
{
    struct stage *stage = self;
    (void)dir;
    stage->loads++;
    return LETI_OK;
}

static enum leti_status learn(void *self, const struct leti_example *example)
{
    struct stage *stage = self;
    for (size_t i = 0; i < example->n_spans; i++)
        for (size_t j = 0; j < example->spans[i].text.size; j++)
            stage->digest = leti_mix(stage->digest, (unsigned char)example->spans[i].text.data[j]);
    stage->digest = leti_mix(stage->digest, example->index);
    stage->learned++;
    return LETI_OK;
}

static enum leti_status validate(void *self, const char *name, const struct leti_example *example)
{
    struct stage *stage = self;
    if (strcmp(name, "held out") != 0 || example->n_spans != 1)
        return stage->host->fail(stage->host, "not what was held out: %s", name);
    stage->validated++;
    return LETI_OK;
}

/* Crashes while the file "crash" stands in the new folder, which it removes first. */
static enum leti_status train(void *self, const struct leti_training *training)
{
    struct stage *stage = self;
    const struct leti_host *host = stage->host;
    char path[1024];
    snprintf(path, sizeof path, "%s/crash", training->out_dir);
    if (unlink(path) == 0)
        raise(SIGKILL);
    host->progress(host, 1, 2);
    host->metric(host, "examples", stage->learned);
    host->metric(host, "digest", (double)(stage->digest >> 16));
    host->metric(host, "loads", stage->loads);
    host->metric(host, "validated", stage->validated);
    stage->learned = stage->validated = 0;
    stage->digest = 0;
    return LETI_OK;
}

#define KIND                                                                                       \
    .kind = LETI_TRAINER,                                                                          \
    .trainer = { .load = load, .learn = learn, .train = train, .validate = validate }
#endif

LETI_EXPORT const struct leti_plugin leti_plugin = {
    .abi = LETI_ABI,
    .size = sizeof(struct leti_plugin),
    .output_size = 0,
    .name = PLUGIN_NAME,
    .version = "1.0",
    .summary = "Does what it is told.",
    .instance_size = sizeof(struct stage),
    .options = options,
    .start = start,
    KIND,
};
