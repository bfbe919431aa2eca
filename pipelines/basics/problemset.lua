-- problemset - writes the problems with their answers, in MBPP's schema.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"
local document = require "basics.document"
local json = require "basics.json"
local problems = require "basics.problems"
local prng = require "basics.prng"
local python = require "basics.python"

local problemset = {}

local attempts = 40 -- sets of asserts that are tried for each problem

local function body(problem, code)
  return document.prompt(problem.description, problem.asserts[1]) .. "\n" .. code .. "\n"
         .. table.concat(problem.asserts, "\n") .. "\n"
end

-- Draws three calls for each problem and asks Python for their values.
local function draw_asserts(list, rng)
  local questions = {}
  for _, problem in ipairs(list) do
    problem.calls, problem.values = {}, {}
    for i = 1, 3 do
      problem.calls[i] = problem.inputs(rng)
      questions[#questions + 1] = { "value", problem.code,
                                    document.call(problem, problem.calls[i]) }
    end
  end
  local answers = python.answers(questions)
  for i, problem in ipairs(list) do
    problem.asserts = {}
    for k = 1, 3 do
      problem.values[k] = answers[3 * (i - 1) + k]
      problem.asserts[k] = document.assertion(problem, problem.calls[k], problem.values[k])
    end
  end
end

-- The problems whose asserts say little: all values equal, or a habit passes them.
local function weak(list)
  local questions, of = {}, {}
  for _, problem in ipairs(list) do
    for _, name in ipairs(problem.habits) do
      local code = constructs.write(problem.template, { [name] = true })
      questions[#questions + 1] = { "run", body(problem, code) }
      of[#of + 1] = problem
    end
  end
  local passes = {}
  for i, traceback in ipairs(python.answers(questions)) do
    passes[of[i]] = passes[of[i]] or traceback == ""
  end
  local again = {}
  for _, problem in ipairs(list) do
    local v = problem.values
    if passes[problem] or (v[1] == v[2] and v[2] == v[3]) then
      again[#again + 1] = problem
    end
  end
  return again
end

-- All problems with description, code and asserts; every habit fails their asserts.
function problemset.all()
  local list, rng = problems.all(), prng.new(7)
  for _, problem in ipairs(list) do
    problem.description = "Write a function to " .. problem.text .. "."
    problem.code = document.reference(problem)
  end
  local rest = list
  for _ = 1, attempts do
    if #rest > 0 then
      draw_asserts(rest, rng)
      rest = weak(rest)
    end
  end
  if #rest > 0 then
    error("no good asserts for: " .. rest[1].text)
  end
  return list
end

-- The program of a problem with the given constructs wrong, ready to run with its asserts.
problemset.program = body

function problemset.write(path)
  local file <close> = assert(io.open(path, "w"))
  for _, problem in ipairs(problemset.all()) do
    assert(file:write('{"task_id": ', problem.id, ', "text": ', json.string(problem.description),
                      ', "code": ', json.string(problem.code), ', "test_list": ',
                      json.strings(problem.asserts),
                      ', "test_setup_code": "", "challenge_test_list": []}\n'))
  end
  assert(file:close())
end

return problemset
