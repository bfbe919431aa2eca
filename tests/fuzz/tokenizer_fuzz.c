/* tokenizer_fuzz - any bytes as a tokenizer.json, and any text encoded by what it describes.
 *
 * What stands behind the first NUL is the text; without one, the file itself is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leti_error err;
    struct lm_tokenizer *tokenizer;
    const char *file = (const char *)data, *text = memchr(file, '\0', size);
    size_t file_size = text ? (size_t)(text - file) : size;
    size_t text_size = text ? size - file_size - 1 : size;
    if (!lm_tokenizer_parse("input", file, file_size, &tokenizer, &err))
        return 0;
    fuzz_tokenizer(tokenizer, text ? text + 1 : file, text_size);
    lm_tokenizer_close(tokenizer);
    return 0;
}
