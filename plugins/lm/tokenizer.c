/* tokenizer.c - to be written.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer.h"

bool lm_tokenizer_open(const char *dir, struct lm_tokenizer **out, struct leti_error *err)
{
    (void)out;
    return leti_error_set(err, "%s: not written yet", dir);
}
void lm_tokenizer_close(struct lm_tokenizer *t)
{
    (void)t;
}
bool lm_tokenizer_save(const struct lm_tokenizer *t, const char *dir, struct leti_error *err)
{
    (void)t;
    return leti_error_set(err, "%s: not written yet", dir);
}
int32_t lm_tokenizer_size(const struct lm_tokenizer *t)
{
    (void)t;
    return 0;
}
int32_t lm_tokenizer_special(const struct lm_tokenizer *t, const char *name)
{
    (void)t, (void)name;
    return -1;
}
bool lm_tokenizer_add_special(struct lm_tokenizer *t, const char *name, int32_t *id,
                              struct leti_error *err)
{
    (void)t, (void)id;
    return leti_error_set(err, "%s: not written yet", name);
}
bool lm_tokenizer_encode(const struct lm_tokenizer *t, const char *text, size_t size, bool specials,
                         struct lm_ids *out, struct leti_error *err)
{
    (void)t, (void)text, (void)size, (void)specials, (void)out;
    return leti_error_set(err, "not written yet");
}
const char *lm_tokenizer_bytes(const struct lm_tokenizer *t, int32_t id, size_t *size)
{
    (void)t, (void)id;
    *size = 0;
    return "";
}
bool lm_tokenizer_is_special(const struct lm_tokenizer *t, int32_t id)
{
    (void)t, (void)id;
    return false;
}
