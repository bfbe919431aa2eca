#!/bin/sh
# get-data.sh - gets the data sets of the tasks from their publishers.
#
#     contrib/get-data.sh [NAME...]
#
# NAME is mbpp, mbpp-sanitized, humaneval, gsm8k, bbh, humaneval-plus or mbpp-plus; without one all
# are fetched, 6 MB. They go to the folder that LETI_DATA names, or to `data` here.
#
# Each file comes from one commit of its publisher's repository (lib/data.txt) and has its name only
# when it is whole and hashes to what it should. What was cut off goes on where it stopped; what is
# there is looked at and not fetched again. LETI_DATA_FROM names another server, one that has the
# same paths as https://raw.githubusercontent.com.
#
# SPDX-License-Identifier: Apache-2.0
set -eu

self=get-data.sh
lib=$(dirname "$0")/lib
. "$lib/fetch.sh"

names="mbpp mbpp-sanitized humaneval gsm8k bbh humaneval-plus mbpp-plus"
from=${LETI_DATA_FROM:-https://raw.githubusercontent.com}
folder=${LETI_DATA:-data}

help() {
    cat <<'HELP'
usage: get-data.sh [NAME...]
Gets the tasks' data sets from their publishers into LETI_DATA, or into `data`; all without a NAME.

  mbpp             MBPP (CC BY 4.0)
  mbpp-sanitized   its hand-verified subset (CC BY 4.0)
  humaneval        HumanEval (MIT)
  gsm8k            GSM8K's test questions as PaL has them (MIT)
  bbh              BIG-Bench Hard, questions and worked examples; never train on it (MIT)
  humaneval-plus   EvalPlus's tests for HumanEval (Apache-2.0)
  mbpp-plus        EvalPlus's tests for MBPP (Apache-2.0)
HELP
}

# is_right FILE SUMS: the file hashes to one of them.
is_right() {
    case ",$2," in
    *",$(sha256 "$1"),"*) ;;
    *) return 1 ;;
    esac
}

# get FILE SUMS URL: into the folder.
get() {
    target="$folder/$1" part="$folder/$1.part" sums=$2 url=$3
    if [ -f "$target" ]; then
        is_right "$target" "$sums" ||
            die "$target: is not what $url should be: remove it to have it fetched again"
        return 0
    fi
    mkdir -p "$(dirname "$target")" 2>/dev/null || die "$(dirname "$target"): cannot be made"
    if [ ! -f "$part" ] || ! is_right "$part" "$sums"; then
        echo "$target"
        download "$url" "$part"
    fi
    if ! is_right "$part" "$sums"; then
        rm -f "$part"
        die "$url: what came does not hash to what it should; run this again to start over"
    fi
    settle_file "$part" "$target"
}

# get_all NAME: the files that go by the name.
get_all() {
    while read -r name file sums path; do
        [ "$name" != "$1" ] || get "$file" "$sums" "${from%/}/$path"
    done <"$lib/data.txt"
}

for name in "$@"; do
    case $name in
    -h | --help)
        help
        exit 0
        ;;
    esac
    case " $names " in
    *" $name "*) ;;
    *) die "$name: want one of $names" ;;
    esac
done
needs sha256sum
needs curl
[ $# -gt 0 ] || set -- $names
for wanted in "$@"; do
    get_all "$wanted"
done
echo "$folder has $*"
