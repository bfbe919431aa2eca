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

/* Compiles the filter. Where files and processes are shared with the machine, for want of
 * namespaces, calls that change a file or signal a process are refused too. *out.filter is
 * malloc'ed and the caller's. */
bool syscalls_compile(bool shared, struct sock_fprog *out, struct leti_error *err);

/* Puts the calling thread, and the threads that it will start, under the filter for good. */
bool syscalls_apply(const struct sock_fprog *filter, struct leti_error *err);

#endif
