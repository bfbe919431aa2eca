# tasks_data - the tasks on the publishers' own files: how many problems they have, and that known
# answers are judged right.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"

# has N PROBLEMS: a task's part, as in mbpp.shots(3).train, has so many problems.
has() {
    cat >part.lua <<EOT
local mbpp, gsm8k, bbh = require "tasks.mbpp", require "tasks.gsm8k", require "tasks.bbh"
return pipeline { problems = $2, flow = mbpp.evaluator() }
EOT
    works "$LETI" check part.lua
    contains stdout "    $1 problems"
}
has 374 'mbpp.train'
has 90 'mbpp.validation'
has 500 'mbpp.shots(10).test'
has 374 'mbpp.shots(1).train'
has 257 'mbpp.sanitized.test'
has 120 'mbpp.sanitized.shots(3).train'
has 1319 'gsm8k.test'
has 187 'bbh.cot("causal_judgement").test'

works "$LETI" score --task mbpp:sanitized --reference --set timeout=120
contains stdout '427 of 427 samples of 427 problems passed'
for style in direct cot; do
    works "$LETI" score --task bbh:$style --reference
    contains stdout '6511 of 6511 samples of 6511 problems passed'
done
fails 1 '10 shots are wanted, and shots_ids "1-10" chooses 7 problems with a solution' \
    "$LETI" score --task mbpp:sanitized:shots=10 --reference

# get-data.sh knows these files by their sums, and has nothing to fetch.
works env LETI_DATA_FROM=http://127.0.0.1:9 "$LETI_SOURCE_DIR/contrib/get-data.sh" \
    mbpp mbpp-sanitized gsm8k bbh
