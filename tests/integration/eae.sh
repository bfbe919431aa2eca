# eae - every reference of the event problems passes, the check says what is wrong with an event and
# is not talked round, and f1.sql counts arguments as it should.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
unset LETI_DATA
eae="$LETI_SOURCE_DIR/pipelines/eae"
cd "$work"

lua5.4 "$eae/make.lua" again.jsonl
cmp again.jsonl "$eae/eae.jsonl" || wrong "eae.jsonl is not what make.lua makes"

# Balanced, with no sentence twice.
python3 - "$eae/eae.jsonl" <<'EOS' || wrong "the data set is not as its README says"
import collections, json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
splits = {"train": rows[:80], "test": rows[80:]}
types = {s: collections.Counter(r["id"].split("-")[0] for r in split) for s, split in splits.items()}
assert len(rows) == 120 and len(types["train"]) == 10
assert set(types["train"].values()) == {8} and set(types["test"].values()) == {4}, types
sentences = [r["prompt"].split('"""\n')[-2].splitlines()[-1] for r in rows]
assert all(s.count("**") == 2 for s in sentences) and len(set(sentences)) == 120
EOS

# With the cut and without it: nothing in a reference is cut.
works "$LETI" score --task eae --reference --json
contains stdout '"reasons": {"passed": 120}}'
works "$LETI" score --task eae --reference --post --json
contains stdout '"reasons": {"passed": 120}}'

# Each completion, and what is said of it.
cat >samples.py <<'EOS'
import json
for completion in [
    "", ")", 'agent="Two porters")', "agent=[3])", 'weapon=[Thing("x")])', ")\ntransport_event = 3",
    'agent=[Person("porters"), Place("freight yard")], vehicle=[Thing("A  Handcart ")])',
    ")\ncheck_event = lambda *a: ''", ")\nimport builtins\nbuiltins.check_event = lambda *a: ''",
    ")\ncheck_event.__globals__['differences'] = lambda *a: []", ")\nsorted = vars = lambda *a: []",
    ")\nimport builtins\nbuiltins.sorted = builtins.vars = lambda *a: []",
]:
    print(json.dumps({"task_id": "transport-1", "completion": completion}))
EOS
python3 samples.py >samples.jsonl
works "$LETI" score samples.jsonl --task eae --json
missing='missing: agent \"Two porters\"\nmissing: artifact \"the grand piano\"\n'
says() {
    sed -n "$1p" stdout >line
    contains line '"outcome": "failed"'
    contains line "$2"
}
says 1 '"exception": "SyntaxError"'
nothing='AssertionError: expected 5, given 0, text right 0, role right 0\n'"$missing"'missing: vehicle \"a handcart\"\nmissing: origin \"the freight yard\"\nmissing: destination \"the opera house\"\n"'
says 2 "$nothing"
says 3 'AssertionError: agent: must be a list of entities, not a str\n"'
says 4 'AssertionError: agent: must hold entities that have a name, and holds a int\n"'
says 5 "unexpected keyword argument 'weapon'"
says 6 'AssertionError: must be an instance of Transport, not of int\n"'
says 7 'AssertionError: expected 5, given 3, text right 2, role right 1\n'"$missing"'missing: destination \"the opera house\"\nwrong role: \"freight yard\" is origin, not agent\nspurious: agent \"porters\"\n"'
says 8 '"reason": "suspicious"'
says 9 '"reason": "suspicious"'
says 10 '"reason": "suspicious"'
says 11 "$nothing"
says 12 "$nothing"

# One sample with everything right, one with half of it, one without an event: 5 + 3 + 0 given of
# 15 expected, 5 + 2 texts and 5 + 1 roles right.
sqlite3 run.db <<'EOS'
CREATE TABLE phase (phase, name);
CREATE TABLE problem (phase, problem, tests BLOB);
CREATE TABLE verdict (phase, iteration, problem, sample, outcome, feedback BLOB);
INSERT INTO phase VALUES (1, 'test');
INSERT INTO problem VALUES (1, 0, CAST('# 5 expected' || char(10) || 'wrong = ' AS BLOB));
INSERT INTO verdict VALUES (1, 0, 0, 0, 0, x''), (1, 0, 0, 2, 1, CAST('TypeError: given 9' AS BLOB)),
 (1, 0, 0, 1, 1, CAST('in f(given 7)' || char(10)
  || 'AssertionError: expected 5, given 3, text right 2, role right 1' || char(10) || 'x' AS BLOB));
EOS
[ "$(sqlite3 run.db <"$eae/f1.sql")" = "test|0|3|60.9|52.2" ] ||
    wrong "other scores: $(sqlite3 run.db <"$eae/f1.sql")"
