/* languages.c - the table.
 *
 * Compilers are asked for no warnings: what they write is feedback, and is to say what is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "languages.h"

#include <string.h>

static const struct language languages[] = {
    { .name = "c",
      .file = "main.c",
      .compile = "gcc -std=gnu17 -O1 -w -o main {file} -lm",
      .run = "./main",
      .package = "gcc",
      .good = "int main(void) { return 0; }",
      .bad = "int main(void) { return 1; }" },
    { .name = "cpp",
      .file = "main.cpp",
      .compile = "g++ -std=gnu++17 -O1 -w -o main {file}",
      .run = "./main",
      .package = "g++",
      .good = "int main() { return 0; }",
      .bad = "int main() { return 1; }" },
    { .name = "javascript",
      .file = "main.js",
      .compile = "",
      .run = "node {file}",
      .package = "nodejs",
      .good = "",
      .bad = "throw 1",
      .reserves = true },
    { .name = "lua",
      .file = "main.lua",
      .compile = "",
      .run = "lua5.4 {file}",
      .package = "lua5.4",
      .good = "",
      .bad = "error()" },
    { .name = "shell",
      .file = "main.sh",
      .compile = "",
      .run = "bash {file}",
      .package = "bash",
      .good = "",
      .bad = "false" },
    { .name = "custom", .file = "", .compile = "", .run = "", .package = "" },
};

const struct language *language_find(const char *name)
{
    const struct language *language = languages;
    while (strcmp(language->name, name) != 0 && strcmp(language->name, "custom") != 0)
        language++;
    return language;
}
