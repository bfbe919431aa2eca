#!/usr/bin/env bash
# run_bench.sh BUILD [PROBLEMS [SAMPLES]] - a whole run of stages that do nothing, store included:
# how many samples a second the host draws, judges, formats and hands to the trainer, and the
# processor time that it takes, which other load disturbs less.
# SPDX-License-Identifier: Apache-2.0
set -eu
build=$(cd "$1" && pwd)
problems=${2:-374}
samples=${3:-128}
work=$(mktemp -d "${TMPDIR:-/tmp}/leti-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir model
echo '{}' >model/config.json
export LETI_PLUGIN_PATH="$build/tests/plugins:$build/lib/plugins"

for place in thread process; do
    i=0
    while [ $i -lt "$problems" ]; do
        printf '{"id": "p%d", "prompt": "question %d", "tests": "assert f(%d)"}\n' $i $i $i
        i=$((i + 1))
    done >problems.jsonl
    cat >none.lua <<EOF
local all = stage "source.jsonl" { file = "problems.jsonl" }
return pipeline {
  name = "none", iterations = 1, problems = all, cache = false, preflight = false,
  flow = stage "generator.none" { model = "model", samples = $samples, placement = "$place" }
    >> stage "evaluator.none" { placement = "$place" }
    >> stage "feedback.none" { placement = "$place" }
    >> stage "trainer.none" { placement = "$place" },
}
EOF
    TIMEFORMAT="%R %U %S"
    { time "$build/bin/leti" run none.lua --out "run-$place" >out 2>&1; } 2>times ||
        { cat out; exit 1; }
    awk -v place=$place -v n=$((problems * samples)) '{
        printf "%-8s %d samples: %.0f samples/s, %.0f units/s (drawn, judged, formatted), ",
            place, n, n / $1, 3 * n / $1
        printf "%.1f us of processor time a unit\n", ($2 + $3) / (3 * n) * 1e6 }' times
done
