/* sound - a plugin of each kind that does nothing, with an option of each type.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "leti/plugin.h"

struct sound {
    bool textual;
    int64_t epochs;
    double timeout;
    const char *python, *mode;
    struct leti_list words;
};

static const struct leti_option options[] = {
    LETI_OPT_BOOL(struct sound, textual, "true", "Whether it says more."),
    LETI_OPT_INT(struct sound, epochs, "3", 1, 100, "Times around."),
    LETI_OPT_REAL(struct sound, timeout, "5", 0.01, 3600, "Seconds that a program may take."),
    LETI_OPT_TEXT(struct sound, python, "python3", "Interpreter."),
    LETI_OPT_CHOICE(struct sound, mode, "adamw", "adamw|sgd", "How."),
    LETI_OPT_LIST(struct sound, words, "one\ntwo", 0, 4, "Words."),
    { 0 },
};

#define SOUND                                                                                      \
    LETI_PLUGIN_HEADER, .name = PLUGIN_NAME, .version = "1.0", .summary = "Does nothing.",         \
                        .instance_size = sizeof(struct sound), .options = options

#if defined(SOUND_SOURCE)
static enum leti_status read_none(void *self, struct leti_problem *out)
{
    (void)self;
    (void)out;
    return LETI_DONE;
}

LETI_EXPORT const struct leti_plugin leti_plugin = { SOUND, .kind = LETI_SOURCE,
                                                     .source.read = read_none };
#elif defined(SOUND_OBSERVER)
static enum leti_status observe(void *self, const struct leti_event *event)
{
    (void)self;
    (void)event;
    return LETI_OK;
}

LETI_EXPORT const struct leti_plugin leti_plugin = { SOUND, .kind = LETI_OBSERVER,
                                                     .observer.observe = observe };
#else
static enum leti_status load(void *self, const char *dir)
{
    (void)self;
    (void)dir;
    return LETI_OK;
}
#endif

#if defined(SOUND_GENERATOR)
static enum leti_status submit(void *self, const struct leti_request *request)
{
    (void)self;
    (void)request;
    return LETI_OK;
}

static enum leti_status step(void *self)
{
    (void)self;
    return LETI_DONE;
}

LETI_EXPORT const struct leti_plugin leti_plugin = {
    SOUND, .kind = LETI_GENERATOR, .generator = { .load = load, .submit = submit, .step = step }
};
#elif defined(SOUND_EVALUATOR)
static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    (void)sample;
    (void)out;
    return load(self, NULL);
}

LETI_EXPORT const struct leti_plugin leti_plugin = { SOUND, .kind = LETI_EVALUATOR,
                                                     .evaluator.evaluate = evaluate };
#elif defined(SOUND_FORMATTER)
static enum leti_status format(void *self, const struct leti_sample *sample,
                               const struct leti_verdict *verdicts, size_t n,
                               struct leti_example *out)
{
    (void)sample;
    (void)verdicts;
    (void)n;
    (void)out;
    return load(self, NULL);
}

LETI_EXPORT const struct leti_plugin leti_plugin = { SOUND, .kind = LETI_FORMATTER,
                                                     .formatter.format = format };
#elif defined(SOUND_TRAINER)
static enum leti_status learn(void *self, const struct leti_example *example)
{
    (void)self;
    (void)example;
    return LETI_OK;
}

static enum leti_status train(void *self, const struct leti_training *training)
{
    (void)self;
    (void)training;
    return LETI_OK;
}

LETI_EXPORT const struct leti_plugin leti_plugin = {
    SOUND, .kind = LETI_TRAINER, .trainer = { .load = load, .learn = learn, .train = train }
};
#endif
