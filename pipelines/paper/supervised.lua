-- Fine-tuned on the reference solutions, problem and program: the baseline.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run {
  name = "supervised",
  feedback = { reward = "none", textual = false },
  test = { condition = "none" },
  pipeline = { samples_from = "references" },
})
