/* command_share.c - what the commands share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "tokenizer_bpe.h"

int command_fail(const struct leti_error *err)
{
    fprintf(stderr, "leti model: %s\n", err->text);
    return 1;
}

int64_t command_int(struct argp_state *state, const char *option, const char *value, int64_t min,
                    int64_t max)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || number < min || number > max)
        argp_error(state, "%s is \"%s\", allowed is an integer from %lld to %lld", option, value,
                   (long long)min, (long long)max);
    return number;
}

double command_real(struct argp_state *state, const char *option, const char *value, double min,
                    double max)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end || !(number >= min) || !(number <= max))
        argp_error(state, "%s is \"%s\", allowed is a number from %g to %g", option, value, min,
                   max);
    return number;
}

bool command_ids(const char *text, int32_t size, struct lm_ids *out, struct leti_error *err)
{
    for (const char *p = text; *p;) {
        char *end;
        errno = 0;
        long long id = strtoll(p, &end, 10);
        if (errno || end == p || (*end && *end != ',') || id < 0 || id >= size)
            return leti_error_set(err, "\"%.40s\": allowed are ids from 0 to %d with commas", p,
                                  size - 1);
        if (!lm_ids_push(out, (int32_t)id, err))
            return false;
        p = *end ? end + 1 : end;
    }
    return true;
}

static bool read_stream(FILE *in, const char *name, char **text, size_t *size,
                        struct leti_error *err)
{
    char *data = NULL;
    size_t n = 0, capacity = 0, got;
    do {
        if (n + 1 >= capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *grown = realloc(data, capacity);
            if (!grown) {
                free(data);
                return leti_error_set(err, "%s: no memory for %zu bytes", name, capacity);
            }
            data = grown;
        }
        got = fread(data + n, 1, capacity - 1 - n, in);
        n += got;
    } while (got > 0);
    if (ferror(in)) {
        free(data);
        return leti_error_set(err, "%s: cannot read: %s", name, strerror(errno));
    }
    data[n] = '\0';
    *text = data;
    *size = n;
    return true;
}

bool command_read(const struct command_text *from, char **text, size_t *size,
                  struct leti_error *err)
{
    if (from->text) {
        *text = strdup(from->text);
        *size = strlen(from->text);
        return *text || leti_error_set(err, "no memory");
    }
    if (!from->file || strcmp(from->file, "-") == 0)
        return read_stream(stdin, "standard input", text, size, err);
    FILE *in = fopen(from->file, "rb");
    if (!in)
        return leti_error_set(err, "%s: cannot open: %s", from->file, strerror(errno));
    bool ok = read_stream(in, from->file, text, size, err);
    fclose(in); /* only read from: nothing can be lost */
    return ok;
}

double command_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
