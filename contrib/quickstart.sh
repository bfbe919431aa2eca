#!/bin/sh
# quickstart.sh - from a fresh Debian 12 to a model that learns: installs packages, builds, and
# runs pipelines/quickstart.lua. What it is given goes on to `leti run`.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."

contrib/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release
exec build/release/bin/leti run pipelines/quickstart.lua "$@"
