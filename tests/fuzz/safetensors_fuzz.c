/* safetensors_fuzz - any bytes as a safetensors file: parsed, found by name, converted.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/safetensors.h"

/* Every element of a tensor lies within the file, which bounds what is allocated here. */
static void convert(const struct lm_tensor_view *view)
{
    float *values = malloc(view->n * sizeof *values + 1);
    if (!values)
        return;
    lm_tensor_to_f32(view, values);
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leti_error err;
    struct lm_safetensors *file;
    if (!lm_safetensors_parse("input", data, size, &file, &err))
        return 0;
    for (size_t i = 0; i < lm_safetensors_count(file); i++) {
        const struct lm_tensor_view *view = lm_safetensors_at(file, i);
        FUZZ_HOLDS(lm_safetensors_find(file, view->name) == view);
        convert(view);
    }
    lm_safetensors_close(file);
    return 0;
}
