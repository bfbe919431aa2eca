#!/bin/sh
# setup.sh - installs what LETI is built from: Debian 12's packages, nothing else.
# With --test also what its tests need. With sudo when not root; does nothing where everything is
# there already.
# SPDX-License-Identifier: Apache-2.0
set -eu

packages="gcc libc6-dev cmake ninja-build pkg-config libzmq3-dev libprotobuf-c-dev
    protobuf-c-compiler liblua5.4-dev libsqlite3-dev libjansson-dev libpcre2-dev libutf8proc-dev
    libseccomp-dev libsodium-dev zlib1g-dev libdnnl-dev libmicrohttpd-dev python3"
[ "${1:-}" != --test ] || packages="$packages libcmocka-dev clang-format lua5.4 sqlite3
    clang-14 libclang-rt-14-dev curl g++ nodejs lua-unit python3-venv
    chromium"

missing=""
for package in $packages; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=""
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "setup.sh: packages are missing, and neither root nor sudo is at hand:$missing" >&2
    exit 1
fi
echo "installing:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >/dev/null
