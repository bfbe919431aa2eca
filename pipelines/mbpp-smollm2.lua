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

-- Parts of MBPP's own splits, as much as two cores have time for. Of the training split the first
-- 19 problems, and those 29 of which the untrained model solved one at least once in two samples
-- (temperature 0.3, cut behind the first function): where it never succeeds, it learns nothing of
-- success. Held-out problems were not chosen by anything.
local function some(ids)
  return stage "source.jsonl" { file = data "mbpp.jsonl", schema = "mbpp", ids = ids }
end
local train_on = some("601-619,666,672,678,690,697,710,713,716,744,768,789,790,792,796,798,805,"
                      .. "811,813,833,855,882,887,899,904,924,940,945,970,972")
local validation, held_out = some "511-530", some "11-130"

local generate = stage "generator.lm"  { model = "models/smollm2-135m", samples = 2,
                                         temperature = 0.3, max_length = 192 }
local evaluate = mbpp.evaluator        { timeout = 3 }
local feedback = stage "feedback.leti" { max_feedback = 300 }
local train    = stage "trainer.fcft"  { epochs = 1, batch = 8, lr = 5e-5, max_length = 256,
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
