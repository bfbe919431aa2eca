/* endpoint.h - where Prometheus asks for the page: HTTP on an address of this machine.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVER_PROMETHEUS_ENDPOINT_H
#define OBSERVER_PROMETHEUS_ENDPOINT_H

#include "leti/error.h"
#include "page.h"

struct endpoint;

/* Listens at "127.0.0.1:9464" or "[::1]:9464"; port 0 is one that is free. Others than this
 * machine's own users are let in only where it is_public. Answers from a thread of its own, and
 * borrows the page until endpoint_close. */
bool endpoint_open(const char *address, bool is_public, struct page *, struct endpoint **out,
                   struct leti_error *err);
void endpoint_close(struct endpoint *);

/* "http://127.0.0.1:9464/metrics" */
const char *endpoint_url(const struct endpoint *);

#endif
