/* engine.c - requests wait in a queue, samples sit in slots; a round fills the free slots, moves
 * every slot on by one token, and empties those that ended.
 *
 * The slots in use are kept in the order of their opening, so that samples of one prompt are
 * neighbours, whose attention finds the shared keys and values in the cache of the processor.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/engine.h"

#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"
#include "generate/crew.h"
#include "ops/random.h"

/* Prompts are prefilled together up to this many tokens, those of waiting requests included. */
enum { PREFILL_TOKENS = 512 };

struct request {
    struct request *next; /* in the queue; it leaves when its last sample is opened */
    uint64_t id;
    struct lm_sampling sampling;
    struct lm_stops *stops;
    int32_t *prompt;
    int32_t n_prompt;
    uint64_t *seeds;
    uint32_t n, opened, closed; /* samples; the last to close frees the request */
    struct lm_kv_block *kv;     /* of the prompt; NULL until it is prefilled */
    float *hidden;              /* [C] what the prompt's last token comes to */
};

/* A sample that is being decoded. The token to feed next is the last of tokens. */
struct slot {
    struct request *request;
    uint32_t index;
    struct lm_random random;
    struct lm_kv_block *kv;
    int32_t *tokens;
    float *logprobs;
    int32_t n_tokens;
    char *text;
    size_t size, capacity; /* of text */
    size_t end;            /* size of text at which it stops; SIZE_MAX: no stop string yet */
};

struct lm_engine {
    const struct lm_model *model;
    struct lm_kv_cache *cache;
    struct lm_crew *crew;
    int32_t n_slots, max_length;
    struct slot *slots;
    struct slot **active, **idle; /* [n_slots] both */
    int32_t n_active, n_idle;
    struct request *first, *last; /* the queue */
    size_t open;
    size_t kv_limit, kv_held; /* positions that may be, and that may come to be stored */
    int32_t max_prefill;      /* tokens */
    struct lm_prefill *prefill;
    struct lm_decode *decode; /* [n_slots] */
    struct lm_draw *draws;    /* [n_slots] */
};

/* ---- requests ---- */

static void request_destroy(struct lm_engine *engine, struct request *request)
{
    if (request->kv)
        engine->kv_held -= (size_t)request->n_prompt;
    lm_kv_give(engine->cache, request->kv);
    free(request->stops);
    free(request->prompt);
    free(request->seeds);
    free(request->hidden);
    free(request);
}

static bool request_check(const struct lm_engine *engine, const int32_t *prompt, size_t n_prompt,
                          const struct lm_sampling *how, struct leti_error *err)
{
    const struct lm_config *config = &engine->model->config;
    if (how->max_length < 1 || how->max_length > engine->max_length)
        return leti_error_set(err, "max_length %d is not within 1 and %d", how->max_length,
                              engine->max_length);
    if (!(how->temperature >= 0) || !(how->top_p >= 0) || how->top_k < 0)
        return leti_error_set(err, "temperature %g, top_p %g and top_k %d must not be negative",
                              how->temperature, how->top_p, how->top_k);
    if (n_prompt >= (size_t)how->max_length)
        return leti_error_set(err, "a prompt of %zu tokens leaves no room within max_length %d",
                              n_prompt, how->max_length);
    for (size_t i = 0; i < n_prompt; i++)
        if (prompt[i] < 0 || prompt[i] >= config->vocab_size)
            return leti_error_set(err, "token %d of the prompt is not within the vocabulary of %d",
                                  prompt[i], config->vocab_size);
    if (!n_prompt && (how->max_length < 2 || (config->bos < 0 && config->eos < 0)))
        return leti_error_set(err, "the prompt is empty, and there is no token to start from");
    return true;
}

static void *copy(const void *from, size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (memory && n)
        memcpy(memory, from, n * size);
    return memory;
}

static bool request_create(const struct lm_engine *engine, const int32_t *prompt, size_t n_prompt,
                           const struct lm_stops *stops, const uint64_t *seeds, uint32_t n,
                           struct request **out, struct leti_error *err)
{
    const struct lm_config *config = &engine->model->config;
    int32_t start = config->bos >= 0 ? config->bos : config->eos;
    struct request *request = calloc(1, sizeof *request);
    if (!request)
        return leti_error_set(err, "out of memory for a request");
    request->n = n;
    request->n_prompt = n_prompt ? (int32_t)n_prompt : 1;
    request->prompt = copy(n_prompt ? prompt : &start, (size_t)request->n_prompt, sizeof *prompt);
    request->seeds = copy(seeds, n, sizeof *seeds);
    request->hidden = calloc((size_t)config->d_model, sizeof *request->hidden);
    if (!request->prompt || !request->seeds || !request->hidden) {
        leti_error_set(err, "out of memory for a request of %u samples", n);
        goto fail;
    }
    if (!lm_stops_copy(stops, &request->stops, err))
        goto fail;
    *out = request;
    return true;
fail:
    free(request->hidden);
    free(request->seeds);
    free(request->prompt);
    free(request);
    return false;
}

bool lm_engine_submit(struct lm_engine *engine, uint64_t id, const int32_t *prompt, size_t n_prompt,
                      const struct lm_sampling *sampling, const struct lm_stops *stops,
                      const uint64_t *seeds, uint32_t n, struct leti_error *err)
{
    struct request *request = NULL;
    if (!request_check(engine, prompt, n_prompt, sampling, err))
        return false;
    if (n == 0)
        return true;
    if (!request_create(engine, prompt, n_prompt, stops, seeds, n, &request, err))
        return false;
    request->id = id;
    request->sampling = *sampling;
    if (engine->last)
        engine->last->next = request;
    else
        engine->first = request;
    engine->last = request;
    engine->open += n;
    return true;
}

static void queue_pop(struct lm_engine *engine)
{
    engine->first = engine->first->next;
    if (!engine->first)
        engine->last = NULL;
}

/* ---- slots ---- */

/* Positions that a sample stores at most. */
static size_t own_positions(const struct request *request)
{
    return (size_t)(request->sampling.max_length - request->n_prompt);
}

/* Whether there is a slot, and memory for what a sample of this request may come to. One sample
 * is always let in. */
static bool has_room(const struct lm_engine *engine, const struct request *request)
{
    size_t prompt = request->kv ? 0 : (size_t)request->n_prompt;
    return engine->n_active == 0 ||
           (engine->n_idle > 0 &&
            engine->kv_held + prompt + own_positions(request) <= engine->kv_limit);
}

static bool slot_open(struct lm_engine *engine, struct request *request, struct leti_error *err)
{
    struct slot *slot = engine->idle[engine->n_idle - 1];
    if (!lm_kv_take(engine->cache, &slot->kv, err))
        return false;
    engine->n_idle--;
    engine->kv_held += own_positions(request);
    slot->request = request;
    slot->random.state = request->seeds[request->opened];
    slot->index = request->opened++;
    slot->n_tokens = 0;
    slot->size = 0;
    slot->end = SIZE_MAX;
    slot->text[0] = '\0';
    engine->active[engine->n_active++] = slot;
    return true;
}

/* Leaves active[] to the caller. */
static void slot_close(struct lm_engine *engine, struct slot *slot)
{
    struct request *request = slot->request;
    lm_kv_give(engine->cache, slot->kv);
    engine->idle[engine->n_idle++] = slot;
    engine->open--;
    engine->kv_held -= own_positions(request);
    if (++request->closed == request->n)
        request_destroy(engine, request);
}

static bool text_append(struct slot *slot, const char *bytes, size_t n, struct leti_error *err)
{
    if (slot->capacity - slot->size <= n) {
        size_t capacity = 2 * (slot->size + n) + 1;
        char *text = realloc(slot->text, capacity);
        if (!text)
            return leti_error_set(err, "out of memory for a text of %zu bytes", capacity);
        slot->text = text;
        slot->capacity = capacity;
    }
    memcpy(slot->text + slot->size, bytes, n);
    slot->size += n;
    slot->text[slot->size] = '\0';
    return true;
}

static bool slot_append(const struct lm_engine *engine, struct slot *slot, int32_t token,
                        struct leti_error *err)
{
    const struct lm_stops *stops = slot->request->stops;
    const struct lm_tokenizer *tokenizer = engine->model->tokenizer;
    slot->tokens[slot->n_tokens++] = token;
    if (!tokenizer || lm_tokenizer_is_special(tokenizer, token))
        return true;
    size_t n, old = slot->size;
    const char *bytes = lm_tokenizer_bytes(tokenizer, token, &n);
    if (!text_append(slot, bytes, n, err))
        return false;
    if (slot->end == SIZE_MAX) {
        size_t match = lm_stops_find(stops, slot->text, old, slot->size);
        if (match)
            slot->end = match + stops->grace;
    }
    return true;
}

static void slot_emit(const struct slot *slot, enum lm_finish finish, lm_emit *emit, void *context)
{
    emit(context, &(struct lm_sample){
                      .request = slot->request->id,
                      .index = slot->index,
                      .tokens = slot->tokens,
                      .logprobs = slot->logprobs,
                      .n_tokens = (size_t)slot->n_tokens,
                      .text = slot->text,
                      .size = slot->size,
                      .finish = finish,
                  });
}

/* ---- the round ---- */

/* Prefills the first request of the queue, and with it those behind it that fit. */
static bool prefill(struct lm_engine *engine, struct leti_error *err)
{
    int32_t n = 0, tokens = 0;
    for (struct request *r = engine->first; r; r = r->next) {
        bool fits = engine->kv_held + (size_t)r->n_prompt <= engine->kv_limit;
        if (r->n_prompt > engine->max_prefill - tokens || (n > 0 && !fits))
            break;
        tokens += r->n_prompt;
        if (!lm_kv_take(engine->cache, &r->kv, err))
            return false;
        engine->kv_held += (size_t)r->n_prompt;
        engine->prefill[n++] = (struct lm_prefill){ r->prompt, r->n_prompt, r->kv, r->hidden };
    }
    return lm_crew_prefill(engine->crew, engine->prefill, n, err);
}

static bool fill_slots(struct lm_engine *engine, struct leti_error *err)
{
    while (engine->first && has_room(engine, engine->first)) {
        struct request *request = engine->first;
        if (!request->kv && !prefill(engine, err))
            return false;
        if (!slot_open(engine, request, err))
            return false;
        if (request->opened == request->n)
            queue_pop(engine);
    }
    return true;
}

/* Slots just opened, which are the last of active, go on from what their prompt came to. */
static bool draw(struct lm_engine *engine, struct leti_error *err)
{
    int32_t n_decode = 0;
    for (int32_t i = 0; i < engine->n_active; i++) {
        struct slot *slot = engine->active[i];
        const struct request *request = slot->request;
        engine->draws[i] = (struct lm_draw){
            .hidden = slot->n_tokens == 0 ? request->hidden : NULL,
            .sampling = &request->sampling,
            .u = lm_random_uniform(&slot->random),
        };
        if (slot->n_tokens == 0)
            continue;
        engine->decode[n_decode++] = (struct lm_decode){
            .token = slot->tokens[slot->n_tokens - 1],
            .prompt = request->kv,
            .n_prompt = request->n_prompt,
            .own = slot->kv,
            .n_own = slot->n_tokens - 1,
        };
    }
    return lm_crew_draw(engine->crew, engine->decode, n_decode, engine->draws, engine->n_active,
                        err);
}

/* Takes the token that was drawn. *ended: the sample is complete, and *finish says why. */
static bool advance(const struct lm_engine *engine, struct slot *slot, const struct lm_draw *drawn,
                    bool *ended, enum lm_finish *finish, struct leti_error *err)
{
    const struct request *request = slot->request;
    if (drawn->token < 0)
        return leti_error_set(err, "the model's logits are not finite at token %d of a sample",
                              slot->n_tokens + 1);
    *ended = true;
    *finish = LM_FINISH_EOS;
    slot->logprobs[slot->n_tokens] = drawn->logprob; /* the prompt is a token at least: it fits */
    if (drawn->token == engine->model->config.eos)
        return true;
    if (!slot_append(engine, slot, drawn->token, err))
        return false;
    *finish = slot->size >= slot->end ? LM_FINISH_STOP : LM_FINISH_LENGTH;
    *ended = *finish == LM_FINISH_STOP ||
             request->n_prompt + slot->n_tokens >= request->sampling.max_length;
    return true;
}

static bool advance_all(struct lm_engine *engine, lm_emit *emit, void *context,
                        struct leti_error *err)
{
    bool ok = true;
    int32_t kept = 0;
    for (int32_t i = 0; i < engine->n_active; i++) {
        struct slot *slot = engine->active[i];
        enum lm_finish finish;
        bool ended = false;
        ok = ok && advance(engine, slot, &engine->draws[i], &ended, &finish, err);
        if (!ok || !ended) {
            engine->active[kept++] = slot;
            continue;
        }
        slot_emit(slot, finish, emit, context);
        slot_close(engine, slot);
    }
    engine->n_active = kept;
    return ok;
}

bool lm_engine_step(struct lm_engine *engine, lm_emit *emit, void *context, size_t *open,
                    struct leti_error *err)
{
    if (!fill_slots(engine, err))
        return false;
    if (engine->n_active > 0 && (!draw(engine, err) || !advance_all(engine, emit, context, err)))
        return false;
    *open = engine->open;
    return true;
}

void lm_engine_cancel(struct lm_engine *engine)
{
    while (engine->first) {
        struct request *request = engine->first;
        queue_pop(engine);
        request->n = request->opened;
        if (request->closed == request->n)
            request_destroy(engine, request);
    }
    for (int32_t i = 0; i < engine->n_active; i++)
        slot_close(engine, engine->active[i]);
    engine->n_active = 0;
    engine->open = 0;
}

/* ---- the engine ---- */

static bool create_slots(struct lm_engine *engine, struct leti_error *err)
{
    size_t n = (size_t)engine->n_slots, length = (size_t)engine->max_length;
    engine->slots = calloc(n, sizeof *engine->slots);
    if (!engine->slots)
        return leti_error_set(err, "out of memory for %zu slots", n);
    if (!lm_buffer(n, sizeof *engine->active, &engine->active, err) ||
        !lm_buffer(n, sizeof *engine->idle, &engine->idle, err) ||
        !lm_buffer(n, sizeof *engine->decode, &engine->decode, err) ||
        !lm_buffer(n, sizeof *engine->draws, &engine->draws, err))
        return false;
    for (size_t i = n; i-- > 0;) {
        struct slot *slot = &engine->slots[i];
        engine->idle[engine->n_idle++] = slot;
        slot->capacity = 4 * length;
        if (!lm_buffer(length, sizeof *slot->tokens, &slot->tokens, err) ||
            !lm_buffer(length, sizeof *slot->logprobs, &slot->logprobs, err) ||
            !lm_buffer(slot->capacity, 1, &slot->text, err))
            return false;
    }
    return true;
}

/* An embedding may have more rows than the tokenizer has tokens. */
static int32_t sampled_ids(const struct lm_model *model)
{
    int32_t rows = model->config.vocab_size;
    int32_t tokens = model->tokenizer ? lm_tokenizer_size(model->tokenizer) : rows;
    return tokens < rows ? tokens : rows;
}

bool lm_engine_create(const struct lm_model *model, int32_t slots, int32_t max_length,
                      struct lm_engine **out, struct leti_error *err)
{
    const struct lm_config *config = &model->config;
    if (slots < 1)
        return leti_error_set(err, "%d slots: at least 1 is needed", slots);
    if (max_length < 1 || max_length > config->max_positions)
        return leti_error_set(err, "max_length %d is not within 1 and the model's %d positions",
                              max_length, config->max_positions);
    struct lm_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return leti_error_set(err, "out of memory");
    engine->model = model;
    engine->n_slots = slots;
    engine->max_length = max_length;
    engine->kv_limit = SIZE_MAX;
    engine->max_prefill = max_length > PREFILL_TOKENS ? max_length : PREFILL_TOKENS;
    if (!create_slots(engine, err) ||
        !lm_buffer((size_t)engine->max_prefill, sizeof *engine->prefill, &engine->prefill, err) ||
        !lm_kv_cache_create(config, max_length, &engine->cache, err) ||
        !lm_crew_create(model, engine->cache, max_length, engine->max_prefill, slots,
                        sampled_ids(model), &engine->crew, err)) {
        lm_engine_destroy(engine);
        return false;
    }
    *out = engine;
    return true;
}

void lm_engine_limit_kv(struct lm_engine *engine, size_t bytes)
{
    const struct lm_config *config = &engine->model->config;
    size_t row = (size_t)config->n_kv_heads * (size_t)config->head_dim * sizeof(float);
    engine->kv_limit = bytes / (2 * row * (size_t)config->n_layers);
}

void lm_engine_destroy(struct lm_engine *engine)
{
    if (!engine)
        return;
    lm_engine_cancel(engine);
    lm_crew_destroy(engine->crew);
    lm_kv_cache_destroy(engine->cache);
    for (int32_t i = 0; engine->slots && i < engine->n_slots; i++) {
        free(engine->slots[i].tokens);
        free(engine->slots[i].logprobs);
        free(engine->slots[i].text);
    }
    free(engine->draws);
    free(engine->decode);
    free(engine->prefill);
    free(engine->idle);
    free(engine->active);
    free(engine->slots);
    free(engine);
}
