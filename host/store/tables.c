/* tables - the tables of run.db, for the program and for people with sqlite3.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/tables.h"

const char *const store_tables =
    "CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    /* 0: the problems that are trained on; from 1 on the pipeline's tests */
    "CREATE TABLE phase (phase INTEGER PRIMARY KEY, name TEXT NOT NULL, samples INTEGER NOT NULL);"

    "CREATE TABLE evaluator (evaluator INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " version TEXT NOT NULL);"

    "CREATE TABLE problem (phase INTEGER, problem INTEGER, id TEXT NOT NULL, prompt BLOB NOT NULL,"
    " tests BLOB NOT NULL, reference BLOB NOT NULL, extra BLOB NOT NULL,"
    " PRIMARY KEY (phase, problem)) WITHOUT ROWID;"

    /* finish: 0 end of text, 1 a stop string, 2 the longest length; logprobs: a 32-bit float a
     * token, little-endian, where the generator said them */
    "CREATE TABLE sample (phase INTEGER, iteration INTEGER, problem INTEGER, sample INTEGER,"
    " raw BLOB NOT NULL, program_size INTEGER NOT NULL, tokens INTEGER NOT NULL,"
    " finish INTEGER NOT NULL, logprobs BLOB,"
    " PRIMARY KEY (phase, iteration, problem, sample)) WITHOUT ROWID;"

    /* outcome: 0 passed, 1 failed, 2 infrastructure error */
    "CREATE TABLE verdict (phase INTEGER, iteration INTEGER, problem INTEGER, sample INTEGER,"
    " evaluator INTEGER, outcome INTEGER NOT NULL, reason TEXT NOT NULL, exception TEXT NOT NULL,"
    " feedback BLOB NOT NULL, seconds REAL NOT NULL, scores BLOB, attempt INTEGER NOT NULL,"
    " reused INTEGER NOT NULL, program BLOB,"
    " PRIMARY KEY (phase, iteration, problem, sample, evaluator)) WITHOUT ROWID;"
    "CREATE INDEX verdict_by_program ON verdict (program) WHERE program IS NOT NULL;"

    "CREATE TABLE retry (phase INTEGER, iteration INTEGER, problem INTEGER, sample INTEGER,"
    " evaluator INTEGER, attempt INTEGER, why TEXT NOT NULL);"

    "CREATE TABLE lost (phase INTEGER, iteration INTEGER, problem INTEGER, sample INTEGER,"
    " stage TEXT NOT NULL, why TEXT NOT NULL,"
    " PRIMARY KEY (phase, iteration, problem, sample)) WITHOUT ROWID;"

    "CREATE TABLE example (iteration INTEGER, problem INTEGER, sample INTEGER, id TEXT NOT NULL,"
    " spans BLOB NOT NULL, PRIMARY KEY (iteration, problem, sample)) WITHOUT ROWID;"

    "CREATE TABLE metric (iteration INTEGER, stage TEXT, name TEXT, step INTEGER, value REAL,"
    " PRIMARY KEY (iteration, stage, name, step)) WITHOUT ROWID;"

    "CREATE TABLE part (iteration INTEGER, part TEXT, seconds REAL NOT NULL, done INTEGER NOT NULL,"
    " PRIMARY KEY (iteration, part)) WITHOUT ROWID;"

    "CREATE TABLE event (time TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, kind TEXT NOT NULL,"
    " text TEXT NOT NULL);"

    "CREATE VIEW judged AS " STORE_JUDGED("verdict") ";";

const char *const store_own_views = "CREATE TEMP VIEW judged AS " STORE_JUDGED("main.verdict") ";";
