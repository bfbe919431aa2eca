-- SmolLM2-135M-Instruct on MBPP, sized for two cores: RESULTS.md says what comes of it.
--
--     contrib/get-model.sh smollm2-135m
--     contrib/get-data.sh mbpp
--     leti run pipelines/mbpp-smollm2.lua
--
-- SPDX-License-Identifier: Apache-2.0

local mbpp   = require "tasks.mbpp"
local python = require "corpus.python"

local corpus = cached("python-library.txt", python.write)

-- MBPP's own splits, as much of each as two cores have time for.
local function some(ids)
  return stage "source.jsonl" { file = data "mbpp.jsonl", schema = "mbpp", ids = ids }
end
local train_on, validation, held_out = some "601-664", some "511-530", some "11-170"

local generate = stage "generator.lm"  { model = "models/smollm2-135m", samples = 2,
                                         temperature = 0.3, max_length = 192 }
local evaluate = mbpp.evaluator        { timeout = 3 }
local feedback = stage "feedback.leti" { max_feedback = 300 }
local train    = stage "trainer.fcft"  { epochs = 1, batch = 8, lr = 1e-4, max_length = 256,
                                         corpus = corpus, corpus_tokens = 384, corpus_block = 384,
                                         corpus_eval_tokens = 4096, micro_tokens = 1024 }

return pipeline {
  name       = "mbpp-smollm2",
  iterations = 3,
  seed       = 1,
  problems   = train_on,
  post       = mbpp.post,
  flow       = generate >> evaluate >> feedback >> train,
  validation = { problems = validation },
  test       = {
    { name = "held-out", problems = held_out, samples = 1, temperature = 0.1, every = 1,
      post = "both" },
    { name = "train", problems = train_on, samples = 2, temperature = 0.1, every = 0,
      post = "both" },
  },
}
