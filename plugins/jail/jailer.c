/* jailer.c - from a program's message to its verdict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "jailer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- verdicts ---- */

static const char *reason_of(uint32_t ending)
{
    static const char *const reasons[] = {
        [ENDING_NONE] = "infrastructure",   [ENDING_PASSED] = "passed",
        [ENDING_EXCEPTION] = "exception",   [ENDING_MEMORY] = "memory",
        [ENDING_EXITED] = "exited",         [ENDING_FORBIDDEN] = "forbidden",
        [ENDING_SUSPICIOUS] = "suspicious", [ENDING_TIMEOUT] = "timeout",
        [ENDING_OUTPUT] = "output",         [ENDING_KILLED] = "killed",
        [ENDING_COMPILE] = "compile",       [ENDING_STATUS] = "exit",
        [ENDING_BROKEN] = "infrastructure",
    };
    return reasons[ending <= ENDING_BROKEN ? ending : ENDING_BROKEN];
}

static struct leti_bytes copy_text(const struct leti_host *host, const char *text, size_t size)
{
    char *copy = host->alloc(host, size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return (struct leti_bytes){ copy, size };
}

static void verdict_broken(const struct leti_host *host, const char *why, struct leti_verdict *out)
{
    *out = (struct leti_verdict){ .outcome = LETI_INFRA,
                                  .reason = reason_of(ENDING_BROKEN),
                                  .exception = "",
                                  .feedback = copy_text(host, why, strlen(why)) };
}

static void verdict_from(const struct leti_host *host, const struct result *result,
                         struct leti_verdict *out)
{
    const char *exception = (const char *)(result + 1);
    const char *feedback = exception + result->exception_size;
    enum leti_outcome outcome = LETI_FAILED;
    if (result->ending == ENDING_PASSED)
        outcome = LETI_PASSED;
    if (result->ending == ENDING_NONE || result->ending >= ENDING_BROKEN)
        outcome = LETI_INFRA;
    *out = (struct leti_verdict){
        .outcome = outcome,
        .reason = reason_of(result->ending),
        .exception = copy_text(host, exception, result->exception_size).data,
        .feedback = copy_text(host, feedback, result->feedback_size),
        .seconds = (double)result->ns / 1e9,
    };
}

struct leti_bytes jailer_extra(const struct leti_problem *problem, const char *key,
                               struct leti_bytes otherwise)
{
    for (size_t i = 0; i < problem->n_extra; i++)
        if (strcmp(problem->extra[i].key, key) == 0)
            return problem->extra[i].value;
    return otherwise;
}

/* ---- open and close ---- */

bool jailer_open(struct jailer *jailer, const struct leti_host *host,
                 const struct jail_options *options, jailer_start *start, void *evaluator,
                 struct leti_error *err)
{
    *jailer = (struct jailer){
        .host = host,
        .start = start,
        .evaluator = evaluator,
        .warden = { .socket = -1 },
        .settings = {
            .namespaces = strcmp(options->isolation, "namespaces") == 0,
            .files = (uint32_t)options->files,
            .timeout_ns = (uint64_t)(options->timeout * 1e9),
            .memory_bytes = (uint64_t)options->memory << 20,
            .output_bytes = (uint64_t)options->output << 20,
            .disk_bytes = (uint64_t)options->disk << 20,
        },
    };
    if (!jailer->settings.namespaces)
        host->log(host, LETI_LOG_WARN,
                  "isolation is \"process\": programs run with limits and cannot write files, "
                  "open sockets or start processes, but they can read this machine's files");
    return turn_open(&jailer->turn, err);
}

void jailer_close(struct jailer *jailer)
{
    launched_stop(&jailer->warden);
    turn_close(&jailer->turn);
}

/* ---- one program ---- */

/* Whether the time limit struck a program that was given little of a core: its clock stood still
 * for as long as it may, and it got less than half of its time nevertheless. */
static bool starved(const struct settings *settings, const struct result *result)
{
    return result->ending == ENDING_TIMEOUT && result->waited_ns >= settings->timeout_ns &&
           result->cpu_ns < settings->timeout_ns / 2;
}

/* A program that the kernel killed for want of memory is told from one that killed itself by the
 * group's count. */
static void tell_memory(struct result *result, uint64_t kills_before, const struct launched *warden)
{
    bool could_be = result->ending == ENDING_KILLED || result->ending == ENDING_STATUS;
    if (could_be && cgroup_oom_kills(&warden->cgroup) > kills_before)
        result->ending = ENDING_MEMORY;
}

static bool run(struct jailer *jailer, const struct part *parts, size_t n, bool alone,
                struct result **out, struct leti_error *err)
{
    struct launched *warden = &jailer->warden;
    if (warden->pid == 0 && !jailer->start(jailer->evaluator, warden, err))
        return false;
    if (!turn_begin(&jailer->turn, alone, err))
        return false;
    uint64_t kills = cgroup_oom_kills(&warden->cgroup);
    bool good = launched_run(warden, jailer->settings.timeout_ns, parts, n, out, err);
    turn_end(&jailer->turn);
    if (good)
        tell_memory(*out, kills, warden);
    else
        launched_stop(warden); /* the next program starts another */
    return good;
}

bool jailer_probe(struct jailer *jailer, const struct part *parts, size_t n, struct leti_error *err)
{
    struct result *result;
    if (!run(jailer, parts, n, false, &result, err))
        return false;
    bool ok = result->ending == ENDING_PASSED;
    if (!ok)
        leti_error_set(err, "a trivial program fails in the jail (%s): %.*s",
                       reason_of(result->ending), (int)result->feedback_size,
                       (const char *)(result + 1) + result->exception_size);
    if (ok && *jailer->warden.cgroup.lacking)
        jailer->host->log(jailer->host, LETI_LOG_INFO, "no limits for all of a worker together: %s",
                          jailer->warden.cgroup.lacking);
    free(result);
    return ok;
}

void jailer_judge(struct jailer *jailer, const struct part *parts, size_t n,
                  struct leti_verdict *out)
{
    static const struct leti_pair unshared = { "isolated", { "0", 1 } };
    struct result *result;
    struct leti_error err;
    bool good = run(jailer, parts, n, false, &result, &err);
    if (good && starved(&jailer->settings, result)) {
        free(result);
        good = run(jailer, parts, n, true, &result, &err);
    }
    if (!good) {
        verdict_broken(jailer->host, err.text, out);
        return;
    }
    verdict_from(jailer->host, result, out);
    free(result);
    if (!jailer->settings.namespaces) {
        out->scores = &unshared;
        out->n_scores = 1;
    }
}
