-- The reward token alone, without what the interpreter said; CodeGen-2B, for longer.
-- SPDX-License-Identifier: Apache-2.0

return require("paper.base").run { name = "binary-2b", size = "2B", iterations = 30, feedback = { textual = false } }
