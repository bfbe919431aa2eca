/* endpoint_test - where it listens, and what it refuses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "endpoint.h"

static void check_refused(const char *address, const char *expected)
{
    struct leti_error err = { 0 };
    struct endpoint *endpoint = NULL;
    struct page *page = page_create();
    assert_false(endpoint_open(address, false, page, &endpoint, &err));
    assert_null(endpoint);
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.text, expected);
    page_destroy(page);
}

static void finds_a_free_port_and_says_which(void **state)
{
    (void)state;
    struct leti_error err;
    struct endpoint *endpoint = NULL;
    struct page *page = page_create();
    if (!endpoint_open("127.0.0.1:0", false, page, &endpoint, &err))
        fail_msg("%s", err.text);
    int port = 0, size = 0;
    sscanf(endpoint_url(endpoint), "http://127.0.0.1:%d/metrics%n", &port, &size);
    assert_int_equal(size, strlen(endpoint_url(endpoint)));
    assert_in_range(port, 1, 65535);
    endpoint_close(endpoint);
    page_destroy(page);
}

static void says_that_a_port_is_taken(void **state)
{
    (void)state;
    struct leti_error err;
    struct endpoint *endpoint = NULL;
    struct page *page = page_create();
    char address[64];
    if (!endpoint_open("127.0.0.1:0", false, page, &endpoint, &err))
        fail_msg("%s", err.text);
    sscanf(endpoint_url(endpoint), "http://%63[^/]", address);
    check_refused(address, ": Address already in use");
    check_refused(address, "cannot listen at 127.0.0.1:");
    endpoint_close(endpoint);
    page_destroy(page);
}

static void refuses_addresses_that_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",
                                         "9464",
                                         "127.0.0.1",
                                         ":9464",
                                         "127.0.0.1:",
                                         "127.0.0.1:x",
                                         "127.0.0.1:-1",
                                         "::1:9464",
                                         "127.0.0.1:65536",
                                         "localhost:9464",
                                         "[]:9464" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "or [::1]:9464, not \"%s\"", wrong[i]);
        check_refused(wrong[i], expected);
    }
}

static void is_open_to_other_machines_only_where_that_is_said(void **state)
{
    (void)state;
    struct leti_error err;
    struct endpoint *endpoint = NULL;
    struct page *page = page_create();
    check_refused("0.0.0.0:0", "option \"listen\": 0.0.0.0:0 can be reached from other machines, "
                               "which must be said: public = true");
    check_refused("[::]:0", "can be reached from other machines");
    if (!endpoint_open("0.0.0.0:0", true, page, &endpoint, &err))
        fail_msg("%s", err.text);
    endpoint_close(endpoint);
    page_destroy(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_free_port_and_says_which),
        cmocka_unit_test(says_that_a_port_is_taken),
        cmocka_unit_test(refuses_addresses_that_are_none),
        cmocka_unit_test(is_open_to_other_machines_only_where_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
