/* command_json.c - JSON by hand, for texts of any bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "commands/command_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bytes.h"

static void put_ascii(FILE *out, char c)
{
    static const char plain[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *special = c ? strchr(plain, c) : NULL;
    if (special)
        fprintf(out, "\\%c", letter[special - plain]);
    else if ((unsigned char)c < 0x20)
        fprintf(out, "\\u%04x", c);
    else
        putc(c, out);
}

void json_put_text(FILE *out, const char *bytes, size_t size)
{
    putc('"', out);
    for (size_t i = 0; i < size;) {
        size_t length = lm_utf8_length(bytes + i, size - i);
        if (length == 1)
            put_ascii(out, bytes[i]);
        else if (length)
            fwrite(bytes + i, 1, length, out);
        else
            fprintf(out, "\\udc%02x", (unsigned char)bytes[i]);
        i += length ? length : 1;
    }
    putc('"', out);
}

void json_put_double(FILE *out, double value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        snprintf(digits, sizeof digits, "%.17g", value);
    fputs(isfinite(value) ? digits : "null", out);
}

void json_put_float(FILE *out, float value)
{
    char digits[32];
    for (int n = 6; n <= 9; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, (double)value);
        if (strtof(digits, NULL) == value)
            break;
    }
    fputs(isfinite(value) ? digits : "null", out);
}

void json_put_ids(FILE *out, const int32_t *ids, size_t n)
{
    putc('[', out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, i ? ", %d" : "%d", ids[i]);
    putc(']', out);
}

void json_put_floats(FILE *out, const float *values, size_t n)
{
    putc('[', out);
    for (size_t i = 0; i < n; i++) {
        if (i)
            fputs(", ", out);
        json_put_float(out, values[i]);
    }
    putc(']', out);
}
