/* plugin.h - finds stage plugins, opens them and checks what they say of themselves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_PLUGIN_H
#define REGISTRY_PLUGIN_H

#include "leti/error.h"
#include "leti/plugin.h"

struct plugin {
    void *library; /* of dlopen */
    const struct leti_plugin *desc;
    char *path; /* absolute */
};

/* Opens the plugin at path. On success *out owns the library until plugin_close; on failure *out
 * is untouched. Refuses another ABI (and says which it found and which it needs), a descriptor of
 * another size, a kind that does not exist, missing functions, and an option table that
 * contradicts itself (a default out of its own range, a field outside the instance). */
bool plugin_open(const char *path, struct plugin *out, struct leti_error *err);
void plugin_close(struct plugin *);

/* Opens the plugin of this name ("evaluator.python"): NAME.so in the folders of LETI_PLUGIN_PATH
 * (separated by ':'), then beside the program, then where it was installed. An unknown name is an
 * error that offers the nearest one. */
bool plugin_find(const char *name, struct plugin *out, struct leti_error *err);

/* Opens every plugin that plugin_find would, sorted by name; the first of each name counts. One
 * that cannot be opened is told to broken (may be NULL) and left out. The caller closes each, and
 * frees the array. */
bool plugin_list(struct plugin **out, size_t *n, void (*broken)(const char *why),
                 struct leti_error *err);

/* Whether it is a trainer that tells the loss of held-out texts. */
bool plugin_validates(const struct leti_plugin *);

const char *kind_name(enum leti_kind kind); /* "source", "generator", ... */

/* The candidate nearest to a misspelt word, NULL where none is near enough to be meant. */
const char *nearest_name(const char *word, const char *const *candidates, size_t n);

#endif
