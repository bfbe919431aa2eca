/* task.h - pipelines that are made of a task's name, whose text no person wrote.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TASK_H
#define RUN_TASK_H

#include "base/text.h"

/* Appends `local task = ...`, the task of that name, and a line feed. */
void task_add(struct text *, const char *task);

/* Appends any string as one of Lua's. */
void task_add_quoted(struct text *, const char *string);

/* Says what went wrong in such a pipeline: without its lines, which begin with chunk_name, and
 * with the task, and those that there are, in the place of Lua's words for a module that is not
 * there. Always false. */
bool task_explain(const char *task, const char *chunk_name, struct leti_error *err);

#endif
