# fake_run.sh - what the scripts about whole runs share: a pipeline of fake stages, and what a run
# came to. Sourced after checks.sh.
# SPDX-License-Identifier: Apache-2.0

export LETI_PLUGIN_PATH="$LETI_BUILD_DIR/tests/plugins:$LETI_PLUGIN_PATH"
command -v sqlite3 >/dev/null || wrong "sqlite3 is not installed"

# fake_pipeline: writes fake.lua, its problems and its model here.
fake_pipeline() {
    mkdir model
    echo 1 >model/model.txt
    echo '{}' >model/config.json
    i=0
    while [ $i -lt 20 ]; do
        printf '{"id": "p%d", "prompt": "question %d", "tests": "answer %d", ' $i $i $((i % 8))
        printf '"reference": "\\nanswer %d"}\n' $((i % 8))
        i=$((i + 1))
    done >problems.jsonl
    cat >fake.lua <<'EOF'
local all = stage "source.jsonl" { file = "problems.jsonl" }
local held_out = stage "source.jsonl" { file = "problems.jsonl", ids = "1-10" }
local generate = stage "generator.fake" { model = "model", samples = 8, work_us = 2500 }
local evaluate = stage "evaluator.fake" { replicas = 2, work_us = 500 }
local feedback = stage "feedback.leti" {}
local train = stage "trainer.fake" { work_us = 200 }
return pipeline {
  name = "fake", iterations = 3, seed = 7, problems = all, post = { "\nprint" },
  flow = generate >> evaluate >> feedback >> train,
  test = { name = "held-out", problems = held_out, samples = 16 },
}
EOF
}

# rows RUN: all that a run came to and that must not depend on when what happened.
rows() {
    sqlite3 "$1/run.db" "
        SELECT 'sample', phase, iteration, problem, sample, hex(raw), program_size, tokens, finish
            FROM sample ORDER BY 2, 3, 4, 5;
        SELECT 'verdict', phase, iteration, problem, sample, evaluator, outcome, reason, exception,
            hex(feedback), hex(scores) FROM verdict ORDER BY 2, 3, 4, 5, 6;
        SELECT 'example', iteration, problem, sample, id, hex(spans) FROM example ORDER BY 2, 3, 4;
        SELECT 'metric', iteration, stage, name, step, value FROM metric ORDER BY 2, 3, 4, 5;
        SELECT 'lost', phase, iteration, problem, sample, why FROM lost ORDER BY 2, 3, 4, 5;
        SELECT 'part', iteration, part, done FROM part ORDER BY 2, 3;"
    cat "$1"/checkpoints/*/model.txt
}
