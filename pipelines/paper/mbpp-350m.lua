-- LETI on MBPP with CodeGen-350M.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "mbpp-350m", size = "350M" })
