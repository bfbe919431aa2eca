/* base_test - what the ground floor promises: texts, JSON strings, the cut, files, hashes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/cut.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/path.h"

static char folder[] = "/tmp/leti-base-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return file_remove_tree(folder, NULL) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void grows_and_keeps_nul_bytes(void **state)
{
    (void)state;
    struct text text = { 0 };
    assert_string_equal(text_string(&text), "");
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "%d,", i);
    text_append(&text, "a\0b", 3);
    size_t size = text.size;
    char *bytes = text_take(&text, NULL);
    assert_memory_equal(bytes + size - 3, "a\0b", 4);
    assert_memory_equal(bytes, "0,1,2,", 6);
    assert_null(text.data);
    free(bytes);
}

static void says_once_that_memory_was_refused(void **state)
{
    (void)state;
    struct leti_error err = { 0 };
    struct text text = { 0 };
    text_add(&text, "abc");
    text_append(&text, NULL, SIZE_MAX / 2);
    text_add(&text, "d");
    assert_string_equal(text_string(&text), "abc");
    assert_null(text_take(&text, &err));
    assert_non_null(strstr(err.text, "out of memory"));
}

static void check_json(const char *bytes, size_t size, const char *expected)
{
    struct text text = { 0 };
    json_text(&text, bytes, size);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void escapes_what_is_not_utf8_and_nothing_else(void **state)
{
    (void)state;
    check_json("a\"\\\n\t\x01\x7f/", 8, "\"a\\\"\\\\\\n\\t\\u0001\x7f/\"");
    check_json("\0", 1, "\"\\u0000\"");
    check_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d", 9,
               "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d\"");
    check_json("\xff\x80", 2, "\"\\udcff\\udc80\"");
    check_json("\xc0\x80", 2, "\"\\udcc0\\udc80\"");                       /* overlong */
    check_json("\xed\xa0\x80", 3, "\"\\udced\\udca0\\udc80\"");            /* a surrogate */
    check_json("\xe2\x82", 2, "\"\\udce2\\udc82\"");                       /* cut off */
    check_json("\xf4\x90\x80\x80", 4, "\"\\udcf4\\udc90\\udc80\\udc80\""); /* past U+10FFFF */
}

static void writes_numbers_that_read_back(void **state)
{
    (void)state;
    const double values[] = { 0, 0.1, 1.0 / 3, 1e300, 5e-324, -2.5 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct text text = { 0 };
        json_number(&text, values[i]);
        assert_true(strtod(text.data, NULL) == values[i]);
        text_free(&text);
    }
    struct text text = { 0 };
    json_number(&text, 0.0 / (values[0] * 1));
    json_number(&text, 0.1);
    assert_string_equal(text.data, "null0.1");
    text_free(&text);
}

static const char *const stops[] = { "\nclass", "\nprint", "<|/" };

static size_t cut(const char *text)
{
    return cut_length(text, strlen(text), stops, 3);
}

static void cuts_at_the_first_stop(void **state)
{
    (void)state;
    assert_int_equal(cut("  return x\n\nprint(1)\nclass A"), strlen("  return x"));
    assert_int_equal(cut("  a<|/b\nclass"), strlen("  a"));
    assert_int_equal(cut("  my_class = print\n"), strlen("  my_class = print"));
}

static void matches_a_line_start_stop_at_the_very_start(void **state)
{
    (void)state;
    assert_int_equal(cut("class A:\n  x"), 0);
    assert_int_equal(cut(" class A"), strlen(" class A"));
    assert_int_equal(cut("clas"), 4);
    assert_int_equal(cut(""), 0);
}

static void strips_white_space_without_stops(void **state)
{
    (void)state;
    assert_int_equal(cut_length("x \t\r\n\v\f", 7, NULL, 0), 1);
    assert_int_equal(cut_length("\0 \nclass", 8, stops, 3), 1); /* NUL is no white space */
}

static void reads_plain_and_gzip_alike(void **state)
{
    (void)state;
    char *data;
    size_t size;
    assert_true(file_write(in_folder("plain"), "a\0b\n", 4, NULL));
    assert_true(file_read(in_folder("plain"), 4, &data, &size, NULL));
    assert_int_equal(size, 4);
    assert_memory_equal(data, "a\0b\n", 5);
    free(data);

    gzFile file = gzopen(in_folder("packed"), "wb");
    for (int i = 0; i < 100000; i++)
        assert_true(gzprintf(file, "line %d\n", i) > 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_true(file_read(in_folder("packed"), 2000000, &data, &size, NULL));
    assert_int_equal(size, 1088890);
    assert_string_equal(data + size - 11, "line 99999\n");
    free(data);
}

static void refuses_what_is_too_large_or_cut_off_or_not_there(void **state)
{
    (void)state;
    struct leti_error err;
    char *data = NULL;
    size_t size;
    assert_false(file_read(in_folder("packed"), 1000, &data, &size, &err));
    assert_non_null(strstr(err.text, "larger than 1000 bytes"));
    assert_int_equal(truncate(in_folder("packed"), 1000), 0);
    assert_false(file_read(in_folder("packed"), 2000000, &data, &size, &err));
    assert_non_null(strstr(err.text, "ends too early"));
    assert_false(file_read(in_folder("nothing"), 10, &data, &size, &err));
    assert_non_null(strstr(err.text, "No such file"));
    assert_false(file_read(folder, 10, &data, &size, &err));
    assert_non_null(strstr(err.text, "it is a folder"));
    assert_null(data);
}

static void replaces_a_file_whole_or_not_at_all(void **state)
{
    (void)state;
    struct leti_error err;
    char *data;
    size_t size;
    assert_true(file_write(in_folder("new"), "old", 3, NULL));
    assert_true(file_write(in_folder("new"), "newer", 5, NULL));
    assert_true(file_read(in_folder("new"), 100, &data, &size, NULL));
    assert_string_equal(data, "newer");
    free(data);
    assert_false(file_write(in_folder("no/where"), "x", 1, &err));
    assert_non_null(strstr(err.text, "no/where: No such file"));
    assert_false(file_write(folder, "x", 1, &err)); /* a folder is in its place */
    char beside[300];
    snprintf(beside, sizeof beside, "ls %s.?????? >/dev/null 2>&1", folder);
    assert_int_not_equal(system(beside), 0); /* nothing was left beside it */
}

static void check_holds(const char *name, const char *expected)
{
    char *data;
    size_t size;
    assert_true(file_read(in_folder(name), 100, &data, &size, NULL));
    assert_string_equal(data, expected);
    free(data);
}

static void writes_where_a_link_leads(void **state)
{
    (void)state;
    struct leti_error err;
    struct stat info;
    assert_true(file_make_folders(in_folder("elsewhere"), NULL));
    assert_true(file_write(in_folder("elsewhere/f"), "old", 3, NULL));
    assert_int_equal(symlink("elsewhere/f", in_folder("to_f")), 0);
    assert_true(file_can_write(in_folder("to_f"), NULL));
    assert_true(file_write(in_folder("to_f"), "new", 3, NULL));
    assert_int_equal(lstat(in_folder("to_f"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    check_holds("elsewhere/f", "new");
    assert_int_equal(symlink("nothing", in_folder("to_nothing")), 0);
    assert_false(file_write(in_folder("to_nothing"), "new", 3, &err));
    assert_non_null(strstr(err.text, "to_nothing: No such file"));
}

static void writes_into_a_pipe_that_is_read(void **state)
{
    (void)state;
    struct leti_error err;
    struct stat info;
    char *data, got[8] = "";
    size_t size;
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_false(file_read(in_folder("pipe"), 100, &data, &size, &err));
    assert_non_null(strstr(err.text, "pipe: it is a named pipe"));
    assert_false(file_write(in_folder("pipe"), "words", 5, &err));
    assert_non_null(strstr(err.text, "cannot write "));
    int fd = open(in_folder("pipe"), O_RDWR | O_CLOEXEC);
    assert_true(file_can_write(in_folder("pipe"), NULL));
    assert_true(file_write(in_folder("pipe"), "words", 5, NULL));
    assert_int_equal(read(fd, got, sizeof got), 5);
    assert_string_equal(got, "words");
    close(fd);
    assert_int_equal(lstat(in_folder("pipe"), &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
}

static void makes_syncs_and_removes_folders(void **state)
{
    (void)state;
    struct leti_error err;
    assert_true(file_make_folders(in_folder("a//b/c/"), NULL));
    assert_true(file_make_folders(in_folder("a/b"), NULL));
    assert_true(file_write(in_folder("a/b/f"), "x", 1, NULL));
    assert_int_equal(symlink("/nowhere", in_folder("a/b/link")), 0);
    assert_true(file_sync_tree(in_folder("a"), &err));
    assert_false(file_make_folders(in_folder("a/b/f/g"), &err));
    assert_non_null(strstr(err.text, "a/b/f"));
    assert_true(file_remove_tree(in_folder("a"), &err));
    assert_false(path_is_folder(in_folder("a")));
    assert_true(file_remove_tree(in_folder("a"), &err));
    assert_false(file_sync_tree(in_folder("a"), &err));
}

static void hashes_as_sha256_does(void **state)
{
    (void)state;
    char text[HASH_TEXT], other[HASH_TEXT];
    hash_of("abc", 3, text); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(file_write(in_folder("abc"), "abc", 3, NULL));
    assert_true(hash_of_file(in_folder("abc"), other, NULL));
    assert_string_equal(text, other);
}

static void hash_of_a_model_knows_names_and_contents_of_its_files(void **state)
{
    (void)state;
    char first[HASH_TEXT], text[HASH_TEXT];
    assert_true(file_make_folders(in_folder("m/.git"), NULL));
    assert_true(file_write(in_folder("m/config.json"), "1", 1, NULL));
    assert_true(file_write(in_folder("m/a.safetensors"), "2", 1, NULL));
    assert_true(hash_of_model(in_folder("m"), first, NULL));
    assert_true(file_write(in_folder("m/a.safetensors"), "3", 1, NULL));
    assert_true(hash_of_model(in_folder("m"), text, NULL));
    assert_string_not_equal(first, text);
    assert_true(file_write(in_folder("m/a.safetensors"), "2", 1, NULL));
    assert_true(file_write(in_folder("m/pytorch_model.bin"), "4", 1, NULL));
    assert_true(file_write(in_folder("m/.git/HEAD"), "5", 1, NULL));
    assert_true(hash_of_model(in_folder("m"), text, NULL));
    assert_string_equal(first, text);
    char from[256];
    strcpy(from, in_folder("m/a.safetensors"));
    assert_true(file_rename(from, in_folder("m/b.safetensors"), NULL));
    assert_true(hash_of_model(in_folder("m"), text, NULL));
    assert_string_not_equal(first, text);
}

static void knows_models_that_are_one_file(void **state)
{
    (void)state;
    char first[HASH_TEXT], text[HASH_TEXT];
    assert_true(file_make_folders(in_folder("g"), NULL));
    assert_false(path_is_model(in_folder("g")) || path_is_model(in_folder("g/none")));
    assert_true(file_write(in_folder("g/x.txt"), "GGUF", 4, NULL));
    assert_false(path_is_model(in_folder("g")) || path_is_model(in_folder("g/x.txt")));
    assert_true(file_write(in_folder("g/x.gguf"), "GGUF", 4, NULL));
    assert_true(path_is_model(in_folder("g")) && path_is_model(in_folder("g/x.gguf")));
    assert_true(hash_of_model(in_folder("g"), first, NULL));
    assert_true(file_write(in_folder("g/x.gguf"), "gguf", 4, NULL));
    assert_true(hash_of_model(in_folder("g"), text, NULL));
    assert_string_not_equal(first, text);
    assert_true(hash_of_model(in_folder("g/x.gguf"), text, NULL));
    assert_true(hash_of_file(in_folder("g/x.gguf"), first, NULL));
    assert_string_equal(first, text);
}

static void names_paths(void **state)
{
    (void)state;
    char *path = path_join("a", "b");
    assert_string_equal(path, "a/b");
    free(path);
    path = path_join("a/", "/b");
    assert_string_equal(path, "/b");
    free(path);
    path = path_folder("/a");
    assert_string_equal(path, "/");
    free(path);
    path = path_folder("a");
    assert_string_equal(path, ".");
    free(path);
    path = path_of_program(NULL);
    assert_string_equal(path_name(path), "base_test");
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_nul_bytes),
        cmocka_unit_test(says_once_that_memory_was_refused),
        cmocka_unit_test(escapes_what_is_not_utf8_and_nothing_else),
        cmocka_unit_test(writes_numbers_that_read_back),
        cmocka_unit_test(cuts_at_the_first_stop),
        cmocka_unit_test(matches_a_line_start_stop_at_the_very_start),
        cmocka_unit_test(strips_white_space_without_stops),
        cmocka_unit_test(reads_plain_and_gzip_alike),
        cmocka_unit_test(refuses_what_is_too_large_or_cut_off_or_not_there),
        cmocka_unit_test(replaces_a_file_whole_or_not_at_all),
        cmocka_unit_test(writes_where_a_link_leads),
        cmocka_unit_test(writes_into_a_pipe_that_is_read),
        cmocka_unit_test(makes_syncs_and_removes_folders),
        cmocka_unit_test(hashes_as_sha256_does),
        cmocka_unit_test(hash_of_a_model_knows_names_and_contents_of_its_files),
        cmocka_unit_test(knows_models_that_are_one_file),
        cmocka_unit_test(names_paths),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
