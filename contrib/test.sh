#!/bin/sh
# test.sh - installs packages, builds, and runs every test: the host's under ThreadSanitizer,
# what is C under AddressSanitizer and UBSan, then all of them as released; the parsers get a
# minute of libFuzzer each.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."

contrib/setup.sh --test
for preset in tsan asan release; do
    echo "== $preset"
    cmake --preset $preset -DLETI_WERROR=ON -DLETI_TESTS=ON >/dev/null
    cmake --build --preset $preset
    ctest --preset $preset
done

echo "== fuzz"
cmake --preset fuzz -DLETI_WERROR=ON >/dev/null
cmake --build --preset fuzz
tests/fuzz/run.sh build/fuzz 60
