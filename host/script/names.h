/* names.h - every stage and test of a pipeline gets the name that --set and messages use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_NAMES_H
#define SCRIPT_NAMES_H

#include "script/script.h"

enum { NAMES_MOST = 100 }; /* bytes of a name; with what is put before and behind it, under 128 */

/* Gives those without a name their kind's word (tests "test"), with a number from the second on,
 * and refuses names that two stages or two tests have, that cannot be written in --set, or that are
 * too long. The names are in host_settings, and in the tests' settings. */
bool names_give(struct stage **stages, size_t n_stages, struct draft *draft,
                struct leti_error *err);

/* The name among the settings; NULL where there is none. */
const char *names_get(const struct settings *);

/* Letters, digits, '-', '_' and, if allowed, '.', beginning with a letter or digit. */
bool names_is_plain(const char *name, bool dots);

#endif
