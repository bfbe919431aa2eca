/* languages.c - the table.
 *
 * Compilers are asked for no warnings: what they write is feedback, and is to say what is wrong. It
 * is to be the same each time, too, so that they get no temporary files, whose names are made up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "languages.h"

#include <string.h>

static const struct language languages[] = {
    { .name = "c",
      .file = "main.c",
      .compile = "sh -c 'gcc -std=gnu17 -O1 -w -pipe -c -o main.o \"$0\" && gcc -o main main.o "
                 "-lm' {file}",
      .run = "./main",
      .program = "gcc",
      .package = "gcc",
      .good = "int main(void) { return 0; }" },
    { .name = "cpp",
      .file = "main.cpp",
      .compile =
          "sh -c 'g++ -std=gnu++17 -O1 -w -pipe -c -o main.o \"$0\" && g++ -o main main.o' {file}",
      .run = "./main",
      .program = "g++",
      .package = "g++",
      .good = "int main() { return 0; }" },
    { .name = "javascript",
      .file = "main.js",
      .compile = "",
      .run = "node {file}",
      .program = "node",
      .package = "nodejs",
      .good = "",
      .reserves = true },
    { .name = "lua",
      .file = "main.lua",
      .compile = "",
      .run = "lua5.4 {file}",
      .program = "lua5.4",
      .package = "lua5.4",
      .good = "" },
    { .name = "shell",
      .file = "main.sh",
      .compile = "",
      .run = "bash {file}",
      .program = "bash",
      .package = "bash",
      .good = "" },
    { .name = "custom", .file = "", .compile = "", .run = "", .program = "", .package = "" },
};

const struct language *language_find(const char *name)
{
    const struct language *language = languages;
    while (strcmp(language->name, name) != 0 && strcmp(language->name, "custom") != 0)
        language++;
    return language;
}
