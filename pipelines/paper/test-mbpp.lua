-- MBPP with 0, 1, 3, 5 and 10 worked examples, of a model as it is:
-- leti test paper/test-mbpp --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"
local mbpp = require "tasks.mbpp"

local tests = { { "0-shot", mbpp } }
for _, k in ipairs { 1, 3, 5, 10 } do
  tests[#tests + 1] = { ("%d-shot"):format(k), mbpp.shots(k) }
end

return pipeline(base.test("test-mbpp", tests))
