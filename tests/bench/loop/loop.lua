-- One iteration of LETI on a few problems of MBPP, without a test: LETI's side of compare.py, which
-- sets the sizes with --set.
-- SPDX-License-Identifier: Apache-2.0

local mbpp = require "tasks.mbpp"

local problems = stage "source.jsonl"  { file = data "mbpp.jsonl", schema = "mbpp",
                                         ids = "601-606" }
local generate = stage "generator.lm"  { model = env "LOOP_MODEL", samples = 8, temperature = 1.0,
                                         max_length = 256 }
local evaluate = mbpp.evaluator        { timeout = 3 }
local feedback = stage "feedback.leti" {}
local train    = stage "trainer.fcft"  { epochs = 1, batch = 16, lr = 1e-5,
                                         corpus = env "LOOP_CORPUS", corpus_tokens = 1024,
                                         corpus_holdout = 0 } -- nobody looks at its loss here

return pipeline {
  name       = "loop",
  iterations = 1,
  problems   = problems,
  post       = mbpp.post,
  flow       = generate >> evaluate >> feedback >> train,
}
