#!/bin/sh
# run.sh BUILD SECONDS - runs every fuzz target of BUILD (preset fuzz) for SECONDS, two at a time.
# Says which command shows a crash again, and fails if there was one. What libFuzzer learnt stays
# in BUILD/fuzz, where the next run starts from it.
# SPDX-License-Identifier: Apache-2.0
set -eu
source=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
seconds=$2
cd "$build/tests/fuzz"

# The target's name; its messages go to a file, since two run at once.
fuzz_one()
{
    work=$build/fuzz/$1
    mkdir -p "$work/corpus" "$work/crashes"
    set -- "$1" "$work/corpus" "$PWD/seeds/$1"
    [ ! -d "$source/regressions/$1" ] || set -- "$@" "$source/regressions/$1"
    name=$1
    shift
    ./fuzz_"$name" "$@" -dict="$source/dictionaries/$name.dict" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$work/crashes/" >"$work/log" 2>&1
}

report()
{
    work=$build/fuzz/$1
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
    crash=$(sed -n 's/.*Test unit written to //p' "$work/log" | head -n 1)
    if [ "$2" = 0 ]; then
        echo "fuzz $1: ${runs:-?} inputs in $seconds s, none broke it"
        return
    fi
    echo "fuzz $1: broke; the end of $work/log:" >&2
    grep -v '^#' "$work/log" | tail -n 60 >&2
    [ -z "$crash" ] || echo "reproduce: $build/tests/fuzz/fuzz_$1 $crash" >&2
    failed=1
}

failed=0
other=""
for target in fuzz_*; do
    [ -x "$target" ] && [ -f "$target" ] || continue
    name=${target#fuzz_}
    if [ -z "$other" ]; then
        other=$name
        fuzz_one "$name" &
        other_pid=$!
        continue
    fi
    status=0
    fuzz_one "$name" || status=$?
    other_status=0
    wait "$other_pid" || other_status=$?
    report "$other" "$other_status"
    report "$name" "$status"
    other=""
done
if [ -n "$other" ]; then
    other_status=0
    wait "$other_pid" || other_status=$?
    report "$other" "$other_status"
fi
exit $failed
