# get_data - contrib/get-data.sh fetches data sets whole, once, and only as they should be. The
# publishers are a server on loopback, and what they have is made here.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"

# The script with a list of its own.
mkdir -p contrib/lib served/owner/repository/1234/bbh
cp "$LETI_SOURCE_DIR/contrib/get-data.sh" contrib
cp "$LETI_SOURCE_DIR/contrib/lib/fetch.sh" contrib/lib
get=contrib/get-data.sh

# serves NAME FILE PATH [SUMS]: the file, whose content is on stdin, and a line of the list.
serves() {
    cat >"served/owner/repository/1234/$3"
    sum=$(sha256sum <"served/owner/repository/1234/$3" | cut -d ' ' -f 1)
    echo "$1 $2 ${4:-}$sum owner/repository/1234/$3" >>contrib/lib/data.txt
}
echo '{"task_id": 1}' | serves mbpp mbpp.jsonl mbpp.jsonl
echo '[{"task_id": 1}]' | serves mbpp-sanitized sanitized-mbpp.json sanitized.json \
    "$(echo other | sha256sum | cut -d ' ' -f 1),"
head -c 500000 /dev/zero | tr '\0' x | serves humaneval HumanEval.jsonl.gz broken-off.gz
echo '{"examples": []}' | serves bbh bbh/navigate.json bbh/navigate.json
echo 'Q:' | serves bbh bbh/cot-prompts/navigate.txt bbh/navigate.txt
echo '{"input": "q"}' | serves gsm8k gsm.jsonl gsm.jsonl
echo tampered with >served/owner/repository/1234/gsm.jsonl
echo 'mbpp-plus evalplus/plus.gz 00 owner/repository/1234/nothing.gz' >>contrib/lib/data.txt

mkfifo port
python3 "$LETI_SOURCE_DIR/tests/integration/lib/hub.py" served port plain >asked &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
read -r port <port
export LETI_DATA_FROM="http://127.0.0.1:$port" no_proxy=127.0.0.1
unset LETI_DATA

# into data/ unless told otherwise; not fetched twice
works "$get" mbpp bbh
contains stdout 'data has mbpp bbh'
cmp served/owner/repository/1234/mbpp.jsonl data/mbpp.jsonl || wrong "mbpp.jsonl differs"
[ "$(cd data && find . -type f | sort | tr '\n' ' ')" = \
    './bbh/cot-prompts/navigate.txt ./bbh/navigate.json ./mbpp.jsonl ' ] || wrong "$(find data)"
: >asked
works "$get" mbpp bbh
[ ! -s asked ] || wrong "fetched what was there: $(cat asked)"
LETI_DATA=elsewhere works "$get" mbpp-sanitized
[ -f elsewhere/sanitized-mbpp.json ] || wrong "not where LETI_DATA says"

# a copy that holds the same counts, and nothing else does
echo other >elsewhere/sanitized-mbpp.json
LETI_DATA=elsewhere works "$get" mbpp-sanitized
echo wrong >data/mbpp.jsonl
fails 1 'data/mbpp.jsonl: is not what' "$get" mbpp
[ "$(cat data/mbpp.jsonl)" = wrong ] || wrong "took the user's file away"

# fails_loudly TEXT COMMAND...: ends with 1 and one line on stderr, after names on stdout.
fails_loudly() {
    text=$1 status=0
    shift
    "$@" >stdout 2>stderr || status=$?
    [ "$status" = 1 ] || wrong "status $status: $*"
    [ "$(wc -l <stderr)" = 1 ] || wrong "not one line: $(cat stderr)"
    contains stderr "$text"
}

# what broke off goes on where it stopped, and has no name before it is whole
fails_loudly 'the download broke off; run this again to go on' "$get" humaneval
[ -f data/HumanEval.jsonl.gz.part ] && [ ! -e data/HumanEval.jsonl.gz ] || wrong "$(find data)"
works "$get" humaneval
contains asked 'bytes=250000-'
cmp served/owner/repository/1234/broken-off.gz data/HumanEval.jsonl.gz || wrong "halves do not fit"

# what is not as it should be is not kept
fails_loudly 'what came does not hash to what it should' "$get" gsm8k
fails_loudly 'the server does not have it' "$get" mbpp-plus
[ -z "$(find data -name 'gsm*' -o -name 'plus*')" ] || wrong "$(find data)"

# told in one line
works "$get" --help
contains stdout 'BIG-Bench Hard'
fails 1 'mbp: want one of mbpp mbpp-sanitized humaneval gsm8k bbh' "$get" mbp
: >file
LETI_DATA=file fails 1 'file/bbh: cannot be made' "$get" bbh
kill "$server"
LETI_DATA=new fails_loudly 'no answer from the server' "$get" mbpp
