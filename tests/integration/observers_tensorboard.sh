# observers_tensorboard - TensorBoard itself reads what observer.tensorboard writes, also of a run
# that was stopped. Its package comes from PyPI, once a build folder; where it cannot be had, the
# test is skipped (observers.sh reads the files without it).
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/observed_run.sh"
cd "$work"

venv="$LETI_BUILD_DIR/tests/tensorboard"
if ! "$venv/bin/python" -c 'import tensorboard' 2>/dev/null; then
    rm -rf "$venv"
    if ! { python3 -m venv "$venv" &&
        timeout 300 "$venv/bin/pip" install --quiet --disable-pip-version-check tensorboard==2.21.0; } \
        >pip 2>&1; then
        echo "skipped: TensorBoard cannot be installed: $(tail -n 1 pip)"
        exit 77
    fi
fi

observed_pipeline
sed -i 's/stage "observer.jsonl"/stage "observer.tensorboard" { folder = "by-iteration", axis = "iterations" },\n    &/' \
    observed.lua
quick="--set generate.work_us=500 --set evaluate.work_us=0 --set train.work_us=2000"
# Stopped in the midst of the second training, whose beginning is told twice.
# shellcheck disable=SC2086
"$LETI" run observed.lua --out run $quick >out 2>&1 &
head=$!
until grep -q '"metric", "iteration": 2, ' run/events.jsonl 2>/dev/null; do
    kill -0 $head 2>/dev/null || wrong "it ended too soon: $(cat out)"
done
kill -INT $head
wait $head && wrong "it was not stopped: $(cat out)"
works "$LETI" run --resume run

"$venv/bin/python" - run/tensorboard run/by-iteration <<'END' || wrong "TensorBoard reads something else"
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

by_step, by_iteration = (EventAccumulator(folder) for folder in sys.argv[1:])
by_step.Reload()
by_iteration.Reload()


def points(tag, events=by_step):
    return [(e.step, round(e.value, 5)) for e in events.Scalars(tag)]


for tag in ["test/held-out/pass@1", "test/held-out/pass@10", "test/held-out/solve_rate"]:
    assert [step for step, _ in points(tag)] == [0, 160, 320, 480], points(tag)
assert points("test/held-out/pass@1")[0][1] == 0.11875, points("test/held-out/pass@1")
assert points("train/steps") == [(160, 160), (320, 160), (480, 160)], points("train/steps")
assert points("sampling/infra") == [(160, 0), (320, 0), (480, 0)], points("sampling/infra")
loss = points("train/loss")
assert sorted({step for step, _ in loss}) == [0, 160, 320], loss
assert [value for step, value in loss if step == 0] == [round(1 / (16 * i + 1), 5)
                                                        for i in range(10)], loss
tags = by_step.Tags()["scalars"]
assert {"sampling/passed", "sampling/reused", "seconds/train"} <= set(tags), tags

# What was told of the training that was stopped is void.
loss = [step for step, _ in points("train/loss", by_iteration)]
assert loss == [1] * 10 + [2] * 10 + [3] * 10, loss
tests = [step for step, _ in points("test/held-out/pass@1", by_iteration)]
assert tests == [0, 1, 2, 3], tests
END
