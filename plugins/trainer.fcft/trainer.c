/* trainer.fcft - feedback-conditioned fine-tuning: next-token cross-entropy on the iteration's
 * training texts by AdamW, with continued pre-training on a corpus in between.
 *
 * With mode "corpus" it is the control that takes the corpus steps alone, and with `steps` set it
 * pre-trains without any example.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/files.h"
#include "initial.h"
#include "leti/plugin.h"
#include "model/model_gguf.h"

/* What the run's seed is mixed with. */
enum { SEED_INIT = 101, SEED_TOKENS = 102, SEED_ADAPTER = 103 };

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct trainer *trainer = self;
    bool corpus_alone = !strcmp(trainer->mode, "corpus");
    trainer->host = host;
    if (*trainer->corpus && access(trainer->corpus, R_OK))
        return host->fail(host, "corpus %s: %s", trainer->corpus, strerror(errno));
    if (corpus_alone && !*trainer->corpus)
        return host->fail(host, "mode \"corpus\" needs a corpus");
    if (trainer->steps && !corpus_alone)
        return host->fail(host,
                          "steps = %lld needs mode \"corpus\": the steps on examples follow "
                          "from epochs and batch",
                          (long long)trainer->steps);
    if (corpus_alone && !trainer->corpus_mix)
        return host->fail(host, "corpus_mix = false leaves mode \"corpus\" no step to take");
    if (corpus_alone && trainer->kl > 0)
        return host->fail(host, "kl is for steps on examples, which mode \"corpus\" does not take");
    if (trainer->decay > 0 && trainer->decay_iterations)
        return host->fail(host, "decay and decay_iterations are two schedules; set one of them");
    if (trainer->lora_rank && !strcmp(trainer->init, "random"))
        return host->fail(host, "lora_rank needs a model that is trained already, not init "
                                "\"random\"");
    if (trainer->kl <= 0 && strcmp(trainer->kl_direction, "reverse"))
        host->log(host, LETI_LOG_WARN, "kl_direction = \"%s\" has no effect without kl",
                  trainer->kl_direction);
    return LETI_OK;
}

static void stop(void *self)
{
    struct trainer *trainer = self;
    lm_model_close(trainer->model);
    adapter_clear(&trainer->adapter);
    optimizer_clear(&trainer->optimizer);
    examples_clear(&trainer->examples);
    held_out_clear(&trainer->held_out);
    corpus_clear(&trainer->documents);
    lm_model_close(trainer->initial);
    free(trainer->initial_dir);
    free(trainer->model_dir);
}

/* ---- load ---- */

static bool has_parameters(const char *dir)
{
    char file[PATH_MAX], index[PATH_MAX];
    bool gguf = false;
    struct leti_error err;
    return (lm_model_gguf_find(dir, &gguf, file, &err) && gguf) ||
           !lm_path(dir, "model.safetensors", file, &err) ||
           !lm_path(dir, "model.safetensors.index.json", index, &err) || lm_file_exists(file) ||
           lm_file_exists(index);
}

/* The rows of new tokens are drawn at the deviation of the trained rows, so a model that is yet
 * to be pre-trained gets none. */
static bool add_tokens(const struct trainer *trainer, struct lm_model *model,
                       struct leti_error *err)
{
    if (trainer->steps || !trainer->tokens.n)
        return true;
    int32_t *ids = calloc(trainer->tokens.n, sizeof *ids);
    bool ok = ids ? lm_model_add_specials(model, trainer->tokens.items, trainer->tokens.n,
                                          leti_mix(trainer->host->seed, SEED_TOKENS), ids, err)
                  : leti_error_set(err, "out of memory");
    free(ids);
    return ok;
}

static bool open_model(const struct trainer *trainer, const char *dir, struct lm_model **out,
                       struct leti_error *err)
{
    if (strcmp(trainer->init, "random") || has_parameters(dir))
        return lm_model_open(dir, out, err);
    return lm_model_random(dir, leti_mix(trainer->host->seed, SEED_INIT), out, err);
}

/* The adapter that the folder holds, or a new one; none without lora_rank. */
static bool open_adapter(const struct trainer *trainer, const char *dir, struct lm_model *model,
                         struct adapter *out, struct leti_error *err)
{
    struct lm_lora_config config = { .rank = (int32_t)trainer->lora_rank,
                                     .alpha = trainer->lora_alpha,
                                     .targets = trainer->lora_targets.items,
                                     .n_targets = trainer->lora_targets.n };
    return !trainer->lora_rank ||
           adapter_open(model, &config, dir, leti_mix(trainer->host->seed, SEED_ADAPTER), out, err);
}

/* All that a model version is made of. */
static bool open_version(const struct trainer *trainer, const char *dir, struct lm_model **model,
                         struct adapter *adapter, struct optimizer *optimizer,
                         struct leti_error *err)
{
    char moments[PATH_MAX];
    if (!open_model(trainer, dir, model, err) ||
        !lm_precision_choose(trainer->precision, &(*model)->precision, err) ||
        !open_adapter(trainer, dir, *model, adapter, err) || !add_tokens(trainer, *model, err) ||
        !adapter_fit(adapter, *model, &trainer->tokens, err) ||
        !adapter_folder(adapter, dir, moments, err))
        return false;
    struct parameters trained = parameters_of(*model, adapter->lora);
    return optimizer_load(optimizer, &trained, moments, err);
}

static enum leti_status load(void *self, const char *model_dir)
{
    struct trainer *trainer = self;
    const struct leti_host *host = trainer->host;
    struct leti_error err;
    struct lm_model *model = NULL;
    struct adapter adapter = { 0 };
    char *dir = strdup(model_dir);
    if (!dir)
        return host->fail(host, "out of memory");
    if (!open_version(trainer, dir, &model, &adapter, &trainer->optimizer, &err)) {
        lm_model_close(model);
        adapter_clear(&adapter);
        free(dir);
        return host->fail(host, "%s", err.text);
    }
    lm_model_close(trainer->model);
    adapter_clear(&trainer->adapter);
    free(trainer->model_dir);
    trainer->model = model;
    trainer->adapter = adapter;
    trainer->model_dir = dir;
    trainer->fresh = true;
    return LETI_OK;
}

/* ---- learn and train ---- */

static bool refuse_token(const struct trainer *trainer, const char *name, struct leti_error *err)
{
    char known[400] = "none";
    for (size_t i = 0, used = 0; i < trainer->tokens.n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 trainer->tokens.items[i]);
    return leti_error_set(err,
                          "the text has the special token \"%.80s\", which neither the model nor "
                          "the option tokens has (%s)",
                          name, known);
}

/* A special token that only the formatter knows is one that no prompt could start with. */
static bool check_tokens(const struct trainer *trainer, const struct leti_example *example,
                         struct leti_error *err)
{
    for (size_t i = 0; i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        if ((span->flags & LETI_SPAN_SPECIAL) &&
            lm_tokenizer_special(trainer->model->tokenizer, span->text.data) < 0)
            return refuse_token(trainer, span->text.data, err);
    }
    return true;
}

/* Keeps a copy as tokens. */
static bool keep(const struct trainer *trainer, struct examples *examples,
                 const struct leti_example *example, struct leti_error *err)
{
    int64_t longest = trainer->model->config.max_positions;
    if (trainer->max_length && trainer->max_length < longest)
        longest = trainer->max_length;
    return check_tokens(trainer, example, err) &&
           examples_add(examples, trainer->model, example, (int32_t)longest, err);
}

static bool drops_truncated(const struct trainer *trainer)
{
    return !strcmp(trainer->truncated, "drop");
}

static enum leti_status learn(void *self, const struct leti_example *example)
{
    struct trainer *trainer = self;
    const struct leti_host *host = trainer->host;
    struct leti_error err;
    if (!trainer->model)
        return host->fail(host, "an example came before a model was loaded");
    if (trainer->steps) /* pre-training takes none, nor has it their tokens */
        return LETI_OK;
    bool truncated = examples_truncated(example);
    trainer->examples.truncated += truncated;
    if (truncated && drops_truncated(trainer))
        return LETI_OK;
    if (!keep(trainer, &trainer->examples, example, &err))
        return host->fail(host, "problem %s, sample %u: %s", example->problem, example->index,
                          err.text);
    return LETI_OK;
}

static enum leti_status validate(void *self, const char *name, const struct leti_example *example)
{
    struct trainer *trainer = self;
    const struct leti_host *host = trainer->host;
    struct examples *texts = NULL;
    struct leti_error err;
    if (!trainer->model)
        return host->fail(host, "a held-out text came before a model was loaded");
    if (!held_out_set(&trainer->held_out, name, &texts, &err) ||
        !keep(trainer, texts, example, &err))
        return host->fail(host, "%s, problem %s: %s", name, example->problem, err.text);
    return LETI_OK;
}

static enum lm_dtype dtype_of(const char *name)
{
    return strcmp(name, "bf16") ? LM_F32 : LM_BF16;
}

static bool save(const struct trainer *trainer, const char *dir, struct leti_error *err)
{
    char moments[PATH_MAX];
    return lm_model_save(trainer->model, trainer->model_dir, dir, dtype_of(trainer->dtype), err) &&
           adapter_save(&trainer->adapter, trainer->model, dir, err) &&
           initial_save(trainer->initial_dir, dir, err) &&
           adapter_folder(&trainer->adapter, dir, moments, err) &&
           optimizer_save(&trainer->optimizer, moments, err);
}

/* ---- the model that the training began from ---- */

static bool open_initial(struct trainer *trainer, struct leti_error *err)
{
    struct leti_error why;
    const char *dir = trainer->initial_dir;
    if (!trainer->initial && !open_model(trainer, dir, &trainer->initial, &why))
        return leti_error_set(err, "where the training began: %s", why.text);
    trainer->initial->precision = trainer->model->precision;
    return initial_fit(trainer->initial, trainer->model, leti_mix(trainer->host->seed, SEED_TOKENS),
                       &why) ||
           leti_error_set(err, "where the training began: %s: %s", dir, why.text);
}

/* Where a model was loaded since the last time the training may have begun elsewhere. */
static bool find_initial(struct trainer *trainer, uint32_t iteration, struct leti_error *err)
{
    char *dir = NULL;
    if (!trainer->fresh)
        return true;
    if (!initial_find(trainer->model_dir, iteration, &dir, err))
        return false;
    if (trainer->initial_dir && strcmp(trainer->initial_dir, dir)) {
        lm_model_close(trainer->initial);
        trainer->initial = NULL;
    }
    free(trainer->initial_dir);
    trainer->initial_dir = dir;
    trainer->fresh = false;
    return true;
}

static bool begin_initial(struct trainer *trainer, uint32_t iteration, struct leti_error *err)
{
    return find_initial(trainer, iteration, err) &&
           (trainer->kl <= 0.0 || open_initial(trainer, err));
}

static enum leti_status train(void *self, const struct leti_training *training)
{
    struct trainer *trainer = self;
    const struct leti_host *host = trainer->host;
    struct leti_error err;
    if (!trainer->model)
        return host->fail(host, "there is no model to train");
    size_t dropped = drops_truncated(trainer) ? trainer->examples.truncated : 0;
    if (!trainer->examples.n && !trainer->steps)
        host->log(host, LETI_LOG_WARN,
                  "iteration %u brought no example to learn from, and %zu truncated ones",
                  training->iteration, trainer->examples.truncated);
    else if (dropped)
        host->log(host, LETI_LOG_INFO, "%zu of %zu examples were truncated, and are dropped",
                  dropped, dropped + trainer->examples.n);
    if (trainer->examples.text_cut)
        host->log(host, LETI_LOG_WARN, "%zu of %zu examples were cut at their end: max_length",
                  trainer->examples.text_cut, trainer->examples.n);
    bool ok = begin_initial(trainer, training->iteration, &err) &&
              loop_run(trainer, training, &err) && save(trainer, training->out_dir, &err);
    examples_clear(&trainer->examples);
    held_out_clear(&trainer->held_out);
    return ok ? LETI_OK : host->fail(host, "%s", err.text);
}

static const struct leti_option options[] = {
    LETI_OPT_CHOICE(struct trainer, mode, "fcft", "fcft|corpus",
                    "fcft: the examples, and the corpus in between; corpus: as many corpus steps "
                    "as fcft would take, and nothing else"),
    LETI_OPT_CHOICE(struct trainer, init, "load", "load|random",
                    "random: draw the parameters where the model's folder has none"),
    LETI_OPT_INT(struct trainer, epochs, "3", 1, 10000, "passes over the iteration's examples"),
    LETI_OPT_INT(struct trainer, batch, "16", 1, 65536, "sequences a step"),
    LETI_OPT_INT(struct trainer, micro_tokens, "512", 1, 1 << 24,
                 "tokens of one pass; gradients of several add up to a step's"),
    LETI_OPT_BOOL(struct trainer, recompute, "false",
                  "compute activations again on the way back, where memory is short: a fraction "
                  "of it, and a third more time"),
    LETI_OPT_INT(
        struct trainer, max_length, "0", 0, 1 << 24,
        "tokens of an example; what is more is cut, feedback first; 0: the model's positions"),
    LETI_OPT_CHOICE(
        struct trainer, truncated, "keep", "keep|drop",
        "drop: learn nothing from a sample that reached the longest length and was not cut "
        "to a whole program (in other trainers: mask_truncated_completions, overlong "
        "filtering)"),
    LETI_OPT_REAL(struct trainer, kl, "0", 0, 1e6,
                  "weight of the divergence from the model that the training began from, at each "
                  "token that is no feedback; that model stays in memory; 0: none"),
    LETI_OPT_CHOICE(struct trainer, kl_direction, "reverse", "reverse|forward",
                    "reverse: KL(model || initial); forward: KL(initial || model)"),
    LETI_OPT_REAL(struct trainer, lr, "1e-5", 0, 1, "learning rate"),
    LETI_OPT_REAL(struct trainer, weight_decay, "0.01", 0, 10,
                  "of matrices, not of norms and biases"),
    LETI_OPT_REAL(struct trainer, beta1, "0.9", 0, 0.999999, "decay of AdamW's first moment"),
    LETI_OPT_REAL(struct trainer, beta2, "0.999", 0, 0.999999, "decay of AdamW's second moment"),
    LETI_OPT_REAL(struct trainer, eps, "1e-8", 1e-30, 1, "added to AdamW's denominator"),
    LETI_OPT_INT(struct trainer, warmup, "0", 0, 1 << 30,
                 "first steps of the optimizer, over which the learning rate rises"),
    LETI_OPT_REAL(struct trainer, decay, "0", 0, 1,
                  "share of an iteration's steps, at its end, over which the rate falls"),
    LETI_OPT_INT(struct trainer, decay_iterations, "0", 0, 1 << 30,
                 "iterations, the warm-up aside, over which the rate falls in one straight line: "
                 "the pipeline's own for linear decay over the whole run; 0: each by itself"),
    LETI_OPT_REAL(struct trainer, final_lr_ratio, "0", 0, 1,
                  "what the rate falls to, as a share of lr"),
    LETI_OPT_REAL(struct trainer, max_grad_norm, "0", 0, 1e30,
                  "norm that a step's whole gradient is scaled down to where it is larger; 0, as "
                  "in the paper's runs: no clipping (other trainers often say 1)"),
    LETI_OPT_TEXT(struct trainer, corpus, "",
                  "file of plain text, or of JSON lines with a text each, either may be gzip; "
                  "empty: no corpus steps"),
    LETI_OPT_BOOL(struct trainer, corpus_mix, "true",
                  "follow each step on examples by one on the corpus; false: none, and the corpus "
                  "is there for corpus_loss alone"),
    LETI_OPT_INT(struct trainer, corpus_block, "1024", 2, 1 << 24,
                 "most tokens of a block of corpus text; never more than the model's positions"),
    LETI_OPT_INT(struct trainer, corpus_tokens, "0", 0, 1 << 30,
                 "tokens of a corpus step, in equal blocks; 0: batch blocks of corpus_block"),
    LETI_OPT_REAL(struct trainer, corpus_holdout, "0.1", 0, 1,
                  "share of the corpus' documents that is held out for corpus_loss"),
    LETI_OPT_INT(struct trainer, corpus_eval_tokens, "65536", 1, 1 << 30,
                 "held-out tokens, at most, that corpus_loss is taken over"),
    LETI_OPT_INT(struct trainer, steps, "0", 0, 1 << 30,
                 "corpus steps of pre-training, in mode corpus; 0: as many as the examples say"),
    LETI_OPT_LIST(struct trainer, tokens,
                  "<|good|>\n<|bad|>\n<|lang_feedback|>\n<|/lang_feedback|>", 0, 1024,
                  "special tokens added to the model when it is loaded, unless steps is set"),
    LETI_OPT_INT(struct trainer, lora_rank, "0", 0, 65536,
                 "rank of a low-rank adapter that is trained in the place of the model, with the "
                 "rows of the added tokens; saved merged, and in adapter/ as PEFT does; 0: none"),
    LETI_OPT_REAL(struct trainer, lora_alpha, "8", 1e-6, 1e6,
                  "the adapter's share in a weight is lora_alpha / lora_rank"),
    LETI_OPT_LIST(struct trainer, lora_targets, "all-linear", 1, 64,
                  "matrices that are adapted, by the last part of their names (q_proj); "
                  "all-linear: all but embeddings and head"),
    LETI_OPT_CHOICE(struct trainer, precision, "auto", "auto|f32|bf16",
                    "of products with weights, which add up in f32; parameters and moments are "
                    "f32; auto: bf16 where the machine multiplies in it"),
    LETI_OPT_CHOICE(struct trainer, dtype, "f32", "f32|bf16", "type of the saved parameters"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_TRAINER,
    .name = "trainer.fcft",
    .version = "1.0",
    .summary = "Feedback-conditioned fine-tuning by AdamW, with continued pre-training",
    .instance_size = sizeof(struct trainer),
    .options = options,
    .start = start,
    .stop = stop,
    .trainer = { .load = load, .learn = learn, .train = train, .validate = validate },
};
