#!/bin/sh
# study.sh - the runs behind pipelines/RESULTS.md: each seed with textual feedback, with the reward
# token alone, and with textual feedback but no corpus steps. Two runs at a time, a thread each.
#
#     tests/bench/study/study.sh LETI nano|smollm2 FOLDER SEED...
#
# Runs are FOLDER/ARM-SEED; one that is there already is gone on with, so that the command can be
# cut off and typed again. One that was cut off before it began says so, and is to be removed.
# table.py makes the tables.
# SPDX-License-Identifier: Apache-2.0
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 4 ] || {
    echo "usage: study.sh LETI nano|smollm2 FOLDER SEED..." >&2
    exit 2
}
leti=$1 what=$2 folder=$3
shift 3
case $what in
nano) pipeline="$here/../../../pipelines/quickstart.lua --set test.post=both" ;;
smollm2) pipeline=$here/../../../pipelines/mbpp-smollm2.lua ;;
*)
    echo "study.sh: no study \"$what\"; there are nano and smollm2" >&2
    exit 2
    ;;
esac
for seed in "$@"; do
    case $seed in
    '' | *[!0-9]*)
        echo "study.sh: a seed is a number, not \"$seed\"" >&2
        exit 2
        ;;
    esac
done
command -v "$leti" >/dev/null || {
    echo "study.sh: $leti: no such program" >&2
    exit 2
}
mkdir -p "$folder"

for seed in "$@"; do
    for arm in textual binary no-corpus; do
        case $arm in
        textual) own="" ;;
        binary) own="--set feedback.textual=false" ;;
        no-corpus) own="--set train.corpus_mix=false" ;;
        esac
        run=$folder/$arm-$seed
        if [ -e "$run" ]; then
            echo "--resume $run"
        else
            echo "$pipeline --out $run --set seed=$seed --set generate.threads=1" \
                "--set train.threads=1 --set keep_checkpoints=1 $own"
        fi
    done
done | xargs -P 2 -I {} sh -c "echo 'leti run {}' && $leti run --quiet {}"
