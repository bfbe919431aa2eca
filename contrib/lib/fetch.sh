# fetch.sh - what the scripts share that fetch files: whole, checked, going on where it stopped.
# Sourced after `set -eu`; $self is the script's name, for errors.
# SPDX-License-Identifier: Apache-2.0

die() {
    echo "$self: $*" >&2
    exit 1
}

needs() {
    command -v "$1" >/dev/null || die "$1 is missing: install it first"
}

sha256() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# ask CURL_ARGUMENT...: curl as the script wants it called.
ask() {
    curl --location --silent "$@"
}

# download URL PART: the file, from where PART ends.
download() {
    progress=--silent
    [ ! -t 2 ] || progress=--progress-bar
    status=0
    ask --fail "$progress" --retry 3 --continue-at - --output "$2" "$1" || status=$?
    case $status in
    0) ;;
    22) # no such range, or no such file
        rm -f "$2"
        die "$1: the server does not have it, or cannot go on in the middle; run this again to start over"
        ;;
    33) # no ranges at all
        rm -f "$2"
        die "$1: the server cannot go on in the middle; run this again to start over"
        ;;
    6 | 7) die "$1: no answer from the server" ;;
    *) die "$1: the download broke off; run this again to go on" ;;
    esac
}

# settle_file PART TARGET: a whole file gets its name.
settle_file() {
    mv "$1" "$2" 2>/dev/null || die "$2: cannot be made"
}
