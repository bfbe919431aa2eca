/* config_fuzz - any bytes as a config.json.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"
#include "fuzz.h"

enum { POSITIONS = 4, LAYERS = 8 };

/* What the decoder is told of a config that was taken. */
static void read_config(const struct lm_config *config)
{
    for (int32_t i = 0; i < config->n_layers && i < LAYERS; i++) {
        const struct lm_heads heads = lm_config_heads(config, i);
        fuzz_sink += heads.window != 0;
        FUZZ_HOLDS(!lm_config_slides(config, i) || config->window > 0);
    }
    int32_t dim = lm_config_rotary_dim(config);
    FUZZ_HOLDS(dim >= 0 && dim <= config->head_dim && dim % 2 == 0);
    FUZZ_HOLDS(lm_config_embedding_scale(config) > 0 && lm_config_mlp_width(config) > 0);
    float *table = malloc(((size_t)dim * POSITIONS + 1) * sizeof *table);
    for (int sliding = 0; table && dim > 0 && sliding < 2; sliding++)
        lm_config_rope_table(config, sliding, POSITIONS, table);
    free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leti_error err;
    struct lm_config config;
    if (!lm_config_parse("input", (const char *)data, size, &config, &err))
        return 0;
    FUZZ_HOLDS(lm_config_check("input", &config, &err));
    read_config(&config);
    return 0;
}
