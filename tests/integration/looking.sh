# looking - check, plugins and inspect print what is there, for people and for programs.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
export LETI_PLUGIN_PATH="$LETI_BUILD_DIR/tests/plugins"

# json EXPRESSION: true of the objects in stdout, one a line, of which x is the list.
json() {
    python3 -c '
import json, sys
x = [json.loads(line) for line in open("stdout")]
assert eval(sys.argv[1]), x' "$1" || wrong "not so: $1"
}

cat >graph.lua <<'EOF'
local generate = stage "generator.sound" { model = "nowhere", samples = 4 }
local evaluate = stage "evaluator.sound" { timeout = 7, words = { "a", "b" } }
local style = stage "evaluator.sound" { name = "style" }
local source = stage "source.sound" { }
return pipeline {
  iterations = 50, problems = source, flow = generate >> (evaluate & style),
  test = { name = "held-out", problems = source, every = 5 }, post = { "\nclass" },
}
EOF

works "$LETI" check graph.lua --set style.epochs=9
contains stdout 'problems: generate >> (evaluate & style)'
contains stdout 'evaluate: evaluator.sound 1.0, graph.lua:2'
contains stdout 'programs end before "\nclass"'
contains stdout 'every 5 iterations'

works "$LETI" check graph.lua --json --set style.epochs=9 --set evaluate.words=x,y,z
json 'len(x) == 1 and x[0]["iterations"] == 50 and x[0]["post"] == ["\nclass"]'
json 'x[0]["evaluators"] == ["evaluate", "style"] and x[0]["trainer"] is None'
json '{s["name"]: s["options"]["epochs"] for s in x[0]["stages"]}["style"] == 9'
json '[s for s in x[0]["stages"] if s["name"] == "evaluate"][0]["options"]["words"] == list("xyz")'
json 'x[0]["tests"][0]["name"] == "held-out" and x[0]["tests"][0]["temperature"] == 0.1'

works "$LETI" check graph.lua --dot
contains stdout '"generate" -> "style";'

works "$LETI" plugins
contains stdout 'evaluator.sound'
contains stderr 'warning: '
works "$LETI" plugins --json
json '{"name": "source.sound", "kind": "source", "version": "1.0", "summary": "Does nothing."} in x'

works "$LETI" inspect evaluator.sound
contains stdout 'timeout = 5  (real, 0.01 .. 3600)'
works "$LETI" inspect --json "$LETI_PLUGIN_PATH/evaluator.sound.so"
json 'x[0]["kind"] == "evaluator"'
json '{"name": "mode", "type": "text", "default": "adamw", "min": None, "max": None,
       "choices": ["adamw", "sgd"], "help": "How."} in x[0]["options"]'
json '[o["default"] for o in x[0]["options"] if o["name"] == "words"] == [["one", "two"]]'

# Offline, files that data() and cached() name need not be there; what is wrong still is.
unset LETI_DATA
cat >offline.lua <<'EOF'
local made = cached("made.jsonl", function() error("made after all") end)
local generate = stage "generator.sound" { model = "nowhere" }
local sets = { stage "source.jsonl" { file = data "none.jsonl" }, stage "source.sound" { },
               stage "source.jsonl" { file = made } }
return pipeline {
  problems = sets[2] .. sets[1], flow = generate >> stage "evaluator.sound" { },
  test = { { name = "known", problems = sets[2] }, { name = "unknown", problems = sets[3] } },
  iterations = offline and 3 or 5,
}
EOF
fails 1 'offline.lua:1: made after all' "$LETI" check offline.lua
works "$LETI" check offline.lua --offline
contains stdout '3 iterations, seed 1, an unknown number of problems x 8 samples'
contains stdout 'note: data set "none.jsonl" is not here'
contains stdout "note: cached file \"$XDG_CACHE_HOME/leti/made.jsonl\" is not here"
contains stdout 'note: model "nowhere" is not here'
works "$LETI" check offline.lua --offline --json
json '[m["kind"] for m in x[0]["missing"]] == ["cached", "data", "model"]'
json '[t["n_problems"] for t in x[0]["tests"]] == [0, None]'
json '[s["n_problems"] for s in x[0]["stages"] if s["kind"] == "source"] == [0, None, None]'
fails 1 'leti check: --set: problems2 (source.jsonl): no option "fiel"; did you mean "file"?' \
    "$LETI" check offline.lua --offline --set problems2.fiel=x
fails 1 'x.jsonl' "$LETI" check offline.lua --offline --set problems2.file=x.jsonl
mkdir data
echo '{}' >data/none.jsonl
fails 1 'data/none.jsonl:1: ' "$LETI" check offline.lua --offline

for command in check plugins inspect; do
    works "$LETI" $command --help
    contains stdout "Usage: leti $command"
done
works "$LETI" --help
works "$LETI" --version
contains stdout 'leti 0.'
