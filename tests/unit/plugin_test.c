/* plugin_test - only what is sound in every part is opened, and the error says what is not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "registry/host_options.h"
#include "registry/options.h"
#include "registry/plugin.h"

static char folder[1024]; /* of the plugins that tests/unit/plugins builds */

static int find_folder(void **state)
{
    (void)state;
    const char *build = getenv("LETI_BUILD_DIR");
    if (!build)
        return -1;
    snprintf(folder, sizeof folder, "%s/tests/plugins", build);
    return setenv("LETI_PLUGIN_PATH", folder, 1);
}

static void check_refused(const char *name, const char *expected)
{
    struct leti_error err = { 0 };
    struct plugin plugin = { 0 };
    char path[2048];
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    assert_false(plugin_open(path, &plugin, &err));
    assert_null(plugin.library);
    assert_non_null(strstr(err.text, name));
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.text, expected);
}

static void opens_each_kind(void **state)
{
    (void)state;
    for (enum leti_kind kind = LETI_SOURCE; kind <= LETI_OBSERVER; kind++) {
        char name[64];
        struct leti_error err = { 0 };
        struct plugin plugin;
        snprintf(name, sizeof name, "%s.sound", kind_name(kind));
        if (!plugin_find(name, &plugin, &err))
            fail_msg("%s", err.text);
        assert_int_equal(plugin.desc->kind, kind);
        assert_string_equal(plugin.desc->name, name);
        plugin_close(&plugin);
        plugin_close(&plugin);
    }
}

static void refuses_another_abi_before_it_reads_on(void **state)
{
    (void)state;
    check_refused("evaluator.fault_abi", "built for plugin ABI 99, this host needs 1");
}

static void refuses_descriptions_with_a_fault(void **state)
{
    (void)state;
    check_refused("evaluator.fault_size", "bytes, this host needs");
    check_refused("evaluator.fault_kind", "there is no stage kind 77");
    check_refused("evaluator.fault_name", "\"nameless\" is not of the form kind.what");
    check_refused("evaluator.fault_version", "it has no version");
    check_refused("evaluator.fault_function",
                  "evaluator evaluator.fault_function has no function evaluate");
    check_refused("evaluator.fault_symbol", "not a stage plugin (no symbol leti_plugin)");
}

static void refuses_option_tables_that_contradict_themselves(void **state)
{
    (void)state;
    check_refused("evaluator.fault_range", "option \"first\" must be from 1 to 10, not 11");
    check_refused("evaluator.fault_choice", "option \"mode\" must be one of adamw|sgd");
    check_refused("evaluator.fault_outside", "option \"first\" lies outside of the instance");
    check_refused("evaluator.fault_twice", "option \"first\" is there twice");
    check_refused("evaluator.fault_shared", "options \"first\" and \"second\" share a field");
    check_refused("evaluator.fault_host", "option \"replicas\" is the host's own");
}

static void refuses_what_is_no_library(void **state)
{
    (void)state;
    struct leti_error err = { 0 };
    struct plugin plugin = { 0 };
    assert_false(plugin_open("/etc/passwd", &plugin, &err));
    assert_non_null(strstr(err.text, "/etc/passwd"));
    assert_false(plugin_open("/no/such/file.so", &plugin, &err));
    assert_non_null(strstr(err.text, "/no/such/file.so"));
}

static void offers_the_nearest_plugin(void **state)
{
    (void)state;
    struct leti_error err = { 0 };
    struct plugin plugin = { 0 };
    assert_false(plugin_find("evaluator.suond", &plugin, &err));
    assert_string_equal(err.text, "no stage plugin \"evaluator.suond\"; did you mean "
                                  "\"evaluator.sound\"?");
    assert_false(plugin_find("quite.another", &plugin, &err));
    assert_non_null(strstr(err.text, "no stage plugin \"quite.another\" in "));
    assert_non_null(strstr(err.text, folder));
    assert_false(plugin_find("../plugins/evaluator.sound", &plugin, &err));
}

static void refuses_a_plugin_that_has_another_name(void **state)
{
    (void)state;
    struct leti_error err = { 0 };
    struct plugin plugin = { 0 };
    assert_false(plugin_find("evaluator.fault_elsewhere", &plugin, &err));
    assert_non_null(strstr(err.text, "calls itself evaluator.elsewhere"));
}

static size_t n_broken;

static void count_broken(const char *why)
{
    (void)why;
    n_broken++;
}

static void lists_the_sound_ones_by_name_and_tells_of_the_broken(void **state)
{
    (void)state;
    struct plugin *plugins;
    size_t n, n_sound = 0;
    assert_true(plugin_list(&plugins, &n, count_broken, NULL));
    assert_int_equal(n_broken, 14);
    for (size_t i = 0; i < n; i++) {
        n_sound += strstr(plugins[i].desc->name, ".sound") != NULL;
        if (i)
            assert_true(strcmp(plugins[i - 1].desc->name, plugins[i].desc->name) < 0);
    }
    assert_int_equal(n_sound, 6);
    for (size_t i = 0; i < n; i++)
        plugin_close(&plugins[i]);
    free(plugins);
}

static void host_options_are_sound_themselves(void **state)
{
    (void)state;
    for (enum leti_kind kind = LETI_SOURCE; kind <= LETI_OBSERVER; kind++) {
        struct leti_error err = { 0 };
        if (!option_table_check(host_options(kind), sizeof(struct stage_options), &err))
            fail_msg("%s: %s", kind_name(kind), err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_each_kind),
        cmocka_unit_test(refuses_another_abi_before_it_reads_on),
        cmocka_unit_test(refuses_descriptions_with_a_fault),
        cmocka_unit_test(refuses_option_tables_that_contradict_themselves),
        cmocka_unit_test(refuses_what_is_no_library),
        cmocka_unit_test(offers_the_nearest_plugin),
        cmocka_unit_test(refuses_a_plugin_that_has_another_name),
        cmocka_unit_test(lists_the_sound_ones_by_name_and_tells_of_the_broken),
        cmocka_unit_test(host_options_are_sound_themselves),
    };
    return cmocka_run_group_tests(tests, find_folder, NULL);
}
