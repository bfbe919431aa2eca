-- Trained on 128 problems.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "problems-128", problems = base.first(128) })
