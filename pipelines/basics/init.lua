-- basics - the project's own problem set and the corpus of its tiny model.
-- SPDX-License-Identifier: Apache-2.0

local problems = require "basics.problems"

local here = debug.getinfo(1, "S").source:sub(2):match("^(.*)init%.lua$")

return {
  path = here .. "basics.jsonl",
  training = { first = 1, last = problems.training },
  held_out = { first = problems.training + 1, last = problems.training + problems.held_out },
  corpus = require "basics.corpus",
}
