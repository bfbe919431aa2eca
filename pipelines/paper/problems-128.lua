-- Trained on 128 problems.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return base.run { name = "problems-128", problems = base.first(128) }
