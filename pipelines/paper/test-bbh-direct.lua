-- BIG-Bench Hard, answered at once, of a model as it is:
-- leti test paper/test-bbh-direct --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"
local bbh = require "tasks.bbh"

return pipeline(base.test("test-bbh-direct", { { "bbh-direct", bbh.direct() } }))
