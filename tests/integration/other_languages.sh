# other_languages - programs that are no Python are run, and judged by a Lua file beside it.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
export LETI_PLUGIN_PATH="$LETI_PLUGIN_PATH:$LETI_BUILD_DIR/tests/plugins"
mkdir model
echo '{}' >model/config.json

# Every fake program calls "answer" with a number from 0 to 15; the tests say what that does.
cat >problems.jsonl <<'EOF'
{"id": "one", "prompt": "", "tests": "answer() { echo \"got $1\" >&2; test $1 -lt 8; }"}
EOF
cat >short.lua <<'EOF'
return function(sample)
  local number = tonumber(sample.program:match "answer (%d+)")
  return { passed = number < 4, reason = number >= 4 and "large" or nil, scores = { number = number } }
end
EOF
cat >run.lua <<'EOF'
return pipeline {
  problems = stage "source.jsonl" { file = "problems.jsonl" },
  preflight = false,
  flow = stage "generator.fake" { model = "model", samples = 64 }
         >> (stage "evaluator.command" { language = "shell", template = "{tests}\n{program}\n", replicas = 2 }
             & stage "evaluator.lua" { file = here .. "/short.lua" }),
}
EOF
works "$LETI" run run.lua --json --out some
contains stdout '"infra": 0, "reasons": {'
contains stdout '"exit": '
contains stdout '"large": '
contains stdout '"passed": '
works "$LETI" show some one
contains stdout 'got '
