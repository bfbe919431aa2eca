-- The reward token alone, without what the interpreter said; CodeGen-350M.
-- SPDX-License-Identifier: Apache-2.0

return require("paper.base").run { name = "binary-350m", size = "350M", feedback = { textual = false } }
