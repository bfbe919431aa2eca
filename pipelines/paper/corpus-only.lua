-- Continued pre-training alone: as many corpus steps, and no example.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run {
  name = "corpus-only",
  train = { mode = "corpus" },
  test = { condition = "none" },
})
