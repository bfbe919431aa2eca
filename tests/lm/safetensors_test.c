/* safetensors_test - the format read and written, and what no file may do to us.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "model/safetensors.h"
#include "scratch.h"

/* A file in memory of exactly its size, so that a read beyond it is seen. */
static void *file_of(const char *header, const void *data, size_t data_size, size_t *size)
{
    size_t n = strlen(header);
    uint8_t *file = malloc(8 + n + data_size);
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)n >> 8 * i);
    memcpy(file + 8, header, n);
    if (data_size)
        memcpy(file + 8 + n, data, data_size);
    *size = 8 + n + data_size;
    return file;
}

static bool parse_header(const char *header, size_t data_size, struct leti_error *err)
{
    uint8_t *zeros = calloc(1, data_size + 1);
    assert_non_null(zeros);
    size_t size;
    void *file = file_of(header, zeros, data_size, &size);
    struct lm_safetensors *tensors = NULL;
    bool ok = lm_safetensors_parse("x.safetensors", file, size, &tensors, err);
    lm_safetensors_close(tensors);
    free(file);
    free(zeros);
    return ok;
}

static void reads_tensors_of_all_types(void **state)
{
    (void)state;
    static const uint8_t data[] = { 0x00, 0x3c, 0x00, 0xc0,                         /* f16 1, -2 */
                                    0x80, 0x3f,                                     /* bf16 1 */
                                    0x00, 0x00, 0x20, 0x41, 0x00, 0x00, 0x00, 0x3f, /* 10, 0.5 */
                                    0xdb, 0x0f, 0x49, 0x40 };
    size_t size;
    void *file = file_of("{\"__metadata__\":{\"format\":\"pt\"},"
                         "\"c\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[6,18]},"
                         "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[4,6]},"
                         "\"e\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[4,4]},"
                         "\"a\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}   ",
                         data, sizeof data, &size);
    struct lm_safetensors *tensors;
    struct leti_error err;
    assert_true(lm_safetensors_parse("x", file, size, &tensors, &err));
    assert_int_equal(lm_safetensors_count(tensors), 4);
    const struct lm_tensor_view *a = lm_safetensors_find(tensors, "a");
    const struct lm_tensor_view *b = lm_safetensors_find(tensors, "b");
    const struct lm_tensor_view *c = lm_safetensors_find(tensors, "c");
    assert_true(a && b && c);
    assert_null(lm_safetensors_find(tensors, "d"));
    assert_int_equal(lm_safetensors_find(tensors, "e")->n, 0);
    assert_int_equal(c->n_dims, 2);
    assert_int_equal(c->dims[0], 3);
    float out[3];
    lm_tensor_to_f32(a, out);
    assert_true(out[0] == 1.0f && out[1] == -2.0f);
    lm_tensor_to_f32(b, out);
    assert_true(b->n == 1 && out[0] == 1.0f);
    lm_tensor_to_f32(c, out);
    assert_true(out[0] == 10.0f && out[1] == 0.5f && out[2] == 0x1.921fb6p+1f);
    lm_safetensors_close(tensors);
    free(file);
}

static void converts_every_f16(void **state)
{
    (void)state;
    static uint16_t halves[1 << 16];
    static float out[1 << 16];
    for (size_t i = 0; i < 1 << 16; i++)
        halves[i] = (uint16_t)i;
    lm_tensor_to_f32(&(struct lm_tensor_view){ .dtype = LM_F16, .n = 1 << 16, .data = halves },
                     out);
    for (int i = 0; i < 1 << 16; i++) {
        int exponent = i >> 10 & 0x1f, mantissa = i & 0x3ff;
        double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
        if (exponent == 0x1f)
            value = mantissa ? NAN : INFINITY;
        if (i & 0x8000)
            value = -value;
        assert_true(isnan(value) ? isnan(out[i])
                                 : out[i] == (float)value && !signbit(out[i]) == !signbit(value));
    }
}

static bool write_one(const char *path, const float *data, int64_t n, enum lm_dtype dtype,
                      struct leti_error *err)
{
    const struct lm_tensor_source source = { "t", 1, { n }, data };
    return lm_safetensors_write(path, &source, 1, dtype, err);
}

static void writes_f32_bit_by_bit(void **state)
{
    (void)state;
    enum { N = 70001 };
    static float data[N], out[N];
    for (size_t i = 0; i < N; i++) {
        uint32_t bits = (uint32_t)i * 2654435761u;
        memcpy(&data[i], &bits, sizeof bits);
    }
    const struct lm_tensor_source sources[] = {
        { "one", 2, { 7, 10000 }, data },
        { "two", 1, { 1 }, data + 70000 },
        { "none", 1, { 0 }, data },
    };
    const char *path = scratch_path(scratch_dir, "f32.safetensors");
    struct leti_error err;
    assert_true(lm_safetensors_write(path, sources, 3, LM_F32, &err));
    struct lm_safetensors *file;
    assert_true(lm_safetensors_open(path, &file, &err));
    const struct lm_tensor_view *one = lm_safetensors_find(file, "one");
    assert_int_equal((uintptr_t)one->data % 64, 0);
    assert_true(one->dims[0] == 7 && one->dims[1] == 10000 && one->dtype == LM_F32);
    lm_tensor_to_f32(one, out);
    lm_tensor_to_f32(lm_safetensors_find(file, "two"), out + 70000);
    assert_memory_equal(data, out, sizeof data);
    lm_safetensors_close(file);
}

static void rounds_bf16_to_nearest_even(void **state)
{
    (void)state;
    static const float data[] = { 1.0f,           1.00390625f, /* a tie: down to the even 1 */
                                  1.01171875f,                 /* a tie: up to the even 1.015625 */
                                  0x1.010002p+0f,              /* just above a tie */
                                  -0.0f,          0x1.fffffep+127f, /* rounds to infinity */
                                  INFINITY,       0x1p-149f,        NAN };
    static const float expected[] = { 1.0f,     1.0f,     1.015625f, 1.0078125f, -0.0f,
                                      INFINITY, INFINITY, 0.0f,      NAN };
    const char *path = scratch_path(scratch_dir, "bf16.safetensors");
    struct leti_error err;
    assert_true(write_one(path, data, 9, LM_BF16, &err));
    struct lm_safetensors *file;
    assert_true(lm_safetensors_open(path, &file, &err));
    float out[9];
    lm_tensor_to_f32(lm_safetensors_find(file, "t"), out);
    lm_safetensors_close(file);
    assert_memory_equal(out, expected, 8 * sizeof(float));
    assert_true(isnan(out[8]));
}

static void refuses_to_write_f16(void **state)
{
    (void)state;
    struct leti_error err;
    assert_false(write_one(scratch_path(scratch_dir, "f16"), &(float){ 1 }, 1, LM_F16, &err));
    assert_non_null(strstr(err.text, "allowed are f32 and bf16"));
}

static void failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    static float data[100000];
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", scratch_path(scratch_dir, "kept.safetensors"));
    struct leti_error err;
    assert_true(write_one(path, &(float){ 42 }, 1, LM_F32, &err));

    struct rlimit old, small = { 4096, 4096 };
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = write_one(path, data, 100000, LM_F32, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_false(ok);
    assert_non_null(strstr(err.text, "cannot write: File too large"));

    struct lm_safetensors *file;
    float value;
    assert_true(lm_safetensors_open(path, &file, &err));
    lm_tensor_to_f32(lm_safetensors_find(file, "t"), &value);
    lm_safetensors_close(file);
    assert_true(value == 42.0f);
    assert_int_not_equal(access(scratch_path(scratch_dir, "kept.safetensors.part"), F_OK), 0);
}

static void refuses_bad_headers_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data_size;
        const char *expected;
    } bad[] = {
        { "", 0, "not valid JSON" },
        { "[]", 0, "header is not a JSON object" },
        { "{}", 4, "tensors end at byte 0 of 4 bytes of data" },
        { "{\"t\":1}", 0, "t: not a JSON object" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
          4, "duplicate" },
        { "{\"t\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
          "t: dtype is I64, allowed are F32, F16 and BF16" },
        { "{\"t\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
          "t: dtype is not a string" },
        { "{\"t\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "t: dtype is not a string" },
        { "{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "t: shape is no array" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
          "t: shape is no array of up to 4 sizes" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
          "t: shape[0] is no integer of 0 or more" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4,
          "t: shape[0] is no integer" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4,
          "t: shape[0] is 4611686018427387905: too many elements" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
          "\"data_offsets\":[0,0]}}",
          0, "t: shape[1] is 4294967296: too many elements" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1e3],\"data_offsets\":[0,4]}}", 4, "shape[0]" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
          "too big integer" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "t: data_offsets is no pair" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, "no pair" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 4,
          "t: data_offsets are [0, 8], allowed is within [0, 4]" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, "[-4, 0]" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "[4, 0]" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],"
          "\"data_offsets\":[9223372036854775803,9223372036854775807]}}",
          4, "allowed is within [0, 4]" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
          "t: data_offsets span 4 bytes, its shape and dtype need 8" },
        { "{\"t\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "need 2" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"u\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
          6, "u: starts at byte 2 of the data, the tensor before it ends at 4" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"u\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
          4, "starts at byte 0 of the data, the tensor before it ends at 4" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
          "t: starts at byte 4 of the data, the tensor before it ends at 0" },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5,
          "tensors end at byte 4 of 5" },
        { "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
          "not valid JSON" },
        { "{\"t\\u0000\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
          "not valid JSON" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct leti_error err = { "" };
        if (parse_header(bad[i].header, bad[i].data_size, &err) ||
            !strstr(err.text, bad[i].expected) || strncmp(err.text, "x.safetensors: ", 15) != 0)
            fail_msg("%s: %s", bad[i].header, err.text);
    }
}

static void refuses_header_sizes_beyond_the_file(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 3, 1 << 20, (uint64_t)1 << 40, UINT64_MAX, UINT64_MAX - 7 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t file[10] = { 0, 0, 0, 0, 0, 0, 0, 0, '{', '}' };
        memcpy(file, &sizes[i], 8);
        struct lm_safetensors *tensors;
        struct leti_error err = { "" };
        assert_false(lm_safetensors_parse("x", file, sizeof file, &tensors, &err));
        assert_non_null(strstr(err.text, "allowed is up to 2"));
    }
}

static const char good_header[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
    "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}}";

static void refuses_every_truncation(void **state)
{
    (void)state;
    static const uint8_t data[32];
    size_t size;
    char *file = file_of(good_header, data, sizeof data, &size);
    for (size_t n = 0; n < size; n++) {
        char *part = malloc(n ? n : 1);
        assert_non_null(part);
        memcpy(part, file, n);
        struct lm_safetensors *tensors;
        struct leti_error err;
        assert_false(lm_safetensors_parse("x", part, n, &tensors, &err));
        free(part);
    }
    free(file);
}

/* Whatever one byte of the header becomes: refused, or read within the file. */
static void survives_every_changed_byte(void **state)
{
    (void)state;
    static const uint8_t data[32];
    static float out[64];
    size_t size, read = 0;
    uint8_t *file = file_of(good_header, data, sizeof data, &size);
    for (size_t at = 0; at < size - sizeof data; at++) {
        uint8_t before = file[at];
        for (int byte = 0; byte < 256; byte++) {
            file[at] = (uint8_t)byte;
            struct lm_safetensors *tensors;
            struct leti_error err;
            if (!lm_safetensors_parse("x", file, size, &tensors, &err))
                continue;
            for (size_t i = 0; i < lm_safetensors_count(tensors); i++) {
                const struct lm_tensor_view *view = lm_safetensors_at(tensors, i);
                assert_true(view->n <= 64);
                lm_tensor_to_f32(view, out);
                read += view->n;
            }
            lm_safetensors_close(tensors);
        }
        file[at] = before;
    }
    assert_true(read > 0);
    free(file);
}

static void opens_regular_files_only(void **state)
{
    (void)state;
    static const char *const bad[] = { "/dev/zero", "/", "/nonexistent", "/dev/null" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lm_safetensors *tensors;
        struct leti_error err;
        assert_false(lm_safetensors_open(bad[i], &tensors, &err));
    }
    const char *path = scratch_path(scratch_dir, "empty");
    assert_true(scratch_write(path, "", 0));
    struct lm_safetensors *tensors;
    struct leti_error err;
    assert_false(lm_safetensors_open(path, &tensors, &err));
    assert_non_null(strstr(err.text, "0 bytes, a safetensors file has at least 8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tensors_of_all_types),
        cmocka_unit_test(converts_every_f16),
        cmocka_unit_test(writes_f32_bit_by_bit),
        cmocka_unit_test(rounds_bf16_to_nearest_even),
        cmocka_unit_test(refuses_to_write_f16),
        cmocka_unit_test(failed_write_leaves_the_old_file),
        cmocka_unit_test(refuses_bad_headers_by_name),
        cmocka_unit_test(refuses_header_sizes_beyond_the_file),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(opens_regular_files_only),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
