-- base - what the published runs (arXiv 2305.10314) have in common. Each file of paper/ says
-- what is its own; its README.md says what of the paper it reproduces.
-- SPDX-License-Identifier: Apache-2.0

local mbpp = require "tasks.mbpp"

local base = {}

local sizes = {
  ["350M"] = { model = "models/codegen-350M-mono", iterations = 50, lr = 1e-5 },
  ["2B"] = { model = "models/codegen-2B-mono", iterations = 10, lr = 5e-6 },
}

-- In seconds: what a slow machine may take for the samples of a problem, and for an iteration's
-- training.
local patience = { problem = 24 * 3600, training = 60 * 24 * 3600 }

-- The options, and over them those of a run's own.
local function with(options, own)
  for name, value in pairs(own or {}) do
    options[name] = value
  end
  return options
end

local function generator(size, task, samples)
  return stage "generator.lm" { model = size.model, samples = samples, temperature = 1.0,
                                top_p = 1, top_k = 0, max_length = task.max_length,
                                deadline = patience.problem }
end

local function evaluator(task)
  return task.evaluator { timeout = 5, replicas = 4 }
end

-- As in the method, a step has 16 sequences, computed one after the other (micro_tokens), and is
-- followed by one on as many blocks of corpus text.
local function trainer(size, own)
  return stage "trainer.fcft" (with({
    epochs = 3, batch = 16, lr = size.lr, weight_decay = 0.01, beta1 = 0.9, beta2 = 0.999,
    eps = 1e-8, max_grad_norm = 0, micro_tokens = 512, corpus = data "corpus.jsonl",
    corpus_block = 1024, corpus_holdout = 0.1, deadline = patience.training,
  }, own))
end

-- A run of the method, for pipeline(). own: name; size, "350M" unless said; iterations, samples of a
-- problem, task and problems where they are not those of MBPP; feedback, train, test, pipeline:
-- options of these parts.
function base.run(own)
  local size, task = sizes[own.size or "350M"], own.task or mbpp
  local generate = generator(size, task, own.samples or 128)
  local feedback = stage "feedback.leti" (own.feedback or {})
  return with({
    name       = own.name,
    iterations = own.iterations or size.iterations,
    seed       = 1,
    problems   = own.problems or task.train,
    post       = task.post,
    flow       = generate >> evaluator(task) >> feedback >> trainer(size, own.train),
    test       = with({ problems = task.test, samples = 16, temperature = 0.1, every = 1,
                        post = "both" }, own.test),
    validation = task.validation and { problems = task.validation },
  }, own.pipeline)
end

-- The first n problems of MBPP's training split.
function base.first(n)
  return stage "source.jsonl" { file = data "mbpp.jsonl", schema = "mbpp",
                                ids = ("601-%d"):format(600 + n) }
end

-- Tests alone, of a model as it is, for `leti test FILE --model CHECKPOINT`. tests: names with the
-- tasks that they take, in pairs; all have the first one's cut and evaluator.
function base.test(name, tests)
  local first = tests[1][2]
  local list = {}
  for i, test in ipairs(tests) do
    list[i] = { name = test[1], problems = test[2].test, samples = 16, temperature = 0.1,
                post = "both", max_length = test[2].max_length }
  end
  return {
    name = name,
    seed = 1,
    post = first.post,
    flow = generator(sizes["350M"], first, 1) >> evaluator(first),
    test = list,
  }
end

return base
