-- Trained on 64 problems.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "problems-64", problems = base.first(64) })
