/* tokenizer_pattern.c - splitting patterns: written for Oniguruma, run by PCRE2.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_unicode.h"

enum { PATTERN_LIMIT = 1 << 13 /* bytes */ };

/* What goes into a class for \s, \w and others. PCRE2's own \s also has U+180E, and its \w lacks
 * marks and more. */
#define SPACES "\\t-\\r\\x{85}\\p{Z}"
#define WORDS "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}" YOUNG_LETTERS YOUNG_MARKS YOUNG_DIGITS
/* Oniguruma's table of Latin-1, which it asks outside of classes, has these as \w too. */
#define LATIN_NUMBERS "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"

/* Bytes that two bytes of a pattern can become, at most. */
enum { GROWTH = sizeof "[^]" WORDS LATIN_NUMBERS };

struct rewrite {
    const char *name;
    const char *start, *at;
    char *out;
    struct leti_error *err;
};

static void put(struct rewrite *r, const char *text, size_t size)
{
    memcpy(r->out, text, size);
    r->out += size;
}

static void keep(struct rewrite *r, size_t size)
{
    put(r, r->at, size);
    r->at += size;
}

static void replace(struct rewrite *r, size_t size, const char *text)
{
    r->at += size;
    put(r, text, strlen(text));
}

static bool refuse(const struct rewrite *r, size_t size)
{
    return leti_error_set(r->err, "%s: \"%.*s\" at byte %td of the pattern is not supported",
                          r->name, (int)strnlen(r->at, size), r->at, r->at - r->start);
}

/* An escape of so many bytes that stands for a class. Within a class its complement cannot be
 * written out. */
static bool replace_class(struct rewrite *r, size_t size, const char *class, bool complement,
                          bool in_class)
{
    if (complement && in_class)
        return refuse(r, size);
    if (!in_class)
        put(r, "[^", complement ? 2 : 1);
    replace(r, size, class);
    if (!in_class)
        put(r, "]", 1);
    return true;
}

/* \p{L}: kept whole, but for the properties that patterns split by. */
static bool rewrite_property(struct rewrite *r, bool in_class)
{
    bool complement = r->at[1] == 'P';
    if (strncmp(r->at + 2, "{L}", 3) == 0)
        return replace_class(r, 5, "\\p{L}" YOUNG_LETTERS, complement, in_class);
    if (strncmp(r->at + 2, "{M}", 3) == 0)
        return replace_class(r, 5, "\\p{M}" YOUNG_MARKS, complement, in_class);
    if (strncmp(r->at + 2, "{N}", 3) == 0)
        return replace_class(r, 5, "\\p{N}" YOUNG_NUMBERS, complement, in_class);
    const char *close = r->at[2] == '{' ? strchr(r->at, '}') : NULL;
    if (!close)
        return refuse(r, 3);
    keep(r, (size_t)(close + 1 - r->at));
    return true;
}

/* \x{1f600}, \x41 and \u00e9. Two digits from 80 on are a byte to Oniguruma. */
static bool keep_code(struct rewrite *r)
{
    const char *p = r->at;
    if (p[1] == 'x' && p[2] == '{' && strchr(p, '}')) {
        keep(r, (size_t)(strchr(p, '}') + 1 - p));
        return true;
    }
    if (p[1] == 'x' && p[2] >= '0' && p[2] <= '7' && isxdigit((unsigned char)p[3])) {
        keep(r, 4);
        return true;
    }
    if (p[1] == 'u' && strspn(p + 2, "0123456789abcdefABCDEF") >= 4) {
        put(r, "\\x{", 3);
        put(r, p + 2, 4);
        put(r, "}", 1);
        r->at += 6;
        return true;
    }
    return refuse(r, 4);
}

static bool rewrite_escape(struct rewrite *r, bool in_class)
{
    char c = r->at[1];
    switch (c) {
    case 's':
    case 'S':
        return replace_class(r, 2, SPACES, c == 'S', in_class);
    case 'w':
    case 'W':
        return replace_class(r, 2, in_class ? WORDS : WORDS LATIN_NUMBERS, c == 'W', in_class);
    case 'd':
    case 'D':
        return replace_class(r, 2, "\\p{Nd}" YOUNG_DIGITS, c == 'D', in_class);
    case 'p':
    case 'P':
        return rewrite_property(r, in_class);
    case 'x':
    case 'u':
        return keep_code(r);
    case 'r':
    case 'n':
    case 't':
    case 'f':
        keep(r, 2);
        return true;
    default:
        if (c == '\0' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80)
            return refuse(r, 2);
        keep(r, 2);
        return true;
    }
}

/* From [ to ]. Oniguruma has sets within sets and && there. */
static bool rewrite_class(struct rewrite *r)
{
    keep(r, 1);
    if (*r->at == '^')
        keep(r, 1);
    if (*r->at == ']')
        return refuse(r, 1);
    while (*r->at != ']') {
        if (*r->at == '\0' || *r->at == '[' || strncmp(r->at, "&&", 2) == 0)
            return refuse(r, 2);
        if (*r->at != '\\')
            keep(r, 1);
        else if (!rewrite_escape(r, true))
            return false;
    }
    keep(r, 1);
    return true;
}

static bool rewrite_group(struct rewrite *r)
{
    static const char *const openings[] = { "(?:",  "(?=", "(?!",  "(?<=",
                                            "(?<!", "(?>", "(?i:", "(?-i:" };
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        if (strncmp(r->at, openings[i], strlen(openings[i])) == 0) {
            keep(r, strlen(openings[i]));
            return true;
        }
    }
    if (r->at == r->start && strncmp(r->at, "(?i)", 4) == 0) { /* elsewhere it binds otherwise */
        keep(r, 4);
        return true;
    }
    if (r->at[1] == '?' || r->at[1] == '*')
        return refuse(r, 4);
    keep(r, 1);
    return true;
}

/* {1,3}: what follows must not be + or ?, which do not mean the same to both. */
static bool rewrite_interval(struct rewrite *r)
{
    const char *p = r->at + 1;
    size_t digits = strspn(p, "0123456789");
    p += digits;
    if (*p == ',')
        p += 1 + strspn(p + 1, "0123456789");
    if (digits == 0 || *p != '}' || p[1] == '+' || p[1] == '?')
        return refuse(r, (size_t)(p + 2 - r->at));
    keep(r, (size_t)(p + 1 - r->at));
    return true;
}

static bool rewrite(struct rewrite *r)
{
    while (*r->at) {
        bool ok = true;
        if (*r->at == '\\')
            ok = rewrite_escape(r, false);
        else if (*r->at == '[')
            ok = rewrite_class(r);
        else if (*r->at == '(')
            ok = rewrite_group(r);
        else if (*r->at == '{')
            ok = rewrite_interval(r);
        else
            keep(r, 1);
        if (!ok)
            return false;
    }
    *r->out = '\0';
    return true;
}

static pcre2_code *compile(const char *pattern, uint32_t options, int *why, size_t *where)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return NULL;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF); /* of what . $ and ^ know */
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, why, where, context);
    pcre2_compile_context_free(context);
    return code;
}

bool lm_pattern_compile(const char *name, const char *pattern, bool literal, pcre2_code **out,
                        struct leti_error *err)
{
    size_t size = strlen(pattern);
    if (size > PATTERN_LIMIT)
        return leti_error_set(err, "%s: pattern of %zu bytes, allowed are up to %d", name, size,
                              PATTERN_LIMIT);
    char *text = malloc(size * GROWTH + 1);
    if (!text)
        return leti_error_set(err, "%s: no memory for a pattern", name);
    struct rewrite r = { name, pattern, pattern, text, err };
    if (literal) {
        memcpy(text, pattern, size + 1);
    } else if (!rewrite(&r)) {
        free(text);
        return false;
    }
    uint32_t options = PCRE2_UTF | (literal ? PCRE2_LITERAL : PCRE2_UCP | PCRE2_MULTILINE);
    int why = PCRE2_ERROR_NOMEMORY;
    size_t where = 0;
    pcre2_code *code = compile(text, options, &why, &where);
    free(text);
    if (!code) {
        char reason[128] = "";
        pcre2_get_error_message(why, (PCRE2_UCHAR *)reason, sizeof reason);
        return leti_error_set(err, "%s: pattern \"%.200s\": %s", name, pattern, reason);
    }
    /* Where it cannot be compiled to machine code it is interpreted: slower, the same result. */
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    *out = code;
    return true;
}

bool lm_pattern_find(const pcre2_code *code, pcre2_match_data *data, const char *text, size_t size,
                     size_t start, bool *found, size_t *begin, size_t *end, struct leti_error *err)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)text;
    int rc = pcre2_jit_match(code, subject, size, start, 0, data, NULL);
    if (rc == PCRE2_ERROR_JIT_BADOPTION || /* there is no machine code */
        rc == PCRE2_ERROR_JIT_STACKLIMIT)  /* the interpreter keeps its stack on the heap */
        rc = pcre2_match(code, subject, size, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, NULL);
    *found = rc >= 0;
    if (*found) {
        *begin = pcre2_get_ovector_pointer(data)[0];
        *end = pcre2_get_ovector_pointer(data)[1];
        return true;
    }
    if (rc == PCRE2_ERROR_NOMATCH)
        return true;
    char reason[128] = "";
    pcre2_get_error_message(rc, (PCRE2_UCHAR *)reason, sizeof reason);
    return leti_error_set(err, "cannot split a text of %zu bytes: %s", size, reason);
}
