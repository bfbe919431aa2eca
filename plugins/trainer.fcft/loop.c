/* loop.c - the order of the steps: epochs of batches of examples, each step followed by one on the
 * corpus (arXiv 2305.10314, section 2.3).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ops/random.h"
#include "trainer.h"

/* What the seed of an iteration is mixed with, so that its uses have nothing in common. */
enum { SEED_CORPUS = 1, SEED_EPOCH = 2 };

enum { LOG_LINES = 20 };

/* A run of the loop. */
struct loop {
    struct trainer *trainer;
    struct learner *learner;
    struct sequence *sequences; /* of the batch in work */
    size_t *order;              /* of the examples in this epoch */
    uint64_t seed;
    uint32_t iteration;

    /* The corpus: a step takes n_blocks blocks of `block` tokens. */
    struct corpus_walk walk;
    bool has_corpus, mixed; /* mixed: steps are taken on it */
    int64_t block, n_blocks;
    int32_t *text; /* their tokens and one more */

    int64_t done, total; /* optimizer steps */
    struct outcome fcft, corpus, logged;
    double lr;                  /* of the last step */
    double norm_sum, norm_most; /* of gradients */
};

static double seconds(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- one step ---- */

/* What the decay leaves of the rate. Over iterations it is a straight line from the end of the
 * warm-up on, each iteration taken to have as many steps as this one. */
static double decayed(const struct loop *loop)
{
    const struct trainer *t = loop->trainer;
    double total = (double)loop->total, left = total - (double)loop->done;
    double span = t->decay * total;
    if (t->decay_iterations) {
        left += ((double)t->decay_iterations - (double)loop->iteration) * total;
        span = (double)t->decay_iterations * total - (double)t->warmup;
    }
    if (left >= span)
        return 1.0;
    return t->final_lr_ratio + (1.0 - t->final_lr_ratio) * (left > 0.0 ? left / span : 0.0);
}

/* Warm-up counts the steps of the optimizer's whole life. */
static double learning_rate(const struct loop *loop)
{
    const struct trainer *t = loop->trainer;
    double rate = t->lr * decayed(loop);
    if (t->optimizer.step < t->warmup)
        rate *= (double)(t->optimizer.step + 1) / (double)t->warmup;
    return rate;
}

static void say(struct loop *loop, const struct outcome *now, double norm)
{
    const struct leti_host *host = loop->trainer->host;
    int64_t every = loop->total / LOG_LINES + 1;
    host->progress(host, (double)loop->done, (double)loop->total);
    loop->logged.loss += now->loss;
    loop->logged.counted += now->counted;
    if (loop->done % every && loop->done != loop->total)
        return;
    host->log(host, LETI_LOG_DEBUG,
              "step %lld of %lld: loss %.4f, learning rate %.3g, "
              "gradient's norm %.3g",
              (long long)loop->done, (long long)loop->total,
              loop->logged.loss / (double)(loop->logged.counted ? loop->logged.counted : 1),
              loop->lr, norm);
    loop->logged = (struct outcome){ 0 };
}

/* On the first n of the sequences; adds to *sum. */
static bool step(struct loop *loop, size_t n, struct outcome *sum, struct leti_error *err)
{
    const struct trainer *t = loop->trainer;
    struct outcome before = *sum;
    double norm;
    if (t->host->stopping(t->host))
        return leti_error_set(err, "stopped after %lld of %lld steps", (long long)loop->done,
                              (long long)loop->total);
    loop->lr = learning_rate(loop);
    struct lm_adamw adamw = {
        .lr = (float)loop->lr,
        .beta1 = (float)t->beta1,
        .beta2 = (float)t->beta2,
        .eps = (float)t->eps,
        .weight_decay = (float)t->weight_decay,
    };
    if (!learner_step(loop->learner, loop->sequences, n, &adamw, t->max_grad_norm, sum, &norm, err))
        return false;
    loop->done++;
    loop->norm_sum += norm;
    loop->norm_most = norm > loop->norm_most ? norm : loop->norm_most;
    say(loop,
        &(struct outcome){ .loss = sum->loss - before.loss,
                           .counted = sum->counted - before.counted },
        norm);
    return true;
}

static bool corpus_step(struct loop *loop, struct leti_error *err)
{
    size_t block = (size_t)loop->block, n = (size_t)loop->n_blocks;
    /* The token after the last one is its target now and the first one of the next step. */
    loop->text[0] = loop->text[n * block];
    corpus_walk_take(&loop->walk, loop->text + 1, n * block);
    for (size_t i = 0; i < n; i++)
        loop->sequences[i] = (struct sequence){
            .tokens = loop->text + i * block,
            .targets = loop->text + i * block + 1,
            .n = (int32_t)block,
        };
    return step(loop, n, &loop->corpus, err);
}

static bool example_step(struct loop *loop, size_t first, size_t n, struct leti_error *err)
{
    for (size_t i = 0; i < n; i++)
        loop->sequences[i] = examples_at(&loop->trainer->examples, loop->order[first + i]);
    return step(loop, n, &loop->fcft, err);
}

/* ---- all steps ---- */

static void shuffle(struct loop *loop, uint64_t epoch)
{
    struct lm_random random = { leti_mix(leti_mix(loop->seed, SEED_EPOCH), epoch) };
    size_t n = loop->trainer->examples.n;
    for (size_t i = 0; i < n; i++)
        loop->order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)(lm_random_u64(&random) % i), other = loop->order[k];
        loop->order[k] = loop->order[i - 1];
        loop->order[i - 1] = other;
    }
}

static bool epoch_run(struct loop *loop, uint64_t epoch, struct leti_error *err)
{
    int64_t n = (int64_t)loop->trainer->examples.n, batch = loop->trainer->batch;
    shuffle(loop, epoch);
    for (int64_t first = 0; first < n; first += batch) {
        if (!example_step(loop, (size_t)first, (size_t)least(batch, n - first), err) ||
            (loop->mixed && !corpus_step(loop, err)))
            return false;
    }
    return true;
}

static bool steps_run(struct loop *loop, struct leti_error *err)
{
    const struct trainer *t = loop->trainer;
    int64_t example_steps = t->epochs * (((int64_t)t->examples.n + t->batch - 1) / t->batch);
    if (!strcmp(t->mode, "corpus")) {
        loop->total = t->steps ? t->steps : example_steps;
        for (int64_t i = 0; i < loop->total; i++)
            if (!corpus_step(loop, err))
                return false;
        return true;
    }
    loop->total = example_steps * (loop->mixed ? 2 : 1);
    for (int64_t epoch = 0; epoch < t->epochs; epoch++)
        if (!epoch_run(loop, (uint64_t)epoch, err))
            return false;
    return true;
}

/* ---- what is not trained on ---- */

static bool tell_held_out(struct loop *loop, struct leti_error *err)
{
    const struct trainer *t = loop->trainer;
    return held_out_tell(&t->held_out, loop->learner, t->host, err) &&
           (!loop->has_corpus ||
            held_out_tell_corpus(&t->documents, loop->block, (size_t)t->corpus_eval_tokens,
                                 loop->learner, t->host, err));
}

/* ---- the whole ---- */

/* Tells what the steps of one sort came to, as metrics of these names. */
static void tell_steps(const struct leti_host *host, const char *loss, const char *tokens,
                       const char *steps, const struct outcome *outcome)
{
    if (outcome->counted)
        host->metric(host, loss, outcome->loss / (double)outcome->counted);
    host->metric(host, tokens, (double)outcome->tokens);
    host->metric(host, steps, (double)outcome->steps);
}

static void tell(const struct loop *loop, double elapsed)
{
    const struct trainer *t = loop->trainer;
    const struct leti_host *host = t->host;
    int64_t tokens = loop->fcft.tokens + loop->corpus.tokens;
    int64_t steps = loop->fcft.steps + loop->corpus.steps;
    host->metric(host, "steps", (double)steps); /* first: the rest was so after them */
    tell_steps(host, "loss", "fcft_tokens", "fcft_steps", &loop->fcft);
    tell_steps(host, "corpus_train_loss", "corpus_tokens", "corpus_steps", &loop->corpus);
    if (loop->fcft.held)
        host->metric(host, "kl", loop->fcft.kl / (double)loop->fcft.held);
    host->metric(host, "tokens", (double)tokens);
    host->metric(host, "lr", loop->lr);
    host->metric(host, "feedback_cut", (double)t->examples.feedback_cut);
    host->metric(host, "text_cut", (double)t->examples.text_cut);
    host->metric(host, "truncated", (double)t->examples.truncated);
    if (steps) {
        host->metric(host, "grad_norm", loop->norm_sum / (double)steps);
        host->metric(host, "grad_norm_max", loop->norm_most);
    }
    if (tokens)
        host->metric(host, "tokens_per_second", (double)tokens / elapsed);
}

static bool corpus_begin(struct loop *loop, struct leti_error *err)
{
    struct trainer *t = loop->trainer;
    int32_t vocabulary = lm_tokenizer_size(t->model->tokenizer);
    loop->has_corpus = *t->corpus;
    loop->mixed = loop->has_corpus && t->corpus_mix;
    if (!loop->has_corpus)
        return true;
    if (t->documents_of != vocabulary) {
        corpus_clear(&t->documents);
        t->documents_of = 0;
        if (!corpus_read(t->corpus, t->model->tokenizer, t->model->config.eos, t->corpus_holdout,
                         &t->documents, err))
            return false;
        t->documents_of = vocabulary;
        t->host->log(t->host, LETI_LOG_INFO, "corpus: %zu tokens, %zu documents, %zu held out",
                     t->documents.tokens.n, t->documents.n, t->documents.n_held_out);
    }
    loop->block = least(t->corpus_block, t->model->config.max_positions);
    loop->n_blocks = t->batch;
    if (t->corpus_tokens) {
        loop->n_blocks = (t->corpus_tokens + loop->block - 1) / loop->block;
        loop->block = t->corpus_tokens / loop->n_blocks;
    }
    size_t n = (size_t)(loop->block * loop->n_blocks);
    loop->text = malloc((n + 1) * sizeof *loop->text);
    if (!loop->text)
        return leti_error_set(err, "out of memory");
    if (!corpus_walk_begin(&t->documents, leti_mix(loop->seed, SEED_CORPUS), &loop->walk, err))
        return false;
    corpus_walk_take(&loop->walk, loop->text + n, 1);
    return true;
}

static int64_t longest_of(const struct examples *examples, int64_t longest)
{
    for (size_t i = 0; i < examples->n; i++)
        if (examples_at(examples, i).n > longest)
            longest = examples_at(examples, i).n;
    return longest;
}

/* A pass takes the longest sequence that there is. */
static int64_t micro_tokens(const struct loop *loop)
{
    const struct trainer *t = loop->trainer;
    int64_t longest = t->micro_tokens > loop->block ? t->micro_tokens : loop->block;
    longest = longest_of(&t->examples, longest);
    for (size_t i = 0; i < t->held_out.n; i++)
        longest = longest_of(&t->held_out.sets[i].texts, longest);
    return longest;
}

static bool loop_begin(struct loop *loop, struct leti_error *err)
{
    struct trainer *t = loop->trainer;
    struct parameters trained = parameters_of(t->model, t->adapter.lora);
    if (!corpus_begin(loop, err) || !optimizer_fit(&t->optimizer, &trained, err))
        return false;
    int64_t sequences = t->batch > loop->n_blocks ? t->batch : loop->n_blocks;
    loop->sequences = calloc((size_t)sequences, sizeof *loop->sequences);
    loop->order = calloc(t->examples.n + 1, sizeof *loop->order);
    if (!loop->sequences || !loop->order)
        return leti_error_set(err, "out of memory");
    struct learning learning = {
        .model = t->model,
        .lora = t->adapter.lora,
        .optimizer = &t->optimizer,
        .micro_tokens = micro_tokens(loop),
        .recompute = t->recompute,
        .anchor = t->kl > 0.0 ? t->initial : NULL,
        .divergence = strcmp(t->kl_direction, "forward") ? LM_REVERSE_KL : LM_FORWARD_KL,
        .kl = (float)t->kl,
    };
    return learner_create(&learning, &loop->learner, err);
}

static void loop_end(struct loop *loop)
{
    learner_destroy(loop->learner);
    corpus_walk_end(&loop->walk);
    free(loop->sequences);
    free(loop->order);
    free(loop->text);
}

bool loop_run(struct trainer *trainer, const struct leti_training *training, struct leti_error *err)
{
    struct loop loop = { .trainer = trainer,
                         .seed = training->seed,
                         .iteration = training->iteration };
    omp_set_num_threads((int)trainer->host->threads);
    bool ok = loop_begin(&loop, err) && (training->iteration > 1 || tell_held_out(&loop, err));
    double start = seconds();
    ok = ok && steps_run(&loop, err);
    if (ok)
        tell(&loop, seconds() - start);
    ok = ok && tell_held_out(&loop, err);
    loop_end(&loop);
    return ok;
}
