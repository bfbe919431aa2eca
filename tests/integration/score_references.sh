# score_references - every solution of MBPP and of HumanEval passes its own tests.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"

works "$LETI" score --task mbpp --reference --set timeout=120 --json
contains "$work/stdout" '"reasons": {"passed": 974}}'
works "$LETI" score --task humaneval --reference --set timeout=120 --json
contains "$work/stdout" '"reasons": {"passed": 164}}'
