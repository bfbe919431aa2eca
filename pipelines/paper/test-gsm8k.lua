-- GSM8K by programs, of a model as it is: leti test paper/test-gsm8k --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.test("test-gsm8k", { { "gsm8k", require "tasks.gsm8k" } }))
