# score_humaneval - what people who come from human-eval's harness bring works as it is: its files
# of problems and samples, its options by other names, its files of results.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
mkdir tmp
export TMPDIR="$work/tmp"

# Three problems, the second of which has a prompt that ends in the middle of a line.
cat >problems.jsonl <<'EOF'
{"task_id": "my/0", "prompt": "def one():\n    '''1'''\n", "entry_point": "one", "canonical_solution": "    return 1\n", "test": "def check(f):\n    assert f() == 1\n"}
{"task_id": "my/1", "prompt": "\n\ndef two():\n    return", "entry_point": "two", "canonical_solution": " 2", "test": "def check(f):\n    assert f() == 2, f()\n"}
{"task_id": "my/2", "prompt": "def three():\n", "entry_point": "three", "canonical_solution": "    return 3\n", "test": "def check(f):\n    assert f() == 3\n"}
EOF
cat >samples.jsonl <<'EOF'
{"task_id": "my/0", "completion": "    return 1\n", "logprob": -0.10}
{"completion": " 2", "task_id": "my/1"}
{"task_id": "my/0", "completion": "    return 2\n", "big": {"é": [1e2, "\u00e9"]}}  
{"task_id": "my/1", "completion": " [1,\n  2]", "result": "passed", "passed": true, "id": 7}

{"task_id": "my/0", "completion": "    while True: pass\n"}
{"task_id": "my/1", "completion": " two(1)"}
{"task_id": "my/0", "completion": "    raise ValueError('a\\nb')\n"}
{"task_id": "my/1", "completion": " 2 +"}
{"task_id": "my/0", "completion": "    import os; os._exit(0)\n"}
EOF
judge() {
    works "$LETI" score "$@" --task humaneval --problems problems.jsonl --timeout 1
}

judge samples.jsonl --results results.jsonl
cat >expected <<'EOF'
{"task_id": "my/0", "completion": "    return 1\n", "logprob": -0.10, "result": "passed", "passed": true}
{"completion": " 2", "task_id": "my/1", "result": "passed", "passed": true}
{"task_id": "my/0", "completion": "    return 2\n", "big": {"é": [1e2, "\u00e9"]}, "result": "failed: AssertionError", "passed": false}
{"task_id": "my/1", "completion": " [1,\n  2]", "id": 7, "result": "failed: AssertionError: [1, 2]", "passed": false}
{"task_id": "my/0", "completion": "    while True: pass\n", "result": "timed out", "passed": false}
{"task_id": "my/1", "completion": " two(1)", "result": "failed: TypeError: two() takes 0 positional arguments but 1 was given", "passed": false}
{"task_id": "my/0", "completion": "    raise ValueError('a\\nb')\n", "result": "failed: ValueError: a\nb", "passed": false}
{"task_id": "my/1", "completion": " 2 +", "result": "failed: SyntaxError: invalid syntax", "passed": false}
{"task_id": "my/0", "completion": "    import os; os._exit(0)\n", "result": "failed: exited", "passed": false}
EOF
diff expected results.jsonl || wrong "other results"
cat >expected <<'EOF'
2 of 9 samples of 2 problems passed
pass@1 22.5 % [20.0, 25.0]   solved 100.0 %
1 of the task's 3 problems have no judged sample, and do not count
EOF
head -n 3 stdout | diff expected - || wrong "another summary"

# pass@k needs k samples of every problem: these have 5 and 4.
judge samples.jsonl --k 2,4,5
contains stdout 'pass@2 45.0 % [40.0, 50.0]   pass@4 90.0 % [80.0, 100.0]   solved'
contains stdout 'pass@5 is left out: some problem has 4 judged samples only'
judge samples.jsonl -k 4 --json
tail -n 1 stdout >summary
contains summary '{"pass@4": 0.9, "interval": [0.2'
contains summary '"n_problems": 2, "n_samples": 4, "infra": 0, "n_samples_min": 4, "n_samples_max": 5, "n_samples_total": 9, "n_passed": 2, "n_problems_without_samples": 1, "intervals": {"pass@4": ['
contains summary '"interval_level": 0.95, "interval_method": "bootstrap over problems, percentiles"'

# Compressed samples, and a file of results in the place of another.
gzip -k samples.jsonl
cp results.jsonl before
judge samples.jsonl.gz --results results.jsonl
diff before results.jsonl || wrong "compressed samples have other results"
judge results.jsonl --results again.jsonl
fails 1 'cannot write ./results.jsonl: it is what is read' \
    "$LETI" score results.jsonl --task humaneval --problems problems.jsonl --results ./results.jsonl
for file in before again.jsonl; do
    sed 's/.*, \("result": \)/\1/' $file >$file.cut
    [ "$(grep -o '"result": ' $file | wc -l)" = 9 ] || wrong "$file has not 9 results"
done
diff before.cut again.jsonl.cut || wrong "results judged again have other results"

# What Python's json module writes and JSON does not have; ids without a number.
sed 's|my/|my_|' problems.jsonl >other.jsonl
cat >python.jsonl <<'EOF'
{"task_id": "my_0", "completion": "    return 1 # \ud83d\ude00 NaN", "logprobs": [NaN, -Infinity, 1e5]}
{"task_id": "my_0", "completion": "    return 1 # \udc80", "seed": -123456789012345678901234567890}
EOF
works "$LETI" score python.jsonl --task humaneval --problems other.jsonl --results results.jsonl
cat >expected <<'EOF'
{"task_id": "my_0", "completion": "    return 1 # \ud83d\ude00 NaN", "logprobs": [NaN, -Infinity, 1e5], "result": "passed", "passed": true}
EOF
head -n 1 results.jsonl | diff expected - || wrong "other results"
tail -n 1 results.jsonl >last
contains last '678901234567890, "result": "failed: '

# What is wrong, and where.
refuses() {
    fails 1 "samples:2: $1" "$LETI" score samples --task humaneval --problems problems.jsonl
}
bad() {
    echo '{"task_id": "my/0", "completion": "    return 1"}' >samples
    printf '%b\n' "$1" >>samples
}
bad '{"task_id": "my/3", "completion": ""}'
refuses 'no problem "my/3" in the task, whose ids are my/0 to my/2'
bad '{"task_id": "my/0"}'
refuses 'field "completion" must be a string, and is missing'
bad '{"task_id": "my/0", "completion": null}'
refuses 'field "completion" must be a string, and is something else'
bad '{"completion": ""}'
refuses 'field "task_id" must be a string or a number, and is missing'
bad '["my/0", ""]'
refuses 'not a JSON object'
bad '{"task_id": "my/0", "completion": "\0000"}'
refuses 'not a JSON object: control character 0x0'
bad '{"task_id": "my/0", "completion": "\0377"}'
refuses 'not a JSON object: unable to decode byte 0xff'
{
    printf '{"task_id": "my/0", "completion": "    return 1"}\n{"task_id": "my/0", "completion": "'
    head -c 40000000 /dev/zero | tr '\0' '#'
    echo '"}'
} >samples
refuses 'field "completion" has 40000000 bytes, more than 33554432'
: >samples
fails 1 'samples: holds no sample' "$LETI" score samples --task humaneval --problems problems.jsonl
mkdir folder
echo '{"task_id": "my/0", "completion": "    return 1"}' >samples
fails 1 'cannot write folder: it is a folder' \
    "$LETI" score samples --task humaneval --problems problems.jsonl --results folder
fails 1 'cannot write none/x: folder none: No such file' \
    "$LETI" score samples --task humaneval --problems problems.jsonl --results none/x
fails 1 'timeout' "$LETI" score samples --task humaneval --problems problems.jsonl --timeout 1s
for k in 0 1, ,1 1x -1 1,,2 '' 99999999; do
    status=0
    "$LETI" score samples --task humaneval -k "$k" 2>out || status=$?
    [ $status = 2 ] || wrong "status $status with -k '$k'"
    contains out '--k must be up to 16 numbers from 1 to 1000000'
done
status=0
"$LETI" score --reference --task humaneval --results x 2>out || status=$?
[ $status = 2 ] || wrong "status $status with results of --reference"
[ -z "$(ls tmp)" ] || wrong "a scratch folder is left: $(ls tmp)"
