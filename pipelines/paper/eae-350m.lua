-- LETI on event argument extraction with CodeGen-350M.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run {
  name = "eae-350m",
  task = require "tasks.eae",
  iterations = 30,
  samples = 64,
})
