# custom_evaluator - a plugin outside of the tree, built against what is installed, is used like
# any other.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
unset LETI_PLUGIN_PATH

works cmake --install "$LETI_BUILD_DIR" --prefix "$work/leti"
PKG_CONFIG_PATH=$(dirname "$(find "$work/leti" -name leti.pc)")
export PKG_CONFIG_PATH
works cmake -S "$LETI_SOURCE_DIR/contrib/evaluator-example" -B example \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Werror -I/nowhere"
works cmake --build example
leti="$work/leti/bin/leti"

# What is installed finds what is installed with it, and the example where it is told.
works "$leti" inspect evaluator.python
contains stdout "$work/leti/"
fails 1 'no stage plugin "evaluator.brief"' "$leti" inspect evaluator.brief
export LETI_PLUGIN_PATH="$work/example"
works "$leti" inspect evaluator.brief
contains stdout 'lines = 20  (int, 1 .. 10000)'

cat >brief.lua <<'EOF'
return pipeline { flow = stage "evaluator.python" { } & stage "evaluator.brief" { lines = 2 } }
EOF
works "$leti" check brief.lua
contains stdout 'evaluate2: evaluator.brief 1.0, brief.lua:1'
fails 1 'leti check: --set: evaluate2 (evaluator.brief): option "lines" must be from 1 to 10000, not 0' \
    "$leti" check brief.lua --set evaluate2.lines=0

# It judges the samples of a run. Every fake program has two lines, or three with its junk.
export LETI_PLUGIN_PATH="$work/example:$LETI_BUILD_DIR/tests/plugins"
echo '{"id": "one", "prompt": "p", "tests": "answer"}' >problems.jsonl
mkdir model
echo '{}' >model/config.json
cat >run.lua <<'EOF'
return pipeline {
  problems = stage "source.jsonl" { file = "problems.jsonl" },
  preflight = false,
  flow = stage "generator.fake" { model = "model", samples = 32 }
         >> (stage "evaluator.fake" { } & stage "evaluator.brief" { lines = 2 }),
}
EOF
works "$leti" run run.lua --json --out some
contains stdout '"length": '
contains stdout '"passed": '
works "$leti" run run.lua --json --out all --set evaluate2.lines=3
contains stdout '"sampled": 32, "passed": 32'
