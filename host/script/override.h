/* override.h - "stage.option=value" from the command line, put over what a file set.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_OVERRIDE_H
#define SCRIPT_OVERRIDE_H

#include "script/script.h"

/* What can be overridden, with its tables. */
struct override_target {
    struct stage *const *stages; /* named, and their names in host_settings */
    size_t n_stages;
    struct draft *draft; /* its settings, and its tests', which are named */
    const struct leti_option *pipeline_options, *test_options;
};

/* Puts one override; where it fits nothing, the error offers the nearest that it might mean. */
bool override_apply(const struct override_target *, const char *override, struct leti_error *err);

/* The text with the overrides as comments at its end; those that stand there stay. */
char *override_record(const char *text, const char *const *overrides, size_t n,
                      struct leti_error *err);

/* Applies the overrides that stand at the end of the text. */
bool override_apply_recorded(const struct override_target *, const char *text,
                             struct leti_error *err);

#endif
