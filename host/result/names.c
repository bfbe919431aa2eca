/* names - what is said for the numbers that the store keeps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/names.h"

#include "leti/plugin.h"

const char *outcome_name(int64_t outcome)
{
    static const char *const names[] = { "passed", "failed", "infra" };
    return outcome < 0 || outcome > LETI_INFRA ? "not judged" : names[outcome];
}

const char *finish_name(int64_t finish)
{
    static const char *const names[] = { "eos", "stop", "length" };
    return finish < 0 || finish > LETI_FINISH_LENGTH ? "unknown" : names[finish];
}
