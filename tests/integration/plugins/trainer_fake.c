/* trainer.fake - the new model is a number that follows from the old one and every byte of the
 * examples, so that one byte that differs shows in all that comes after.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "leti/plugin.h"

struct trainer {
    int64_t work_us; /* options */
    const char *fails, *notes;
    struct leti_list tokens;
    const struct leti_host *host;
    uint64_t model, learned, n_examples;
    struct held_out {
        size_t n, counted; /* texts, and their bytes that count */
    } good, none;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct trainer *trainer = self;
    trainer->host = host;
    FILE *notes = *trainer->notes ? fopen(trainer->notes, "r") : NULL;
    if (*trainer->notes && !notes)
        return host->fail(host, "notes %s: cannot be read", trainer->notes);
    if (notes)
        fclose(notes);
    return LETI_OK;
}

static enum leti_status load(void *self, const char *dir)
{
    ((struct trainer *)self)->model = fake_model(dir);
    return LETI_OK;
}

static enum leti_status learn(void *self, const struct leti_example *example)
{
    struct trainer *trainer = self;
    trainer->n_examples++;
    for (size_t i = 0; i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        trainer->learned = leti_mix(trainer->learned, span->flags);
        for (size_t k = 0; k < span->text.size; k++)
            trainer->learned = leti_mix(trainer->learned, (unsigned char)span->text.data[k]);
    }
    return LETI_OK;
}

/* The reward token stands in front of the one set's texts and does not count; of the other it is
 * gone. */
static enum leti_status validate(void *self, const char *name, const struct leti_example *example)
{
    struct trainer *trainer = self;
    bool is_none = !strcmp(name, "validation_none"), has_special = false, wrong = false;
    struct held_out *set = is_none ? &trainer->none : &trainer->good;
    for (size_t i = 0; i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        bool special = span->flags & LETI_SPAN_SPECIAL, counts = span->flags & LETI_SPAN_TRAIN;
        has_special |= special;
        wrong |= special && counts;
        set->counted += counts ? span->text.size : 0;
    }
    set->n++;
    if (wrong || has_special == is_none || (!is_none && strcmp(name, "validation_good") != 0))
        return trainer->host->fail(trainer->host, "%s: not a text to validate with", name);
    return LETI_OK;
}

/* As if each byte that counts made a text harder, and training twice as easy. */
static void tell_validation(const struct trainer *trainer, double share)
{
    const struct leti_host *host = trainer->host;
    const struct held_out *good = &trainer->good, *none = &trainer->none;
    if (good->n)
        host->metric(host, "validation_good_loss",
                     share * (double)good->counted / (double)good->n / 20);
    if (none->n)
        host->metric(host, "validation_none_loss",
                     share * (double)none->counted / (double)none->n / 20);
}

static bool write_file(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

static enum leti_status train(void *self, const struct leti_training *training)
{
    struct trainer *trainer = self;
    const struct leti_host *host = trainer->host;
    char number[32];
    if (trainer->fails[0])
        return host->fail(host, "%s", trainer->fails);
    if (training->iteration == 1)
        tell_validation(trainer, 1);
    for (uint64_t i = 0; i < trainer->n_examples; i++) {
        fake_work(trainer->work_us);
        host->progress(host, (double)i + 1, (double)trainer->n_examples);
        if (i % 16 == 0)
            host->metric(host, "loss", 1.0 / (double)(i + 1));
    }
    host->metric(host, "steps", (double)trainer->n_examples);
    host->metric(host, "tokens", 1000.0 * (double)trainer->n_examples);
    tell_validation(trainer, 0.5);
    trainer->good = trainer->none = (struct held_out){ 0 };
    trainer->model = leti_mix(leti_mix(trainer->model, trainer->learned), training->seed);
    trainer->learned = trainer->n_examples = 0;
    snprintf(number, sizeof number, "%llu\n", (unsigned long long)trainer->model);
    if (!write_file(training->out_dir, "model.txt", number) ||
        !write_file(training->out_dir, "config.json", "{}\n") ||
        !write_file(training->out_dir, "optimizer.bin", "state"))
        return host->fail(host, "cannot write to %s", training->out_dir);
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_INT(struct trainer, work_us, "0", 0, 1e9, "Microseconds that an example takes."),
    LETI_OPT_TEXT(struct trainer, fails, "", "It fails, and says this."),
    LETI_OPT_LIST(struct trainer, tokens,
                  "<|good|>\n<|bad|>\n<|lang_feedback|>\n<|/lang_feedback|>", 0, 16,
                  "Special tokens that it would know."),
    LETI_OPT_TEXT(struct trainer, notes, "", "A file that must be there, for nothing."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_TRAINER,
    .name = "trainer.fake",
    .version = "1.0",
    .summary = "A number for a model",
    .instance_size = sizeof(struct trainer),
    .options = options,
    .start = start,
    .trainer = { .load = load, .learn = learn, .train = train, .validate = validate },
};
