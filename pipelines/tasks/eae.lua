-- eae - event argument extraction written as code (after Code4Struct, arXiv 2210.12810), on the
-- project's own sentences: see eae/README.md.
-- SPDX-License-Identifier: Apache-2.0

local eae = require "eae"

-- evaluator.python with the verifier before each program.
local function evaluator(options)
  local all = { prelude = eae.verifier }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return stage "evaluator.python" (all)
end

return require("tasks.task").define {
  find = function()
    return eae.path
  end,
  schema = "generic",
  parts = { train = eae.train, test = eae.test, all = "" },
  evaluator = evaluator,
  post = { '"""', "class", "print", "#" },
  max_length = 512,
}
