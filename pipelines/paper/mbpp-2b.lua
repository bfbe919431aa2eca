-- LETI on MBPP with CodeGen-2B.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "mbpp-2b", size = "2B" })
