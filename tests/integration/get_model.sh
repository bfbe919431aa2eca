# get_model - contrib/get-model.sh fetches models of a hub whole, once, and only as they should be.
# The hub is one on loopback.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"

get="$LETI_SOURCE_DIR/contrib/get-model.sh"
hub="$work/hub"
mkdir -p "$hub/owner/one" "$hub/owner/sharded" "$hub/owner/bad" "$hub/gated/model"
for model in owner/one owner/sharded gated/model; do
    echo '{"model_type": "llama"}' >"$hub/$model/config.json"
done
echo '{"version": "1.0"}' >"$hub/owner/one/tokenizer.json"
head -c 300000 /dev/zero >"$hub/owner/one/model.safetensors"
head -c 500000 /dev/zero | tr '\0' x >"$hub/owner/one/broken-off.gguf"
echo '{"weight_map": {"a": "model-00001-of-00002.safetensors",
    "b": "model-00002-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}' \
    >"$hub/owner/sharded/model.safetensors.index.json"
echo first >"$hub/owner/sharded/model-00001-of-00002.safetensors"
echo second >"$hub/owner/sharded/model-00002-of-00002.safetensors"
echo weights >"$hub/gated/model/model.safetensors"
echo other >"$hub/owner/bad/tampered.gguf"

mkfifo "$work/port"
python3 "$LETI_SOURCE_DIR/tests/integration/lib/hub.py" "$hub" "$work/port" >"$work/asked" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
read -r port <"$work/port"
export HF_ENDPOINT="http://127.0.0.1:$port" no_proxy=127.0.0.1
unset HF_TOKEN
cd "$work"

# one file of weights, in models/ unless told otherwise; not fetched twice
works "$get" owner/one
contains stdout "models/owner/one is ready"
for file in config.json tokenizer.json model.safetensors; do
    cmp "$hub/owner/one/$file" "models/owner/one/$file" || wrong "$file differs"
done
[ -z "$(find models -name '*.part')" ] || wrong "parts are left over"
: >asked
works "$get" owner/one
! grep -q GET asked || wrong "fetched what was there: $(cat asked)"

# shards, each once
works "$get" --revision v1.0 owner/sharded shards
cmp "$hub/owner/sharded/model-00002-of-00002.safetensors" \
    shards/model-00002-of-00002.safetensors || wrong "the shard differs"
[ "$(grep -c 'GET v1.0 model-00001' asked)" = 1 ] || wrong "asked for: $(cat asked)"

# what broke off goes on where it stopped, and has no name before it is whole
fails_loudly() {
    status=0
    "$@" >stdout 2>stderr || status=$?
    [ "$status" = 1 ] || wrong "status $status: $*"
    [ "$(wc -l <stderr)" = 1 ] || wrong "not one line: $(cat stderr)"
}
fails_loudly "$get" --file broken-off.gguf owner/one gguf
contains stderr "the download broke off; run this again to go on"
[ -f gguf/broken-off.gguf.part ] && [ ! -e gguf/broken-off.gguf ] || wrong "$(ls gguf)"
works "$get" --file broken-off.gguf owner/one gguf
contains asked "bytes=250000-"
cmp "$hub/owner/one/broken-off.gguf" gguf/broken-off.gguf || wrong "the halves do not fit"

# what is not what the hub says is not kept
fails_loudly "$get" --file tampered.gguf owner/bad bad
contains stderr "does not hash to"
[ -z "$(find bad -name 'tampered*')" ] || wrong "$(ls bad)"

# models that need leave
fails_loudly "$get" gated/model
contains stderr "gated/model: the hub wants a token with leave to read it (HF_TOKEN)"
HF_TOKEN=opensesame works "$get" gated/model

# told in one line
fails_loudly "$get" owner/none
contains stderr "owner/none has no file config.json at revision main"
fails_loudly "$get" owner/sharded models/owner/one
contains stderr "models/owner/one holds owner/one main, not owner/sharded main"
fails_loudly "$get" gpt5
contains stderr "gpt5: want smollm2-135m, gemma3-270m or owner/name"
fails_loudly "$get" --file ../x owner/one
fails_loudly "$get" owner/../one
fails_loudly "$get" --revision
fails_loudly "$get"
kill "$server"
HF_TOKEN=opensesame fails_loudly "$get" owner/other
contains stderr "no answer from the hub"
