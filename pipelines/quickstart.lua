-- LETI in minutes on one core: a tiny model learns from what Python says of its programs.
-- The model's corpus is careless on purpose; see basics/README.md for what that shows.
-- SPDX-License-Identifier: Apache-2.0

local basics = require "tasks.basics"
local corpus = require "basics.corpus"

local continued = cached("basics-20000-2.jsonl", function(path)
  corpus.write(path, { documents = 20000, seed = 2 })
end)

local generate = stage "generator.lm" { model = "nano", samples = 8, temperature = 1.0,
                                        max_length = 256, precision = "f32" }
local evaluate = basics.evaluator { timeout = 3 }
local feedback = stage "feedback.leti" {}
local train    = stage "trainer.fcft" { epochs = 2, batch = 16, lr = 1e-3,
                                        decay = 1, final_lr_ratio = 0.05, -- within an iteration
                                        corpus = continued, corpus_tokens = 768,
                                        corpus_block = 256, micro_tokens = 4096,
                                        precision = "f32" }

return pipeline {
  name       = "quickstart",
  iterations = 5,
  seed       = 1,
  problems   = basics.train,
  post       = basics.post,
  flow       = generate >> evaluate >> feedback >> train,
  test       = {
    { name = "held-out", problems = basics.test, samples = 16, temperature = 0.1, every = 1 },
    { name = "train", problems = basics.train, samples = 8, temperature = 1.0, every = 0 },
  },
}
