/* names.h - what is said for the numbers that the store keeps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_NAMES_H
#define RUN_NAMES_H

#include <stdint.h>

const char *outcome_name(int64_t outcome); /* of enum leti_outcome; "not judged" of any other */
const char *finish_name(int64_t finish);   /* of enum leti_finish; "unknown" of any other */

#endif
