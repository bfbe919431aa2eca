-- gsm8k - GSM8K's 1319 test questions (Cobbe et al. 2021), answered by programs as in PaL (Gao et
-- al. 2022). Data: gsm.jsonl of PaL's repository.
--
-- Before each question stand eight with their programs, the project's own: gsm8k/shots.txt. What
-- runs is the model's program alone, then assert solution() == answer, as in the method.
-- gsm8k.within(0.001) takes answers that are so near, as PaL does: a sum of floats may miss a whole
-- number by its last bit.
-- SPDX-License-Identifier: Apache-2.0

local task = require "tasks.task"

local here = debug.getinfo(1, "S").source:sub(2):match "^(.*)gsm8k%.lua$"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function define(find, tests)
  return task.define {
    find = find,
    schema = "question",
    parts = { test = "", all = "" },
    post = { "\nQ:" },
    max_length = 1536,
    options = function()
      return {
        before = read(here .. "gsm8k/shots.txt") .. "Q: ",
        after = "\nA, as a program:",
        tests = tests,
      }
    end,
    families = {
      within = function(find_same, distance)
        if type(distance) ~= "number" or not (distance > 0 and distance < 1) then
          return nil, ("the distance must be above 0 and below 1, not %s"):format(distance)
        end
        return define(find_same, ("assert abs(solution() - {target}) < %.17g"):format(distance))
      end,
    },
  }
end

return define(function()
  return data "gsm.jsonl"
end, "assert solution() == {target}")
