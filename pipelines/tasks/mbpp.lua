-- mbpp - MBPP (Austin et al. 2021), in the splits of its README. Data: mbpp.jsonl.
--
-- mbpp.sanitized is its hand-verified subset (sanitized-mbpp.json), which keeps the ids; mbpp.plus
-- has EvalPlus's tests, more of them, for some of that (they need numpy). mbpp.shots(k) puts the
-- first k problems of the prompt split before each prompt, solved: prompt, code, blank line. They
-- are not executed.
-- SPDX-License-Identifier: Apache-2.0

local task = require "tasks.task"

local plain_length = 512
local most_shots = 10

-- Tokens that the method allows for k examples; for other k, as for the next.
local lengths = { { 1, 896 }, { 3, 1024 }, { 5, 1280 }, { 10, 1792 } }

local function length_of(k)
  for _, row in ipairs(lengths) do
    if k <= row[1] then
      return row[2]
    end
  end
end

local define

local function shots(find, k)
  if math.type(k) ~= "integer" or k < 1 or k > most_shots then
    return nil, ("k must be a whole number from 1 to %d, not %s"):format(most_shots, tostring(k))
  end
  return define(find, k)
end

local function file(name)
  return function()
    return define(function()
      return data(name)
    end)
  end
end

-- k: examples before each prompt, or nil.
function define(find, k)
  return task.define {
    find = find,
    schema = "mbpp",
    parts = {
      prompt = not k and "1-10" or nil,
      test = "11-510",
      validation = "511-600",
      train = "601-974",
      all = k and "11-974" or "",
    },
    post = { "\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/" },
    max_length = k and length_of(k) or plain_length,
    options = k and { shots = k, shots_ids = "1-10" },
    families = not k and { shots = shots } or nil,
    members = { sanitized = file "sanitized-mbpp.json", plus = file "evalplus/MbppPlus-OriginFmt.jsonl.gz" },
  }
end

return file "mbpp.jsonl" ()
