-- BIG-Bench Hard, with worked steps, of a model as it is:
-- leti test paper/test-bbh-cot --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"
local bbh = require "tasks.bbh"

return pipeline(base.test("test-bbh-cot", { { "bbh-cot", bbh.cot() } }))
