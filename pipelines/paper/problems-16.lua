-- Trained on 16 problems.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "problems-16", problems = base.first(16) })
