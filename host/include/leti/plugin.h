/* leti/plugin.h - the whole contract between the host and a stage.
 *
 * A plugin is a shared object that exports one constant, so that it can be described without
 * running any of its code:
 *
 *     LETI_EXPORT const struct leti_plugin leti_plugin = {
 *         LETI_PLUGIN_HEADER, .kind = LETI_EVALUATOR, .name = "evaluator.mine", ... };
 *
 * Life of an instance, all on one thread:  start -> (its kind's functions)* -> stop.
 * The host allocates the instance zeroed, fills in its options, and only then calls start.
 * A plugin touches no socket, no database and no script; it never exits, forks without
 * reaping, or writes outside run_dir (a trainer also writes to the folder it is given). An
 * observer may also write to a file and listen on an endpoint that its options name.
 *
 * Every function of a plugin that returns enum leti_status says LETI_OK, or, after telling why
 * through host->fail, LETI_ERROR. Whatever a plugin is given (problems, samples, texts) belongs
 * to the host and lives until the call returns, unless its comment says otherwise; whatever it
 * gives back must live until its next call, which host->alloc makes simple.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LETI_PLUGIN_H
#define LETI_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#error "leti/plugin.h is C; wrap a C++ plugin in a C file"
#endif

#define LETI_ABI 1u /* changes when older plugins must not load */
#define LETI_PLUGIN_HEADER                                                                         \
    .abi = LETI_ABI, .size = sizeof(struct leti_plugin), .output_size = sizeof(struct leti_output)
#define LETI_EXPORT __attribute__((visibility("default")))

enum leti_status { LETI_ERROR = -1, LETI_OK = 0, LETI_DONE = 1 };

enum leti_kind {
    LETI_SOURCE = 1, /* (file, table) -> problems */
    LETI_GENERATOR,  /* problem x samples wanted -> samples */
    LETI_EVALUATOR,  /* sample -> verdict */
    LETI_FORMATTER,  /* sample and its verdicts -> training example */
    LETI_TRAINER,    /* the iteration's examples -> a new model version */
    LETI_OBSERVER,   /* every event -> nothing */
};

/* ---- options: the host parses them into the instance before start ---- */

enum leti_type { LETI_BOOL, LETI_INT, LETI_REAL, LETI_TEXT, LETI_LIST };

struct leti_list {
    const char *const *items; /* n texts, none NULL */
    size_t n;
};

struct leti_option {
    const char *name; /* key in the pipeline */
    enum leti_type
        type;      /* of the field at offset: bool, int64_t, double, const char *, leti_list */
    size_t offset; /* field of the instance that receives the value */
    const char *initial; /* default as text, list items one a line; NULL: must be set */
    double min, max;     /* inclusive, numbers only; a list's count */
    const char *choices; /* "adamw|sgd"; NULL: any text */
    const char *help;    /* one sentence with the unit */
};

/* Each compiles only where field f of struct type T has the type that the option stores. */
/* clang-format off */
#define LETI_FIELD(T, f, type) _Generic(((T *)0)->f, type: offsetof(T, f))
#define LETI_OPT_BOOL(T, f, initial, help) \
    { #f, LETI_BOOL, LETI_FIELD(T, f, bool), initial, 0, 0, NULL, help }
#define LETI_OPT_INT(T, f, initial, min, max, help) \
    { #f, LETI_INT, LETI_FIELD(T, f, int64_t), initial, min, max, NULL, help }
#define LETI_OPT_REAL(T, f, initial, min, max, help) \
    { #f, LETI_REAL, LETI_FIELD(T, f, double), initial, min, max, NULL, help }
#define LETI_OPT_TEXT(T, f, initial, help) \
    { #f, LETI_TEXT, LETI_FIELD(T, f, const char *), initial, 0, 0, NULL, help }
#define LETI_OPT_CHOICE(T, f, initial, choices, help) \
    { #f, LETI_TEXT, LETI_FIELD(T, f, const char *), initial, 0, 0, choices, help }
#define LETI_OPT_LIST(T, f, initial, min, max, help) \
    { #f, LETI_LIST, LETI_FIELD(T, f, struct leti_list), initial, min, max, NULL, help }
/* clang-format on */

/* ---- what flows ---- */

struct leti_bytes {
    const char *data; /* never NULL; a NUL stands after the last byte, and may stand among them */
    size_t size;      /* without that NUL. The bytes need not be valid UTF-8. */
};

struct leti_pair {
    const char *key;
    struct leti_bytes value;
};

/* Extra keys with a meaning of their own:
 *   entry_point  the function that the tests call
 *   run_prompt   what is executed in the place of the prompt (for prompts that are not code)
 *   setup        what is executed before that, as a text of its own
 *   prompt_end   what the data set's own prompt ends with and this one does not, if not "\n" */
struct leti_problem {
    const char *id;
    struct leti_bytes prompt;    /* what the model continues */
    struct leti_bytes tests;     /* executed after prompt, program and a line feed */
    struct leti_bytes reference; /* a program that passes; empty: none is known */
    const struct leti_pair *extra;
    size_t n_extra;
};

enum leti_finish { LETI_FINISH_EOS, LETI_FINISH_STOP, LETI_FINISH_LENGTH };

/* May grow at its end. */
struct leti_sample {
    const struct leti_problem *problem;
    uint32_t iteration;             /* 0: before any training */
    uint32_t index;                 /* 0 .. samples-1 */
    struct leti_bytes program, raw; /* after and before the task's cut */
    uint32_t tokens;                /* of raw, as in leti_output; 0: nobody said */
    enum leti_finish finish;
    const float *logprobs; /* [tokens] as in leti_output; NULL: nobody said */
};

enum leti_outcome {
    LETI_PASSED, /* the tests ran to their end */
    LETI_FAILED, /* the program's fault, a time-out that it caused included */
    LETI_INFRA,  /* ours: the jail did not start, say; retried, never trained on */
};

struct leti_verdict {
    enum leti_outcome outcome;
    const char *reason;         /* "passed", "exception", "timeout", "memory", ... */
    const char *exception;      /* type of a Python exception, "NameError"; "" if there is none */
    struct leti_bytes feedback; /* traceback or message; may be empty */
    double seconds;             /* wall clock that the program took */
    const struct leti_pair *scores; /* named numbers as text */
    size_t n_scores;
};

/* The reward token that a prompt starts with. Where a generator has options good and bad that name
 * them, and a trainer a list tokens, a run does not start if a formatter's texts have others. */
enum leti_condition { LETI_NO_TOKEN, LETI_GOOD, LETI_BAD };

struct leti_request {
    uint64_t id; /* given back with each sample */
    const struct leti_problem *problem;
    enum leti_condition condition;
    uint32_t first, samples; /* indices first .. first+samples-1 are wanted */
    uint64_t seed;           /* of this problem in this iteration; see leti_sample_seed */
    double temperature;      /* 0: greedy */
    double top_p;            /* 1: off */
    uint32_t top_k;          /* 0: off */
    uint32_t max_length;     /* tokens, prompt included */
    struct leti_list stops;  /* the task's cut: a sample may end once one stands in it; an item
                              * that starts with a line feed also matches at the very start */
};

/* May grow at its end: the host reads as much as the plugin knows (output_size below), and takes
 * the rest as zero. */
struct leti_output {
    uint64_t request;
    uint32_t index;
    struct leti_bytes raw;
    uint32_t tokens; /* sampled, end-of-text included */
    enum leti_finish finish;
    /* [tokens] natural logarithm of each one's probability under the model at temperature 1,
     * whatever it was sampled with; NULL: not known. */
    const float *logprobs;
};

enum {
    LETI_SPAN_TRAIN = 1,    /* the loss counts these tokens */
    LETI_SPAN_SPECIAL = 2,  /* the text is the name of one added token; text without this flag
                             * is never read as one */
    LETI_SPAN_FEEDBACK = 4, /* what the interpreter said, its brackets included */
    LETI_SPAN_OPEN = 8,     /* of the last span: the text was cut off in its midst, so that no
                             * end-of-text token belongs behind it */
};

struct leti_span {
    struct leti_bytes text;
    uint32_t flags;
};

struct leti_example {
    uint32_t iteration;
    const char *problem; /* id */
    uint32_t index;
    const struct leti_span *spans;
    size_t n_spans;
};

/* Each sample's seed follows from (run seed, iteration, problem, sample) alone, whatever
 * computes it and in whatever order: the request carries the first three mixed into one.
 * The mixing step is SplitMix64's (Steele, Lea, Flood 2014). */
static inline uint64_t leti_mix(uint64_t seed, uint64_t value)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (value + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t leti_sample_seed(uint64_t request_seed, uint32_t index)
{
    return leti_mix(request_seed, index);
}

/* ---- what an observer is told ---- */

/* More kinds may come: an observer passes over those that it does not know. */
enum leti_event_kind {
    LETI_EVENT_RUN_BEGINS = 1, /* run; its iteration is the last one that was trained */
    LETI_EVENT_PART_BEGINS, /* part; of what an earlier part of the run has done, nothing is told */
    LETI_EVENT_PART_ENDS,   /* part */
    LETI_EVENT_METRIC,      /* metric: a number that the trainer told */
    LETI_EVENT_SAMPLE,      /* sample: one was judged by every evaluator */
    LETI_EVENT_RETRY,       /* trouble: a sample could not be judged, which is tried again */
    LETI_EVENT_LOST,        /* trouble: a sample could not be had, and will not be */
    LETI_EVENT_TEST,        /* test: its result, before its part ends */
    LETI_EVENT_ITERATION,   /* counts: of sampling and training, after both */
    LETI_EVENT_RUN_ENDS,    /* end: nothing is told after it */
};

enum { LETI_EVENT_KS = 8 };

/* Texts are valid UTF-8: U+FFFD stands for bytes that a plugin gave and that were not.
 * The union's structs may grow at their ends. */
struct leti_event {
    uint32_t size; /* of this struct as the host knows it */
    enum leti_event_kind kind;
    double time;        /* seconds since 1970, UTC */
    uint32_t iteration; /* 0: before any training */
    uint64_t steps;     /* gradient steps of the run so far, by the metric "steps" (below) */
    uint64_t dropped;   /* events that this instance has missed so far, for it was slow */
    union {
        struct {
            const char *name, *folder; /* "runs/mbpp-001", and its absolute path */
            bool resumed;              /* it goes on */
            uint32_t iterations;
            uint64_t seed;
        } run;
        struct {
            const char *name; /* "sample", "train", "test NAME" */
            double seconds;   /* that it took; 0 where it begins */
            bool done;        /* false where it begins, or was cut off */
        } part;
        struct {
            const char *stage, *name;
            uint64_t step; /* how often it was told before in this iteration */
            double value;
        } metric;
        struct {
            const char *test; /* "" where it is trained on */
            const char *problem;
            uint32_t index, tokens;
            enum leti_outcome outcome;      /* the worst of its verdicts' */
            const char *reason, *exception; /* of that verdict */
            double seconds;                 /* that the program took in all its evaluators */
            bool reused;                    /* from an identical program */
        } sample;
        struct {
            const char *test, *problem;
            uint32_t index, attempt; /* that failed, from 1; 0: of a sample that was lost */
            const char *stage, *why;
        } trouble;
        struct {
            const char *name;
            uint32_t n_problems, n_samples; /* samples of each problem */
            uint32_t n_k, k[LETI_EVENT_KS];
            double pass[LETI_EVENT_KS]; /* pass@k of each k, 0 .. 1 */
            double low, high;           /* 95 % interval of pass@1 */
            double solve_rate;          /* share of problems with a sample that passed */
            uint64_t infra;             /* samples that could not be had or judged */
        } test;
        struct {
            uint64_t sampled, passed, reused, infra;
            double sample_seconds, train_seconds;
        } counts;
        struct {
            bool finished;   /* with all iterations */
            const char *why; /* it was not; "" */
            double seconds;  /* since it began or went on */
        } end;
    };
};

/* ---- services of the host ---- */

enum leti_level { LETI_LOG_DEBUG, LETI_LOG_INFO, LETI_LOG_WARN, LETI_LOG_ERROR };

struct leti_host {
    uint32_t size;       /* of this struct as the host knows it */
    const char *stage;   /* name in the pipeline */
    const char *run_dir; /* a folder that this instance may write to */
    uint32_t threads;    /* that this instance may keep busy, at least 1 */
    uint64_t seed;       /* of the run */
    void (*log)(const struct leti_host *, enum leti_level, const char *format, ...)
        __attribute__((format(printf, 3, 4))); /* any thread */
    /* A trainer's metric "steps" is how many gradient steps it has made in this iteration so far:
     * what it tells afterwards counts as told after them. Any thread. */
    void (*metric)(const struct leti_host *, const char *name, double value);
    void (*progress)(const struct leti_host *, double done, double total); /* any thread */
    bool (*stopping)(const struct leti_host *); /* the work is not wanted any more; any thread */
    /* Memory that lives until this unit of work ends; never NULL, the host gives up first. */
    void *(*alloc)(const struct leti_host *, size_t size);
    /* Says why, and returns LETI_ERROR. */
    enum leti_status (*fail)(const struct leti_host *, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
    /* Generators only: one sample is ready. Copies. */
    void (*emit)(const struct leti_host *, const struct leti_output *);
};

/* ---- the kinds ---- */

struct leti_source {
    /* Fills *out with the next problem (LETI_OK), or says LETI_DONE after the last.
     * *out lives until the next call. */
    enum leti_status (*read)(void *self, struct leti_problem *out);
};

struct leti_generator {
    /* Loads the model version in this folder; before the first request, and again, with no
     * request open, whenever there is a newer one. */
    enum leti_status (*load)(void *self, const char *model_dir);
    /* Takes a request, of which it keeps what it needs. The host asks for a request's samples
     * together, so that the prompt is computed once. */
    enum leti_status (*submit)(void *self, const struct leti_request *);
    /* Works for some milliseconds and emits the samples that ended, in any order. LETI_DONE:
     * no request is open. */
    enum leti_status (*step)(void *self);
    /* Forgets all open requests; NULL where that is not possible. */
    void (*cancel)(void *self);
    uint32_t capacity; /* samples that it likes to have open at once; 0: one request */
};

struct leti_evaluator {
    /* Judges one sample. A failing program is a verdict, never LETI_ERROR. */
    enum leti_status (*evaluate)(void *self, const struct leti_sample *, struct leti_verdict *out);
    bool deterministic; /* the host may reuse the verdict of an identical program */
};

struct leti_formatter {
    /* Turns a sample and what the n evaluators said of it into a training example.
     * The host fills in iteration, problem and index of *out. */
    enum leti_status (*format)(void *self, const struct leti_sample *, const struct leti_verdict *,
                               size_t n, struct leti_example *out);
};

struct leti_training {
    uint32_t iteration;  /* 1 .. */
    const char *out_dir; /* an empty folder that receives the new version */
    uint64_t seed;       /* of this iteration */
};

struct leti_trainer {
    /* Loads a model version, and the optimizer state that an earlier train() left beside it. */
    enum leti_status (*load)(void *self, const char *model_dir);
    /* Keeps a copy of one example of the iteration. They come in the order of problem, sample. */
    enum leti_status (*learn)(void *self, const struct leti_example *);
    /* Trains on the kept examples, forgets them, and writes the new version as a Hugging Face
     * model folder. Its metrics are those that it told through host->metric. */
    enum leti_status (*train)(void *self, const struct leti_training *);
    /* Keeps a copy of a held-out text. train() tells the loss of all texts of one name, per token
     * that counts, as the metric "NAME_loss": in the first iteration also before its first step,
     * and in every iteration after the last. They come before train() and are forgotten with the
     * examples. NULL: it tells none. */
    enum leti_status (*validate)(void *self, const char *name, const struct leti_example *);
};

/* A run in which an observer is slow goes on without waiting: it misses the least important
 * events (metrics that come again and again first, then samples). Where it fails, the run goes on
 * without it, except that one which cannot start stops the run before it begins. */
struct leti_observer {
    /* Takes an event. They come in order, one at a time. */
    enum leti_status (*observe)(void *self, const struct leti_event *);
};

struct leti_plugin {
    uint32_t abi, size;
    enum leti_kind kind;
    uint32_t output_size;              /* of struct leti_output; 0: as it was in the beginning */
    const char *name;                  /* "evaluator.python": kind, dot, what it is */
    const char *version, *summary;     /* one line */
    size_t instance_size;              /* bytes */
    const struct leti_option *options; /* ends with {0}; may be NULL */
    enum leti_status (*start)(void *self, const struct leti_host *); /* NULL: nothing to do */
    void (*stop)(void *self); /* NULL: nothing to do; not called after a failed start */
    union {
        struct leti_source source;
        struct leti_generator generator;
        struct leti_evaluator evaluator;
        struct leti_formatter formatter;
        struct leti_trainer trainer;
        struct leti_observer observer;
    };
};

#endif
