-- document - the parts of a document: asserts, prompt, faulty program, junk.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"

local document = {}

-- How careless the corpus is, in percent.
document.habit_percent = 66 -- a construct with a habit is written the wrong way
document.slip_percent = 12 -- a program has a random slip
document.junk_percent = 25 -- something follows the function

document.call = function(problem, arguments)
  return problem.fn .. "(" .. table.concat(arguments, ", ") .. ")"
end

document.assertion = function(problem, arguments, value)
  return "assert " .. document.call(problem, arguments) .. " == " .. value
end

document.prompt = function(text, assertion)
  return '"""\n' .. text .. "\n" .. assertion .. '\n"""'
end

function document.reference(problem)
  return constructs.write(problem.template, {})
end

-- Slips that need no construct; each returns the new program, or it unchanged
-- where it does not apply.
local text_slips = {
  -- a name that nobody has assigned
  function(code) return (code:gsub("return (%a+)$", "return %1s")) end,
  function(code) return (code:gsub("return (%a+)$", "return res")) end,
  -- a closing parenthesis or bracket forgotten, or a colon
  function(code) return (code:gsub("[%)%]]$", "", 1)) end,
  function(code) return (code:gsub(":\n", "\n", 1)) end,
  -- the result returned from inside the loop
  function(code) return (code:gsub("\n    (return %a+)$", "\n        %1")) end,
  -- a constant off by one
  function(code)
    return (code:gsub("(%d+)([^%d]*)$", function(number, rest)
      return math.tointeger(number) + 1 .. rest
    end))
  end,
  -- a comparison the wrong way round
  function(code) return (code:gsub(" ([<>]) ", { ["<"] = " > ", [">"] = " < " }, 1)) end,
}

-- The program of a careless author, and whether it has any fault.
function document.careless(problem, rng)
  local wrong, faulty, others = {}, false, {}
  for _, name in ipairs(constructs.names(problem.template)) do
    if not constructs.table[name].habit then
      others[#others + 1] = name
    elseif rng:percent(document.habit_percent) then
      wrong[name], faulty = true, true
    end
  end
  local slips = rng:percent(document.slip_percent)
  local in_text = rng:percent(50)
  if slips and not in_text and #others > 0 then
    wrong[rng:pick(others)], faulty = true, true
  end
  local code = constructs.write(problem.template, wrong)
  if slips and (in_text or #others == 0) then
    local slipped = code
    while slipped == code do
      slipped = rng:pick(text_slips)(code)
    end
    code, faulty = slipped, true
  end
  return code, faulty
end

-- What careless authors leave behind the function.
local junk = {
  function(call) return "\nprint(" .. call .. ")" end,
  function(call, value) return "\nassert " .. call .. " == " .. value end,
  function(call) return '\nif __name__ == "__main__":\n    print(' .. call .. ")" end,
  function() return "\nclass Solution:\n    pass" end,
  function(_, _, text) return '\n"""\n' .. text .. '\n"""' end,
}

function document.junk(rng, call, value, text)
  return (rng:percent(50) and "\n" or "") .. rng:pick(junk)(call, value, text)
end

return document
