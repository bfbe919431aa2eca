/* bench_eval - how many programs a second one worker judges.
 *
 *     LETI_PLUGIN_PATH=build/lib/plugins bench_eval [--json] mbpp.jsonl [option=value]...
 *
 * Runs every reference solution of an MBPP file with its tests, and prints what did not pass, the
 * rate and the median time of a program. --json prints an object for each program instead, with
 * the seconds from the call of the plugin to its return. Not a test: its figures are the machine's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include <jansson.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static char *join(const char *const *parts, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += strlen(parts[i]);
    char *text = malloc(size);
    if (!text)
        abort();
    text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        strcat(text, parts[i]);
    return text;
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

/* The verdict on one row of the file; *seconds is how long it took. */
static struct leti_verdict judge_row(struct fake_host *fake, const json_t *row, double *seconds)
{
    const json_t *list = json_object_get(row, "test_list");
    const char *first = json_string_value(json_array_get(list, 0));
    const char *prompt_parts[] = { "\"\"\"\n", text_of(row, "text"), "\n", first, "\n\"\"\"\n" };
    const char *test_parts[16] = { text_of(row, "test_setup_code"), "\n" };
    size_t n = 2, i;
    const json_t *test;
    json_array_foreach(list, i, test) if (n + 2 <= 16)
    {
        test_parts[n++] = json_string_value(test);
        test_parts[n++] = "\n";
    }
    char *prompt = join(prompt_parts, 5), *tests = join(test_parts, n);
    struct leti_problem problem = { .id = "bench",
                                    .prompt = bytes_of(prompt),
                                    .tests = bytes_of(tests) };
    double start = now();
    struct leti_verdict v = fake_judge(fake, &problem, bytes_of(text_of(row, "code")));
    *seconds = now() - start;
    free(prompt);
    free(tests);
    return v;
}

static void print_row(const json_t *row, const struct leti_verdict *v, double seconds, bool json)
{
    long long id = json_integer_value(json_object_get(row, "task_id"));
    bool passed = v->outcome == LETI_PASSED;
    if (json)
        printf("{\"task_id\": %lld, \"outcome\": \"%s\", \"seconds\": %.9f}\n", id,
               passed ? "passed" : v->reason, seconds);
    else if (!passed)
        printf("%lld %s: %s\n", id, v->reason, v->feedback.data);
}

static bool set_options(struct fake_host *fake, char **options, int n)
{
    for (int i = 0; i < n; i++) {
        char *value = strchr(options[i], '=');
        if (value)
            *value++ = '\0';
        if (!value || !fake_set(fake, options[i], value)) {
            fprintf(stderr, "%s: no such option\n", options[i]);
            return false;
        }
    }
    return true;
}

/* Judges all rows of the file. False: one did not pass. */
static bool judge_file(struct fake_host *fake, FILE *file, bool json)
{
    static double seconds[4096];
    static char line[1 << 20];
    size_t n = 0, passed = 0;
    double start = now();
    while (n < 4096 && fgets(line, sizeof line, file)) {
        json_t *row = json_loads(line, 0, NULL);
        if (row) {
            struct leti_verdict v = judge_row(fake, row, &seconds[n]);
            print_row(row, &v, seconds[n++], json);
            passed += v.outcome == LETI_PASSED;
        }
        json_decref(row);
    }
    double total = now() - start;
    qsort(seconds, n, sizeof *seconds, by_value);
    if (!json)
        printf("%zu of %zu passed, %.1f programs/s, median %.3f ms, 99 %% below %.3f ms\n", passed,
               n, (double)n / total, n ? seconds[n / 2] * 1e3 : 0,
               n ? seconds[n * 99 / 100] * 1e3 : 0);
    return passed == n;
}

int main(int argc, char **argv)
{
    struct fake_host fake;
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    argc -= json;
    argv += json;
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: bench_eval [--json] MBPP.jsonl [option=value]...\n");
        return 2;
    }
    if (!fake_open(&fake, "evaluator.python.so"))
        return 1;
    if (!set_options(&fake, argv + 2, argc - 2))
        return 2;
    double start = now();
    if (!fake_start(&fake)) {
        fprintf(stderr, "%s\n", fake.said);
        return 1;
    }
    if (!json)
        printf("started in %.3f s\n", now() - start);
    bool passed = judge_file(&fake, file, json);
    fclose(file);
    fake_close(&fake, true);
    return passed ? 0 : 1;
}
