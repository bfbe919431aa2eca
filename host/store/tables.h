/* tables.h - the tables of run.db.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

/* Rows are found by their key and by nothing else, so that most tables are their own index. */
extern const char *const store_tables;

#endif
