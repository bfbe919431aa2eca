/* gguf_fuzz - any bytes as a GGUF file: its fields by every type, its tensors dequantised,
 * the tokenizer and the shape of the model that it carries.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "gguf/gguf.h"

#include <stdlib.h>

#include "fuzz.h"
#include "fuzz_tokenizer.h"
#include "model/model_gguf.h"
#include "tokenizer/tokenizer_gguf.h"

static const char *const keys[] = {
    "general.architecture",
    "general.alignment",
    "llama.block_count",
    "llama.rope.freq_base",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.scores",
    "tokenizer.ggml.model",
    "tokenizer.ggml.add_bos_token",
    "a",
    "b",
    "s",
    "u",
};

static void read_text(struct lm_gguf_text text)
{
    for (size_t i = 0; i < text.size; i++)
        fuzz_sink += (unsigned char)text.data[i];
}

static void read_scalars(const struct lm_gguf *file, const char *key)
{
    struct leti_error err;
    struct lm_gguf_text text;
    int64_t integer;
    double real;
    bool flag;
    if (lm_gguf_get_string(file, key, &text, &err))
        read_text(text);
    if (lm_gguf_get_int(file, key, &integer, &err) && lm_gguf_get_real(file, key, &real, &err))
        FUZZ_HOLDS((double)integer == real);
    if (lm_gguf_get_bool(file, key, &flag, &err))
        fuzz_sink += flag;
}

static void read_arrays(const struct lm_gguf *file, const char *key)
{
    struct leti_error err;
    const struct lm_gguf_array *array;
    if (lm_gguf_get_strings(file, key, &array, &err))
        for (size_t i = 0; i < lm_gguf_array_count(array); i++)
            read_text(lm_gguf_array_string(array, i));
    if (lm_gguf_get_ints(file, key, &array, &err))
        for (size_t i = 0; i < lm_gguf_array_count(array); i++)
            fuzz_sink += (unsigned)lm_gguf_array_int(array, i);
    if (lm_gguf_get_reals(file, key, &array, &err))
        for (size_t i = 0; i < lm_gguf_array_count(array); i++)
            fuzz_sink += lm_gguf_array_real(array, i) > 0;
    if (lm_gguf_get_bools(file, key, &array, &err))
        for (size_t i = 0; i < lm_gguf_array_count(array); i++)
            fuzz_sink += lm_gguf_array_bool(array, i);
}

/* A tensor's bytes lie within the file, which bounds what is allocated here. */
static void dequantise(const struct lm_gguf_tensor *tensor)
{
    FUZZ_HOLDS(lm_gguf_type_name(tensor->type) != NULL);
    FUZZ_HOLDS(tensor->n == (size_t)tensor->rows * (size_t)tensor->cols);
    float *values = malloc(tensor->n * sizeof *values + 1);
    if (!values)
        return;
    lm_gguf_to_f32(tensor, 0, tensor->rows, values);
    free(values);
}

static void read_tokenizer(const struct lm_gguf *file)
{
    static const char text[] = "def f(x):\n    return <|good|> 1234 \xc3\xa9\xff deer  ";
    struct leti_error err;
    struct lm_tokenizer *tokenizer;
    if (!lm_tokenizer_from_gguf(file, &tokenizer, &err))
        return;
    fuzz_tokenizer(tokenizer, text, sizeof text - 1);
    lm_tokenizer_close(tokenizer);
}

static void read_shape(const struct lm_gguf *file)
{
    struct leti_error err;
    struct lm_config config;
    if (lm_model_gguf_config(file, &config, &err))
        FUZZ_HOLDS(lm_config_check("input", &config, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leti_error err;
    struct lm_gguf *file;
    if (!lm_gguf_parse("input", data, size, &file, &err))
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!lm_gguf_has(file, keys[i]))
            continue;
        read_scalars(file, keys[i]);
        read_arrays(file, keys[i]);
    }
    for (size_t i = 0; i < lm_gguf_count(file); i++) {
        FUZZ_HOLDS(lm_gguf_find(file, lm_gguf_at(file, i)->name) == lm_gguf_at(file, i));
        dequantise(lm_gguf_at(file, i));
    }
    read_tokenizer(file);
    read_shape(file);
    lm_gguf_close(file);
    return 0;
}
