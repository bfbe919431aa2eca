-- Pre-trains nano, the model of the quickstart, on the careless corpus of basics.
-- SPDX-License-Identifier: Apache-2.0

local corpus = require "basics.corpus"

local text = cached(("basics-pretraining-%d.jsonl"):format(corpus.pretraining.documents),
                    function(path)
  corpus.write(path, corpus.pretraining)
end)

local train = stage "trainer.fcft" {
  model = "nano", init = "random", mode = "corpus",
  corpus = text, corpus_tokens = 2048, corpus_block = 256, corpus_holdout = 0.02, steps = 5200,
  lr = 3e-3, warmup = 100, decay = 0.3, final_lr_ratio = 0.03,
  micro_tokens = 4096, precision = "f32",
}

return pipeline {
  name       = "pretrain-nano",
  iterations = 1,
  seed       = 1,
  flow       = train,
}
