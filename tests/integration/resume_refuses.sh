# resume_refuses - a run goes on only as it began: same data, same model; one head at a time.
# Ctrl-C and a terminal that closes stop it cleanly, and what is finished is not done again.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline

# samples: how many there are so far.
samples() {
    sqlite3 "file:run/run.db?mode=ro" "SELECT count(*) FROM sample" 2>/dev/null || echo 0
}

# start COMMAND...: in the background, until it has so many samples.
start() {
    wanted=$1
    shift
    "$@" >out 2>&1 &
    head=$!
    while [ "$(samples)" -lt "$wanted" ]; do
        kill -0 $head 2>/dev/null || wrong "it ended too soon: $(cat out)"
    done
}

# Settings that the recorded pipeline takes from elsewhere: a module, and a file that an option names.
cat >settings.lua <<'EOF'
return { post = { "\nprint" }, work_us = 200, samples = 16 }
EOF
echo some text >notes.txt
sed -i -e '1i local settings = require "settings"' -e 's/post = { [^}]* }/post = settings.post/' \
    -e 's/{ work_us = 200 }/{ work_us = settings.work_us, notes = "notes.txt" }/' \
    -e 's/samples = 16/samples = settings.samples/' fake.lua

start 200 "$LETI" run fake.lua --out run
fails 1 "run: another leti is running it (process $head)" "$LETI" run --resume run

# stops SIGNAL...: the run in the background stops cleanly.
stops() {
    for signal in "$@"; do
        kill -"$signal" $head
    done
    status=0
    wait $head || status=$?
    [ $status = 1 ] || wrong "status $status after $*: $(cat out)"
    contains out "leti run: stopped; go on with: leti run --resume run"
    [ -z "$(pgrep -P $head || true)" ] || wrong "workers are left"
}
stops INT
start $(($(samples) + 30)) env --default-signal=HUP "$LETI" run --resume run
stops HUP HUP

echo '{ }' >model/config.json
fails 1 "run: the model of generator has changed since the run began" "$LETI" run --resume run
echo '{}' >model/config.json
cp problems.jsonl kept.jsonl
sed -i 's/question 3/question 33/' problems.jsonl
fails 1 "run: the data of training has changed since the run began" "$LETI" run --resume run
cp kept.jsonl problems.jsonl

# changed WHAT FROM TO: the run does not go on with another settings.lua.
changed() {
    cp settings.lua kept.lua
    sed -i "s/$2/$3/" settings.lua
    fails 1 "run: the setting of $1" "$LETI" run --resume run
    mv kept.lua settings.lua
}
changed 'train has changed since the run began: it was work_us = "200", and is work_us = "201"' \
    'work_us = 200' 'work_us = 201'
changed 'the pipeline has changed since the run began: it was post = "\nprint", and is post = "x"' \
    '"[^"]*"' '"x"'
changed 'test held-out has changed since the run began: it was samples = 16, and is samples = 8' \
    'samples = 16' 'samples = 8'
echo other text >notes.txt
fails 1 "run: the setting of train has changed since the run began: it was notes = file " \
    "$LETI" run --resume run
echo some text >notes.txt

# The recorded pipeline counts, whatever became of the file.
echo 'this is no Lua' >fake.lua
status=0
"$LETI" run --resume run --out other 2>out || status=$?
[ $status = 2 ] || wrong "status $status instead of 2 for --resume with --out"
contains out "--resume takes a run as it is"
fails 1 "run: the setting of the pipeline has changed since the run began: it was iterations = 3" \
    "$LETI" run --resume run --set iterations=9
works "$LETI" run --resume run --json --set train.threads=1
tail -n 1 "$work/stdout" >first.json
works "$LETI" run --resume run --json
tail -n 1 "$work/stdout" >second.json
cmp first.json second.json || wrong "a finished run changed"
works "$LETI" run --resume run
[ "$(head -n 1 stdout)" = "run is finished" ] || wrong "it went on: $(cat stdout)"
