# observed_run.sh - a pipeline of fake stages with all observers. Sourced after fake_run.sh.
# SPDX-License-Identifier: Apache-2.0

# observed_pipeline: writes fake.lua and observed.lua here.
observed_pipeline() {
    fake_pipeline
    sed 's/^return pipeline {/&\n  observers = {\
    stage "observer.jsonl" { name = "events" },\
    stage "observer.tensorboard" { name = "curves" },\
    stage "observer.prometheus" { name = "numbers", listen = "127.0.0.1:0" } },/' \
        fake.lua >observed.lua
}
