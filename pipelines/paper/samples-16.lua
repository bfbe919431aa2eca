-- With 16 samples of a problem in the place of 128.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "samples-16", samples = 16 })
