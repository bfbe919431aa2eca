/* syscalls.h - the system calls that a program may make.
 *
 * The last wall, behind the namespaces: what a program has no business with is refused with an
 * error, not a kill, so that Python can say in a traceback what was refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <linux/filter.h>
#include <stdbool.h>

#include "leti/error.h"

/* Compiles the filter. With read_only, which stands in for a private file system, calls that
 * change a file are refused too. *out.filter is malloc'ed and the caller's. */
bool syscalls_compile(bool read_only, struct sock_fprog *out, struct leti_error *err);

/* Puts the calling thread, and the threads that it will start, under the filter for good. */
bool syscalls_apply(const struct sock_fprog *filter, struct leti_error *err);

#endif
