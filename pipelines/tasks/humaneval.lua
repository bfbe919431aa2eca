-- humaneval - HumanEval (Chen et al. 2021): 164 problems to test on. Data: HumanEval.jsonl.gz.
-- SPDX-License-Identifier: Apache-2.0

return require("tasks.task").define {
  find = function()
    return data "HumanEval.jsonl.gz"
  end,
  schema = "humaneval",
  parts = { test = "", all = "" },
  post = { "\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif" },
}
