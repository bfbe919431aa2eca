-- Pre-trains nano, the model of the quickstart, on the careless corpus of basics.
-- SPDX-License-Identifier: Apache-2.0

local corpus = require "basics.corpus"

local text = cached("basics-pretraining.jsonl", function(path)
  corpus.write(path, corpus.pretraining)
end)

local train = stage "trainer.fcft" {
  model = "nano", init = "random", mode = "corpus",
  corpus = text, corpus_tokens = 4096, corpus_block = 256, steps = 1400,
  lr = 3e-3, warmup = 100, decay = 0.3, final_lr_ratio = 0.05,
}

return pipeline {
  name       = "pretrain-nano",
  iterations = 1,
  seed       = 1,
  flow       = train,
}
