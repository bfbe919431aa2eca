-- Without textual feedback: the reward token alone; CodeGen-2B, for longer.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run {
  name = "binary-2b",
  size = "2B",
  iterations = 30,
  feedback = { textual = false },
})
