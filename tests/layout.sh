#!/bin/sh
# layout.sh SOURCE - the tree looks as it should: clang-format agrees with every C file, each
# header compiles alone, and the top level holds what it is meant to hold.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$1"
failed=0

files=$(find host plugins tests contrib -name '*.[ch]')
# shellcheck disable=SC2086
clang-format --dry-run -Werror $files || failed=1

for header in $(find host plugins -name '*.h'); do
    cc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Ihost -Ihost/include -Iplugins/lm -Iplugins/jail \
        -I"$(dirname "$header")" -fsyntax-only -x c "$header" ||
        { echo "$header: does not compile alone"; failed=1; }
done

for entry in *; do
    case $entry in
    CMakeLists.txt | CMakePresets.json | LICENSE | README.md) ;;
    host | plugins | proto | pipelines | tests | contrib) ;;
    build | build-* | runs | data | models | compile_commands.json) ;; # ignored by git
    *)
        echo "$entry: not part of the top level"
        failed=1
        ;;
    esac
done
exit $failed
