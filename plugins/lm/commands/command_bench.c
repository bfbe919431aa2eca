/* command_bench.c - `leti model bench MODEL`: how fast the model reads, writes and learns.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/command_bench.h"
#include "commands/command_json.h"
#include "ops/ops.h"

enum { MOST_BATCHES = 8, LARGEST_BATCH = 4096, LARGEST = 1 << 20, MOST_REPEATS = 1000 };

enum phase { PREFILL, DECODE, TRAIN, MIX, N_PHASES };
static const char *const phase_names[N_PHASES] = { "prefill", "decode", "train", "mix" };

struct arguments {
    struct command_model model;
    struct bench_sizes sizes;
    bool random, phases[N_PHASES];
    int32_t batches[MOST_BATCHES];
    size_t n_batches;
};

/* ---- options ---- */

enum {
    PHASES = 256,
    SECONDS,
    REPEATS,
    PROMPT,
    CONTEXT,
    BATCHES,
    SAMPLES,
    SEQUENCES,
    LENGTH,
    RANDOM
};

static int phase_of(const char *name)
{
    for (int i = 0; i < N_PHASES; i++)
        if (strcmp(name, phase_names[i]) == 0)
            return i;
    return -1;
}

static void parse_phases(struct arguments *a, const struct argp_state *state, char *list)
{
    memset(a->phases, 0, sizeof a->phases);
    for (char *rest = list, *name; (name = strsep(&rest, ","));) {
        int phase = phase_of(name);
        if (phase < 0)
            command_usage(state, "--phases has \"%s\", allowed are prefill, decode, train and mix",
                          name);
        a->phases[phase] = true;
    }
}

static void parse_batches(struct arguments *a, const struct argp_state *state, char *list)
{
    a->n_batches = 0;
    for (char *rest = list, *one; (one = strsep(&rest, ","));) {
        if (a->n_batches == MOST_BATCHES)
            command_usage(state, "--batch has more than %d sizes", MOST_BATCHES);
        a->batches[a->n_batches++] = (int32_t)command_int(state, "--batch", one, 1, LARGEST_BATCH);
    }
}

static int32_t parse_size(const struct argp_state *state, const char *option, const char *value)
{
    return (int32_t)command_int(state, option, value, 1, LARGEST);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct bench_sizes *sizes = a ? &a->sizes : NULL;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->model;
        return 0;
    case PHASES:
        parse_phases(a, state, arg);
        return 0;
    case SECONDS:
        sizes->seconds = command_real(state, "--seconds", arg, 0.001, 86400);
        return 0;
    case REPEATS:
        sizes->repeats = (int32_t)command_int(state, "--repeats", arg, 1, MOST_REPEATS);
        return 0;
    case PROMPT:
        sizes->prompt_tokens = parse_size(state, "--prompt-tokens", arg);
        return 0;
    case CONTEXT:
        sizes->context_tokens = parse_size(state, "--context-tokens", arg);
        return 0;
    case 'n':
        sizes->new_tokens = (int32_t)command_int(state, "--max-tokens", arg, 5, LARGEST);
        return 0;
    case BATCHES:
        parse_batches(a, state, arg);
        return 0;
    case SAMPLES:
        sizes->samples = parse_size(state, "--samples", arg);
        return 0;
    case SEQUENCES:
        sizes->sequences = (int32_t)command_int(state, "--sequences", arg, 1, 1024);
        return 0;
    case LENGTH:
        sizes->sequence_tokens = parse_size(state, "--length", arg);
        return 0;
    case RANDOM:
        a->random = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "phases", PHASES, "LIST", 0, "Of prefill, decode, train, mix (all)", 0 },
    { "seconds", SECONDS, "S", 0,
      "About the time for each phase (30): a large model is measured at smaller sizes", 0 },
    { "repeats", REPEATS, "N", 0, "Repeats within this time, of which the median counts (5)", 0 },
    { "prompt-tokens", PROMPT, "N", 0, "prefill: tokens of the prompt (512)", 0 },
    { "context-tokens", CONTEXT, "N", 0, "decode: tokens of a prompt (128)", 0 },
    { "max-tokens", 'n', "N", 0, "decode: new tokens of a sample (128)", 0 },
    { "batch", BATCHES, "LIST", 0, "decode: samples at once, each a phase of its own (1,16,64)",
      0 },
    { "samples", SAMPLES, "N", 0, "decode: samples of one prompt (8)", 0 },
    { "sequences", SEQUENCES, "N", 0, "train: sequences of a step (8)", 0 },
    { "length", LENGTH, "N", 0,
      "train: tokens of a sequence (512); mix: of the longest, the shortest has 60", 0 },
    { "random", RANDOM, NULL, 0, "Draw the parameters: MODEL needs no weights", 0 },
    { 0 },
};
static const struct argp_child children[] = { COMMAND_CHILD_MODEL, { 0 } };
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Measures tokens per second: prefill reads one prompt, decode continues many, train is "
           "forward, backward and AdamW on sequences of one length, mix the same on sequences of "
           "many. Also the time to the first new token, the share of what one large product "
           "reaches on the same threads, and the memory of each phase."
           "\vExamples:\n"
           "  leti model bench MODEL --seconds 0.05\n"
           "  leti model bench MODEL --phases decode --batch 1,4 -n 8 --seconds 0.1 --json",
};

/* ---- a phase in a process of its own ---- */

struct row {
    enum phase phase;
    int32_t batch; /* of decode */
};

struct told {
    bool ok;
    struct leti_error err;
    struct bench_result result;
};

static void measure(const struct arguments *a, const struct row *row, struct told *told)
{
    struct lm_model *model = NULL;
    const struct bench_sizes *sizes = &a->sizes;
    told->ok = a->random ? lm_model_random(a->model.path, 1, &model, &told->err)
                         : command_open(&a->model, &model, &told->err);
    if (!told->ok)
        return;
    model->precision = a->model.precision;
    if (row->phase == PREFILL)
        told->ok = bench_prefill(sizes, model, &told->result, &told->err);
    else if (row->phase == DECODE)
        told->ok = bench_decode(sizes, model, row->batch, &told->result, &told->err);
    else
        told->ok = bench_train(sizes, model, row->phase == MIX, &told->result, &told->err);
    lm_model_close(model);
}

/* Reads what the child told, whole or not at all. */
static bool listen(int fd, struct told *told)
{
    size_t done = 0;
    while (done < sizeof *told) {
        ssize_t n = read(fd, (char *)told + done, sizeof *told - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* In the child: no thread of OpenMP was started before. */
static void tell(const struct arguments *a, const struct row *row, int fd)
{
    struct told told = { 0 };
    measure(a, row, &told);
    ssize_t n = write(fd, &told, sizeof told); /* less than PIPE_BUF: whole, or it failed */
    _exit(n == sizeof told ? 0 : 1);
}

static bool wait_for(pid_t child, const struct row *row, struct leti_error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return leti_error_set(err, "%s: cannot wait: %s", phase_names[row->phase],
                                  strerror(errno));
    }
    if (WIFSIGNALED(status))
        return leti_error_set(err, "%s: ended by signal %d%s", phase_names[row->phase],
                              WTERMSIG(status),
                              WTERMSIG(status) == SIGKILL ? ", for want of memory perhaps" : "");
    return true;
}

static bool run_phase(const struct arguments *a, const struct row *row, struct bench_result *out,
                      struct leti_error *err)
{
    static_assert(sizeof(struct told) <= 4096, "a pipe takes it whole");
    struct told told = { 0 };
    int ends[2];
    if (pipe(ends) != 0)
        return leti_error_set(err, "cannot make a pipe: %s", strerror(errno));
    pid_t child = fflush(stdout) == 0 ? fork() : -1;
    if (child == 0) {
        close(ends[0]);
        tell(a, row, ends[1]);
    }
    close(ends[1]);
    bool heard = child > 0 && listen(ends[0], &told);
    close(ends[0]);
    if (child < 0)
        return leti_error_set(err, "cannot start a process: %s", strerror(errno));
    if (!wait_for(child, row, err))
        return false;
    if (!heard)
        return leti_error_set(err, "%s: ended without a result", phase_names[row->phase]);
    if (!told.ok)
        *err = told.err;
    else
        *out = told.result;
    return told.ok;
}

/* ---- printing ---- */

static const char *precision_name(const struct arguments *a)
{
    return a->model.precision == LM_BF16 ? "bf16" : "f32";
}

static void print_size(const struct row *row, const struct bench_result *r)
{
    char size[64];
    if (row->phase == PREFILL)
        snprintf(size, sizeof size, "%d x %d", r->batch, r->prompt);
    else if (row->phase == DECODE)
        snprintf(size, sizeof size, "%d x (%d + %d)", r->batch, r->prompt, r->tokens);
    else
        snprintf(size, sizeof size, "%d, %d tokens", r->batch, r->tokens);
    printf("%-8s  %-18s", phase_names[row->phase], size);
}

static void print_row(const struct arguments *a, const struct row *row,
                      const struct bench_result *r, bool first)
{
    if (first) {
        printf("%s: %.2f M parameters, %s, %d threads\n\n", a->model.path,
               (double)r->parameters * 1e-6, precision_name(a), omp_get_max_threads());
        printf("%-8s  %-18s %12s %19s %13s %10s %8s %11s\n", "phase", "size", "tokens/s",
               "slowest, fastest", "first token", "GFLOP/s", "of peak", "memory");
    }
    print_size(row, r);
    char range[48], wait[24] = "";
    snprintf(range, sizeof range, "%.1f, %.1f", r->slowest, r->fastest);
    if (r->first_token_seconds > 0)
        snprintf(wait, sizeof wait, "%.1f ms", r->first_token_seconds * 1e3);
    printf(" %12.1f %19s %13s %10.1f %6.1f %% %7.0f MiB\n", r->tokens_per_second, range, wait,
           r->operations * 1e-9, 100 * r->operations / r->peak_operations,
           (double)r->memory_bytes / (1 << 20));
}

static void put_number(const char *key, double value)
{
    printf(", \"%s\": ", key);
    json_put_float(stdout, (float)value);
}

static void print_json(const struct arguments *a, const struct row *row,
                       const struct bench_result *r, bool first)
{
    (void)first;
    printf("{\"model\": ");
    json_put_text(stdout, a->model.path, strlen(a->model.path));
    printf(", \"parameters\": %lld, \"precision\": \"%s\", \"threads\": %d, \"phase\": \"%s\", "
           "\"batch\": %d",
           (long long)r->parameters, precision_name(a), omp_get_max_threads(),
           phase_names[row->phase], r->batch);
    if (row->phase == PREFILL || row->phase == DECODE)
        printf(", \"prompt_tokens\": %d, \"new_tokens\": %d", r->prompt, r->tokens);
    else
        printf(", \"tokens\": %d", r->tokens);
    printf(", \"repeats\": %d", r->repeats);
    put_number("tokens_per_second", r->tokens_per_second);
    put_number("slowest", r->slowest);
    put_number("fastest", r->fastest);
    if (r->first_token_seconds > 0)
        put_number("first_token_seconds", r->first_token_seconds);
    put_number("gflops", r->operations * 1e-9);
    put_number("peak_gflops", r->peak_operations * 1e-9);
    put_number("share_of_peak", r->operations / r->peak_operations);
    printf(", \"memory_bytes\": %lld}\n", (long long)r->memory_bytes);
}

/* On a terminal only, and gone again when the row stands. */
static void show_progress(const struct row *row)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (!row)
        fprintf(stderr, "\r\033[K");
    else if (row->phase == DECODE)
        fprintf(stderr, "measuring: decode, %d at once ...", row->batch);
    else
        fprintf(stderr, "measuring: %s ...", phase_names[row->phase]);
}

int command_bench(int argc, char **argv)
{
    struct arguments a = {
        .model = { .precision = lm_precision_best() },
        .sizes = { 30, 5, 512, 128, 128, 8, 8, 512, 60 },
        .phases = { true, true, true, true },
        .batches = { 1, 16, 64 },
        .n_batches = 3,
    };
    struct leti_error err;
    struct row rows[N_PHASES + MOST_BATCHES];
    size_t n = 0;
    command_parse(&argp, argc, argv, &a);
    for (int phase = 0; phase < N_PHASES; phase++)
        for (size_t i = 0; a.phases[phase] && i < (phase == DECODE ? a.n_batches : 1); i++)
            rows[n++] = (struct row){ (enum phase)phase, a.batches[i] };
    for (size_t i = 0; i < n; i++) {
        struct bench_result result;
        show_progress(&rows[i]);
        bool ok = run_phase(&a, &rows[i], &result, &err);
        show_progress(NULL);
        if (!ok)
            return command_fail(&err);
        (a.model.json ? print_json : print_row)(&a, &rows[i], &result, i == 0);
    }
    return 0;
}
