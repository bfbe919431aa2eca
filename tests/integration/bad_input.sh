# bad_input - whatever is wrong with a pipeline, one line says where, what, and what is allowed.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
unset LETI_DATA
export LETI_PLUGIN_PATH="$LETI_BUILD_DIR/tests/plugins:$LETI_PLUGIN_PATH"
cd "$work"
mkdir model

# refuses TEXT: the pipeline on stdin is refused with a line that contains the text.
refuses() {
    cat >x.lua
    fails 1 "$1" "$LETI" check x.lua
    contains stderr 'leti check: x.lua:'
}

refuses 'x.lua:2: no stage plugin "evaluator.pyhton"; did you mean "evaluator.python"?' <<'EOF'
-- the first line
local e = stage "evaluator.pyhton" { }
return pipeline { flow = e }
EOF

refuses 'x.lua:3: evaluate (evaluator.python): no option "timout"; did you mean "timeout"?' <<'EOF'
return pipeline {
  flow =
    stage "evaluator.python" { timout = 3 }
}
EOF

refuses 'x.lua:1: evaluate (evaluator.python): option "timeout" must be from 0.01 to 3600, not -1' <<'EOF'
return pipeline { flow = stage "evaluator.python" { timeout = -1 } }
EOF

refuses 'x.lua:1: evaluate (evaluator.python): option "timeout" must be a number, not "soon"' <<'EOF'
return pipeline { flow = stage "evaluator.python" { timeout = "soon" } }
EOF

refuses 'x.lua:1: evaluate (evaluator.python): option "replicas" must be from 1 to 1024, not 0' <<'EOF'
return pipeline { flow = stage "evaluator.python" { replicas = 0 } }
EOF

refuses 'evaluator.fault_abi.so: built for plugin ABI 99, this host needs 1' <<'EOF'
return pipeline { flow = stage "evaluator.fault_abi" { } }
EOF

refuses 'x.lua:4: cannot connect trainer "trainer.sound" to evaluator "evaluator.python": after a trainer nothing follows' <<'EOF'
local e = stage "evaluator.python" { }
local t = stage "trainer.sound" { model = here }
return pipeline {
  flow = t >> e,
}
EOF

refuses "x.lua:2: '}' expected (to close '{' at line 1) near 'e'" <<'EOF'
return pipeline {
  flow e = 3
}
EOF

refuses "x.lua:2: attempt to index a nil value (global 'mbpp')" <<'EOF'
local e = stage "evaluator.python" { }
return pipeline { flow = e, problems = mbpp.train }
EOF

refuses 'x.lua: the script raised a table instead of a message' <<'EOF'
error({ code = 1 })
EOF

refuses 'x.lua:1: not \x1b[31mred' <<'EOF'
error("not \27[31mred")
EOF

refuses "x.lua:1: module 'tasks.nothing' not found" <<'EOF'
local nothing = require "tasks.nothing"
EOF

refuses 'x.lua:2: pipeline: no option "iteration"; did you mean "iterations"?' <<'EOF'
local e = stage "evaluator.python" { }
return pipeline { flow = e, iteration = 3 }
EOF

refuses 'x.lua:1: no data file "none.jsonl" in ./data, ' <<'EOF'
local file = data "none.jsonl"
EOF

refuses 'x.lua: the file must return pipeline { ... }, not a nil' <<'EOF'
pipeline { flow = stage "evaluator.python" { } }
EOF

# A data file that is not there is found when its problems are counted.
refuses 'x.lua:3: problems (source.jsonl): ' <<'EOF'
local g = stage "generator.sound" { model = "model" }
local e = stage "evaluator.python" { }
return pipeline { flow = g >> e, problems = stage "source.jsonl" { file = "none.jsonl" } }
EOF
contains stderr none.jsonl

# The pipeline is right; what is put over it is not.
cat >x.lua <<'EOF'
local g = stage "generator.sound" { model = "model" }
local e = stage "evaluator.python" { }
return pipeline { flow = g >> e, problems = stage "source.sound" { } }
EOF
works "$LETI" check x.lua
works "$LETI" check x.lua --set evaluate.timeout=3 --set iterations=2
fails 1 'leti check: --set: no stage "evalaute"; did you mean "evaluate"?' \
    "$LETI" check x.lua --set evalaute.timeout=3
fails 1 'leti check: --set: evaluate (evaluator.python): no option "timout"; did you mean "timeout"?' \
    "$LETI" check x.lua --set evaluate.timout=3
fails 1 'leti check: --set: evaluate (evaluator.python): option "timeout" must be a number, not "3s"' \
    "$LETI" check x.lua --set evaluate.timeout=3s
fails 1 'leti check: --set evaluate.timeout: must have the form stage.option=value' \
    "$LETI" check x.lua --set evaluate.timeout
fails 1 'leti check: --set: pipeline: no option "itreations"; did you mean "iterations"?' \
    "$LETI" check x.lua --set itreations=3

# Files and commands.
fails 1 'leti check: no pipeline "none.lua" here or in ' "$LETI" check none.lua
fails 1 'leti inspect: no stage plugin "evaluator.pyton"; did you mean "evaluator.python"?' \
    "$LETI" inspect evaluator.pyton
fails 2 'leti: no command "chekc"; did you mean "check"?' "$LETI" chekc
printf '\033LuaT' >x.lua
fails 1 'leti check: x.lua: binary Lua; a pipeline is a text' "$LETI" check x.lua
printf 'return\000pipeline' >x.lua
fails 1 'leti check: x.lua: the file has a NUL byte' "$LETI" check x.lua
status=0
"$LETI" check 2>stderr || status=$?
[ "$status" = 2 ] || wrong "status $status without an argument"
contains stderr 'Usage: leti check [OPTION...] PIPELINE'
[ ! -e /dev/full ] || fails 1 'cannot write the output' sh -c '"$LETI" --help >/dev/full'
