/* ids.h - a choice among numbered problems, as a person writes it: "11-20,33,601-974".
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IDS_H
#define IDS_H

#include "leti/error.h"

/* Whether text is a list of numbers and ranges, separated by commas; "" chooses all. */
bool ids_check(const char *text, struct leti_error *err);

/* Whether a text that ids_check took chooses the number. */
bool ids_choose(const char *text, unsigned long long number);

#endif
