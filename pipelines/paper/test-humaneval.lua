-- HumanEval, of a model as it is: leti test paper/test-humaneval --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.test("test-humaneval", { { "humaneval", require "tasks.humaneval" } }))
