/* config_fuzz - any bytes as a config.json.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leti_error err;
    struct lm_config config;
    if (lm_config_parse("input", (const char *)data, size, &config, &err))
        FUZZ_HOLDS(lm_config_check("input", &config, &err));
    return 0;
}
