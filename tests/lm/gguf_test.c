/* gguf_test - the format read, every tensor type dequantised, and what no file may do to us.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gguf_build.h"
#include "scratch.h"

static struct lm_gguf *open_golden(void)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/tests/lm/golden/gguf/types.gguf", getenv("LETI_SOURCE_DIR"));
    struct lm_gguf *file;
    struct leti_error err;
    if (!lm_gguf_open(path, &file, &err))
        fail_msg("%s", err.text);
    assert_string_equal(lm_gguf_name(file), path);
    return file;
}

/* ---- what is right ---- */

static void dequantises_every_type_to_the_reference_bits(void **state)
{
    (void)state;
    static const enum lm_gguf_type types[] = { LM_GGUF_F32,  LM_GGUF_F16,  LM_GGUF_BF16,
                                               LM_GGUF_Q8_0, LM_GGUF_Q4_0, LM_GGUF_Q4_1,
                                               LM_GGUF_Q5_0, LM_GGUF_Q5_1, LM_GGUF_Q4_K,
                                               LM_GGUF_Q5_K, LM_GGUF_Q6_K };
    enum { ROWS = 3, COLS = 512, N_TYPES = sizeof types / sizeof types[0] };
    static float out[ROWS * COLS], expected[ROWS * COLS];
    struct lm_gguf *file = open_golden();
    assert_int_equal(lm_gguf_count(file), 2 * N_TYPES);
    for (size_t i = 0; i < N_TYPES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s.f32", lm_gguf_type_name(types[i]));
        const struct lm_gguf_tensor *t = lm_gguf_find(file, lm_gguf_type_name(types[i]));
        const struct lm_gguf_tensor *wanted = lm_gguf_find(file, name);
        assert_true(t && wanted);
        assert_int_equal(t->type, types[i]);
        assert_int_equal(t->n_dims, 2);
        assert_true(t->dims[0] == ROWS && t->dims[1] == COLS);
        assert_true(t->rows == ROWS && t->cols == COLS && t->n == ROWS * COLS);
        memcpy(expected, wanted->data, sizeof expected);
        lm_gguf_to_f32(t, 0, ROWS, out);
        for (size_t k = 0; k < ROWS * COLS; k++) {
            if (memcmp(&out[k], &expected[k], sizeof out[k]) != 0)
                fail_msg("%s[%zu] is %.9g, expected %.9g", t->name, k, (double)out[k],
                         (double)expected[k]);
        }
        memset(out, 0, sizeof out);
        lm_gguf_to_f32(t, 1, 2, out);
        assert_memory_equal(out, expected + COLS, 2 * COLS * sizeof *out);
        assert_true(out[2 * COLS] == 0.0f);
    }
    lm_gguf_close(file);
}

static void assert_int(const struct lm_gguf *file, const char *key, int64_t expected)
{
    int64_t value;
    struct leti_error err;
    if (!lm_gguf_get_int(file, key, &value, &err))
        fail_msg("%s", err.text);
    assert_true(value == expected);
}

static void assert_real(const struct lm_gguf *file, const char *key, double expected)
{
    double value;
    struct leti_error err;
    if (!lm_gguf_get_real(file, key, &value, &err))
        fail_msg("%s", err.text);
    assert_true(value == expected);
}

static void reads_values_of_every_type(void **state)
{
    (void)state;
    struct lm_gguf *file = open_golden();
    struct leti_error err;
    assert_int(file, "a.u8", 200);
    assert_int(file, "a.i8", -100);
    assert_int(file, "a.u16", 60000);
    assert_int(file, "a.i16", -30000);
    assert_int(file, "a.u32", 4000000000);
    assert_int(file, "a.i32", -2000000000);
    assert_int(file, "a.u64", INT64_MAX); /* as near as it goes */
    assert_int(file, "a.i64", -((int64_t)1 << 62));
    assert_real(file, "a.f32", 0.15625);
    assert_real(file, "a.f64", 1e300);
    assert_real(file, "a.i8", -100);
    bool yes = false, no = true;
    assert_true(lm_gguf_get_bool(file, "a.true", &yes, &err) && yes);
    assert_true(lm_gguf_get_bool(file, "a.false", &no, &err) && !no);
    struct lm_gguf_text text;
    assert_true(lm_gguf_get_string(file, "a.string", &text, &err));
    assert_int_equal(text.size, 7);
    assert_memory_equal(text.data, "gr\xc3\xbcn\0\n", 7);
    lm_gguf_close(file);
}

static void reads_arrays_of_every_kind(void **state)
{
    (void)state;
    struct lm_gguf *file = open_golden();
    struct leti_error err;
    const struct lm_gguf_array *strings, *ints, *reals, *bools;
    assert_true(lm_gguf_get_strings(file, "b.strings", &strings, &err));
    assert_true(lm_gguf_get_ints(file, "b.ints", &ints, &err));
    assert_true(lm_gguf_get_reals(file, "b.reals", &reals, &err));
    assert_true(lm_gguf_get_bools(file, "b.bools", &bools, &err));
    static const char *const expected[] = { "", "\xc4\xa0 t", "\xe6\x97\xa5\xe6\x9c\xac" };
    assert_int_equal(lm_gguf_array_count(strings), 3);
    for (size_t i = 0; i < 3; i++) {
        struct lm_gguf_text text = lm_gguf_array_string(strings, i);
        assert_int_equal(text.size, strlen(expected[i]));
        assert_memory_equal(text.data, expected[i], text.size);
    }
    assert_int_equal(lm_gguf_array_count(ints), 3);
    assert_true(lm_gguf_array_int(ints, 0) == 3 && lm_gguf_array_int(ints, 1) == -1);
    assert_int_equal(lm_gguf_array_count(reals), 2);
    assert_true(lm_gguf_array_real(reals, 0) == 0.5 && lm_gguf_array_real(reals, 1) == -1000.0);
    assert_int_equal(lm_gguf_array_count(bools), 3);
    assert_true(lm_gguf_array_bool(bools, 0) && !lm_gguf_array_bool(bools, 1));
    lm_gguf_close(file);
}

static void names_keys_that_are_missing_or_of_another_type(void **state)
{
    (void)state;
    struct lm_gguf *file = open_golden();
    struct leti_error err;
    int64_t value;
    bool flag;
    struct lm_gguf_text text;
    const struct lm_gguf_array *array;
    assert_true(lm_gguf_has(file, "a.u8") && !lm_gguf_has(file, "a.u") && !lm_gguf_has(file, ""));
    assert_false(lm_gguf_get_int(file, "c.none", &value, &err));
    assert_non_null(strstr(err.text, "types.gguf: metadata key c.none is missing, allowed is an "
                                     "integer"));
    assert_false(lm_gguf_get_int(file, "a.f32", &value, &err));
    assert_non_null(strstr(err.text, "metadata key a.f32 is float32, allowed is an integer"));
    assert_false(lm_gguf_get_bool(file, "a.u8", &flag, &err));
    assert_non_null(strstr(err.text, "metadata key a.u8 is uint8, allowed is a bool"));
    assert_false(lm_gguf_get_string(file, "b.strings", &text, &err));
    assert_non_null(strstr(err.text, "b.strings is an array of string, allowed is a string"));
    assert_false(lm_gguf_get_strings(file, "a.string", &array, &err));
    assert_non_null(strstr(err.text, "a.string is string, allowed is an array of strings"));
    assert_false(lm_gguf_get_ints(file, "b.reals", &array, &err));
    assert_non_null(strstr(err.text, "b.reals is an array of float32, allowed is an array of "
                                     "integers"));
    lm_gguf_close(file);
}

/* One key of each kind and two tensors, the second not at the beginning. */
static struct gguf_build small_file(uint32_t version)
{
    struct gguf_build b = { 0 };
    gguf_begin(&b, version, 2, 4);
    gguf_key_u32(&b, "general.alignment", 16);
    gguf_key_text(&b, "name", "x");
    gguf_key(&b, "list", GGUF_ARRAY);
    gguf_u32(&b, GGUF_STRING);
    gguf_u64(&b, 2);
    gguf_text(&b, "ab");
    gguf_text(&b, "");
    gguf_key(&b, "yes", GGUF_BOOL);
    gguf_put(&b, "\1", 1);
    gguf_tensor(&b, "t", 1, (uint64_t[]){ 32 }, LM_GGUF_Q4_0, 0);
    gguf_tensor(&b, "s", 4, (uint64_t[]){ 1, 2, 1, 2 }, LM_GGUF_F16, 32);
    gguf_align(&b, 16);
    gguf_put(&b, (uint8_t[32 + 8]){ 0, 0x3c, 0x97 }, 32 + 8);
    return b;
}

static void reads_versions_2_and_3(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        struct gguf_build b = small_file(version);
        void *copy;
        struct lm_gguf *file;
        struct leti_error err;
        if (!gguf_built(&b, &copy, &file, &err))
            fail_msg("%s", err.text);
        const struct lm_gguf_tensor *t = lm_gguf_find(file, "t"), *s = lm_gguf_find(file, "s");
        assert_true(t && s && !lm_gguf_find(file, "u"));
        assert_true(t->rows == 1 && t->cols == 32 && t->size_bytes == 18);
        assert_true(s->n_dims == 4 && s->dims[0] == 2 && s->dims[2] == 2 && s->dims[3] == 1);
        assert_true(s->rows == 4 && s->cols == 1);
        assert_ptr_equal((const uint8_t *)s->data, (const uint8_t *)t->data + 32);
        float out[32];
        lm_gguf_to_f32(t, 0, 1, out);
        assert_true(out[0] == -1.0f && out[16] == 1.0f && out[1] == -8.0f);
        lm_gguf_close(file);
        free(copy);
        free(b.data);
    }
}

/* ---- what is wrong ---- */

static void refuses_every_truncation(void **state)
{
    (void)state;
    struct gguf_build b = small_file(3);
    for (size_t size = b.size; size-- > 0;) {
        void *copy;
        struct lm_gguf *file;
        struct leti_error err = { "" };
        b.size = size;
        assert_false(gguf_built(&b, &copy, &file, &err));
        assert_true(strncmp(err.text, "x.gguf: ", 8) == 0);
        free(copy);
    }
    free(b.data);
}

/* Whatever one byte of the file becomes: refused, or read within it. */
static void survives_every_changed_byte(void **state)
{
    (void)state;
    struct gguf_build b = small_file(3);
    size_t read = 0;
    for (size_t at = 0; at < b.size; at++) {
        uint8_t before = b.data[at];
        for (int byte = 0; byte < 256; byte++) {
            b.data[at] = (uint8_t)byte;
            void *copy;
            struct lm_gguf *file;
            struct leti_error err;
            if (gguf_built(&b, &copy, &file, &err)) {
                for (size_t i = 0; i < lm_gguf_count(file); i++) {
                    static float out[256];
                    const struct lm_gguf_tensor *t = lm_gguf_at(file, i);
                    assert_true(t->n <= 256);
                    lm_gguf_to_f32(t, 0, t->rows, out);
                    read += t->n;
                }
                lm_gguf_close(file);
            }
            free(copy);
        }
        b.data[at] = before;
    }
    assert_true(read > 0);
    free(b.data);
}

static void expect(struct gguf_build *b, const char *expected)
{
    void *copy;
    struct lm_gguf *file;
    struct leti_error err = { "" };
    if (gguf_built(b, &copy, &file, &err) || strncmp(err.text, "x.gguf: ", 8) != 0 ||
        !strstr(err.text, expected))
        fail_msg("\"%s\" instead of \"%s\"", err.text, expected);
    free(copy);
    free(b->data);
    *b = (struct gguf_build){ 0 };
}

static void refuses_other_files_and_versions(void **state)
{
    (void)state;
    struct gguf_build b = { 0 };
    gguf_put(&b, "GGML\3\0\0\0", 8);
    expect(&b, "not a GGUF file");
    gguf_begin(&b, 1, 0, 0);
    expect(&b, "version is 1, allowed are 2 and 3");
    gguf_begin(&b, 0x03000000, 0, 0);
    expect(&b, "big-endian, take the little-endian file");
}

static void refuses_counts_beyond_the_file(void **state)
{
    (void)state;
    static const uint64_t counts[] = { 1, 1 << 20, (uint64_t)1 << 60, UINT64_MAX };
    struct gguf_build b = { 0 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        gguf_begin(&b, 3, counts[i], 0);
        expect(&b, "the number of tensors is");
        gguf_begin(&b, 3, 0, counts[i]);
        expect(&b, "the number of metadata keys is");
        gguf_begin(&b, 3, 0, 1);
        gguf_key(&b, "tokens", GGUF_ARRAY);
        gguf_u32(&b, GGUF_STRING);
        gguf_u64(&b, counts[i]);
        expect(&b, "tokens is");
        gguf_begin(&b, 3, 0, 1);
        gguf_key(&b, "some key", GGUF_ARRAY);
        gguf_u32(&b, GGUF_U64);
        gguf_u64(&b, counts[i]);
        expect(&b, "some key is");
        gguf_begin(&b, 3, 0, 1);
        gguf_key(&b, "template", GGUF_STRING);
        gguf_u64(&b, counts[i]);
        expect(&b, "template needs");
    }
}

static void refuses_bad_metadata(void **state)
{
    (void)state;
    struct gguf_build b = { 0 };
    gguf_begin(&b, 3, 0, 1);
    gguf_key(&b, "k", 13);
    gguf_u64(&b, 0);
    expect(&b, "k: type is 13, allowed is 0 to 12");
    gguf_begin(&b, 3, 0, 1);
    gguf_key(&b, "k", GGUF_ARRAY);
    gguf_u32(&b, GGUF_ARRAY);
    gguf_u64(&b, 0);
    expect(&b, "k: an array of arrays is not read");
    gguf_begin(&b, 3, 0, 1);
    gguf_key(&b, "k", GGUF_BOOL);
    gguf_put(&b, "\2", 1);
    expect(&b, "k: a bool is 2, allowed are 0 and 1");
    gguf_begin(&b, 3, 0, 1);
    gguf_key_u32(&b, "", 7);
    expect(&b, "a metadata key before byte 32 has 0 bytes");
    gguf_begin(&b, 3, 0, 1);
    gguf_u64(&b, 3);
    gguf_put(&b, "a\0b", 3);
    gguf_u32(&b, GGUF_U32);
    gguf_u32(&b, 1);
    expect(&b, "a metadata key before byte 35 has 3 bytes, allowed are 1 to 65535, none of them "
               "NUL");
    gguf_begin(&b, 3, 0, 2);
    gguf_key_u32(&b, "same", 1);
    gguf_key_u32(&b, "same", 2);
    expect(&b, "same: is there twice");
}

static void refuses_bad_alignments(void **state)
{
    (void)state;
    static const uint32_t bad[] = { 0, 24, 1u << 21, UINT32_MAX };
    struct gguf_build b = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gguf_begin(&b, 3, 0, 1);
        gguf_key_u32(&b, "general.alignment", bad[i]);
        expect(&b, "allowed is a power of two up to 1048576");
    }
    gguf_begin(&b, 3, 0, 1);
    gguf_key_text(&b, "general.alignment", "32");
    expect(&b, "metadata key general.alignment is string, allowed is an integer");
}

static void one_tensor(struct gguf_build *b, uint32_t n_dims, const uint64_t *dims, uint32_t type,
                       uint64_t offset)
{
    gguf_begin(b, 3, 1, 0);
    gguf_tensor(b, "t", n_dims, dims, type, offset);
    gguf_align(b, 32);
    gguf_put(b, (uint8_t[64]){ 0 }, 64);
}

static void refuses_bad_tensors(void **state)
{
    (void)state;
    const struct {
        uint32_t n_dims;
        uint64_t dims[5];
        uint32_t type;
        uint64_t offset;
        const char *expected;
    } bad[] = {
        { 0, { 0 }, LM_GGUF_F32, 0, "t: has 0 dimensions, allowed are 1 to 4" },
        { 5, { 1, 1, 1, 1, 1 }, LM_GGUF_F32, 0, "t: has 5 dimensions" },
        { 2, { 4, 0 }, LM_GGUF_F32, 0, "t: a dimension is 0: no elements" },
        { 2, { (uint64_t)1 << 32, (uint64_t)1 << 32 }, LM_GGUF_F32, 0, "too many elements" },
        { 1, { UINT64_MAX }, LM_GGUF_F32, 0, "too many elements" },
        { 1, { (uint64_t)1 << 62 }, LM_GGUF_F16, 0, "too many elements" },
        { 2, { 1 << 20, 1 << 20 }, LM_GGUF_F32, 0, "needs 4398046511104 bytes at byte 0 of 64" },
        { 1, { 17 }, LM_GGUF_F32, 0, "t: needs 68 bytes at byte 0 of 64 bytes" },
        { 1, { 16 }, LM_GGUF_F32, 32, "t: needs 64 bytes at byte 32 of 64 bytes" },
        { 1, { 1 }, LM_GGUF_F32, 96, "t: needs 4 bytes at byte 96 of 64 bytes" },
        { 1, { 1 }, LM_GGUF_F32, UINT64_MAX - 31, "t: needs 4 bytes at byte 18446744073709551584" },
        { 1, { 1 }, LM_GGUF_F32, 4, "t: offset is 4, no multiple of 32" },
        { 2, { 16, 2 }, LM_GGUF_Q4_0, 0, "t: rows of 16 are no multiple of Q4_0's blocks of 32" },
        { 1, { 128 }, LM_GGUF_Q6_K, 0, "t: rows of 128 are no multiple of Q6_K's blocks of 256" },
        { 1, { 256 }, 10, 0, "t: type is Q2_K, allowed are F32, F16, BF16, Q8_0" },
        { 1, { 1 }, 4, 0, "t: type is 4, allowed are" },
        { 1, { 1 }, UINT32_MAX, 0, "t: type is 4294967295, allowed are" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gguf_build b = { 0 };
        one_tensor(&b, bad[i].n_dims, bad[i].dims, bad[i].type, bad[i].offset);
        expect(&b, bad[i].expected);
    }
}

static void two_tensors(struct gguf_build *b, const char *first, uint64_t first_at,
                        const char *second, uint64_t second_at)
{
    gguf_begin(b, 3, 2, 0);
    gguf_tensor(b, first, 1, (uint64_t[]){ 9 }, LM_GGUF_F32, first_at);
    gguf_tensor(b, second, 1, (uint64_t[]){ 9 }, LM_GGUF_F32, second_at);
    gguf_align(b, 32);
    gguf_put(b, (uint8_t[128]){ 0 }, 128);
}

static void refuses_tensors_that_share_bytes_or_names(void **state)
{
    (void)state;
    struct gguf_build b = { 0 };
    two_tensors(&b, "t", 0, "u", 32);
    expect(&b, "u: lies where t does");
    two_tensors(&b, "t", 32, "u", 0);
    expect(&b, "t: lies where u does");
    two_tensors(&b, "t", 0, "u", 0);
    expect(&b, "lies where");
    two_tensors(&b, "t", 0, "t", 64);
    expect(&b, "t: is there twice");
}

static void opens_regular_files_only(void **state)
{
    (void)state;
    static const char *const bad[] = { "/dev/zero", "/", "/nonexistent", "/dev/null" };
    struct lm_gguf *file;
    struct leti_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lm_gguf_open(bad[i], &file, &err));
    const char *path = scratch_path(scratch_dir, "empty.gguf");
    assert_true(scratch_write(path, "", 0));
    assert_false(lm_gguf_open(path, &file, &err));
    assert_non_null(strstr(err.text, "empty.gguf: 0 bytes, a GGUF file has at least 24"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dequantises_every_type_to_the_reference_bits),
        cmocka_unit_test(reads_values_of_every_type),
        cmocka_unit_test(reads_arrays_of_every_kind),
        cmocka_unit_test(names_keys_that_are_missing_or_of_another_type),
        cmocka_unit_test(reads_versions_2_and_3),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(refuses_other_files_and_versions),
        cmocka_unit_test(refuses_counts_beyond_the_file),
        cmocka_unit_test(refuses_bad_metadata),
        cmocka_unit_test(refuses_bad_alignments),
        cmocka_unit_test(refuses_bad_tensors),
        cmocka_unit_test(refuses_tensors_that_share_bytes_or_names),
        cmocka_unit_test(opens_regular_files_only),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
