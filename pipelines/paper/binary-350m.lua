-- Without textual feedback: the reward token alone; CodeGen-350M.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run {
  name = "binary-350m",
  size = "350M",
  feedback = { textual = false },
})
