# paper - each pipeline of the paper says what the paper says, without a model or data at hand; and
# each runs, with a CodeGen of some thousand parameters and little of everything.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
lib="$LETI_SOURCE_DIR/tests/integration/lib" data=$LETI_DATA
cd "$work"
names=$(cd "$LETI_SOURCE_DIR/pipelines/paper" && ls ./*.lua | sed 's|./\(.*\).lua|\1|')

# Nothing is here, and all is well.
unset LETI_DATA
for name in $names; do
    works "$LETI" check --offline "paper/$name"
    contains stdout 'note: model "models/codegen-'
    works "$LETI" check --offline --json "paper/$name"
    mv stdout "$name.json"
    python3 "$lib/paper_settings.py" "$name.json" || wrong "$name is not as the paper has it"
done

# A model, a corpus, and the data sets.
mkdir model data
ln -s "$data"/* data
python3 "$lib/tiny_codegen.py" model
python3 -c 'import json
for i in range(40):
    print(json.dumps({"text": f"def f{i}(x):\n    return x + {i}\n"}))' >data/corpus.jsonl
export LETI_DATA="$work/data"

# A little of everything: of problems, of samples, of steps.
little() {
    python3 -c 'import json, sys
pipeline = json.load(open(sys.argv[1]))
sources = [stage["name"] for stage in pipeline["stages"] if stage["kind"] == "source"]
for name in sources:
    print("--set", f"{name}.limit={2 if len(sources) < 9 else 1}")
if pipeline["trainer"]:
    for name, value in {"epochs": 1, "corpus_block": 64, "corpus_tokens": 128}.items():
        print("--set", f"train.{name}={value}")' "$1.json"
}
# small NAME FOLDER [--set ...]
small() {
    name=$1 out=$2
    shift 2
    # shellcheck disable=SC2046
    "$LETI" run "paper/$name" --out "$out" --json "$@" --set generate.model=model \
        --set iterations=1 --set generate.samples=2 --set generate.max_length=16000 \
        --set generate.context=16000 --set evaluate.replicas=1 --set test.samples=2 \
        --set test.max_length=16000 $(little "$name") >"$out.out" 2>"$out.err" ||
        wrong "$out: $(cat "$out.err")"
    tail -n 1 "$out.out" >"$out.last"
}
# Those whose data sets are here, two at a time.
running= ran=
for name in $names; do
    works "$LETI" check --offline --json "paper/$name"
    if grep -q '"kind": "data"' stdout; then
        echo "$name is left out, for want of $(grep -o '"kind": "data", "name": "[^"]*"' stdout | head -n 1)"
        continue
    fi
    ran="$ran $name"
    small "$name" "$name" &
    [ -z "$running" ] || wait "$running" || exit 1
    running=$!
done
small eae-350m eae-references --set samples_from=references
wait "$running"
for name in $ran; do
    contains "$name.last" '"iterations": '
done
[ -f mbpp-350m/checkpoints/0001/model.safetensors ] || wrong "mbpp-350m has trained nothing"

# Of references all arguments are right, of this model's programs none.
sqlite3 eae-references/run.db <"$LETI_SOURCE_DIR/pipelines/eae/f1.sql" >f1
contains f1 'training|1|2|100.0|100.0'
contains f1 'test|1|4|0.0|0.0'
contains f1 'test.uncut|1|4|0.0|0.0'
