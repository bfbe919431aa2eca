-- humaneval - HumanEval (Chen et al. 2021): 164 problems to test on. Data: HumanEval.jsonl.gz.
--
-- humaneval.plus has EvalPlus's tests, more of them (HumanEvalPlus-OriginFmt.jsonl.gz; they need
-- numpy).
-- SPDX-License-Identifier: Apache-2.0

local task = require "tasks.task"

local function on(name)
  return task.define {
    find = function()
      return data(name)
    end,
    schema = "humaneval",
    parts = { test = "", all = "" },
    post = { "\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif" },
    max_length = 768,
    members = {
      plus = function()
        return on "evalplus/HumanEvalPlus-OriginFmt.jsonl.gz"
      end,
    },
  }
end

return on "HumanEval.jsonl.gz"
