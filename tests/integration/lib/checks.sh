# checks.sh - what the scripts share: a scratch folder, and checks that end the script.
# Sourced after `set -eu`; $work is removed at the end.
# SPDX-License-Identifier: Apache-2.0

work=$(mktemp -d "${TMPDIR:-/tmp}/leti-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export XDG_CACHE_HOME="$work/cache"

wrong() {
    echo "WRONG: $*" >&2
    exit 1
}

# contains FILE TEXT: a line of the file contains the text.
contains() {
    grep -qF -e "$2" "$1" || wrong "$1 does not say: $2
it says: $(cat "$1")"
}

# fails STATUS TEXT COMMAND...: the command ends with this status after one line on stderr, which
# contains the text; stdout stays empty.
fails() {
    wanted=$1 text=$2 status=0
    shift 2
    "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    [ "$status" = "$wanted" ] || wrong "status $status instead of $wanted: $*
$(cat "$work/stderr")"
    contains "$work/stderr" "$text"
    lines=$(wc -l <"$work/stderr")
    [ "$lines" = 1 ] || wrong "$lines lines on stderr instead of one: $*
$(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || wrong "something on stdout: $*"
}

# works COMMAND...: the command ends with 0; its output is in $work/stdout.
works() {
    status=0
    "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    [ "$status" = 0 ] || wrong "status $status: $*
$(cat "$work/stderr")"
}
