-- HumanEval: leti test paper/test-humaneval --model CHECKPOINT
-- SPDX-License-Identifier: Apache-2.0

return require("paper.base").test("test-humaneval", { { "humaneval", require "tasks.humaneval" } })
