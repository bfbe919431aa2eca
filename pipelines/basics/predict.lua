-- predict - the pass rates that follow from the habits, before anything is trained.
--
-- A model that has learned the corpus perfectly writes the more frequent form of
-- every construct when it decodes greedily, and draws each form with its frequency
-- at temperature 1.0. Both kinds of program are run here. A real model is below
-- that: it also errs by itself.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"
local document = require "basics.document"
local problems = require "basics.problems"
local problemset = require "basics.problemset"
local prng = require "basics.prng"
local python = require "basics.python"

local predict = {}

local draws = 32 -- programs a problem at temperature 1.0

local function greedy(problem)
  local wrong = {}
  for _, name in ipairs(problem.habits) do
    wrong[name] = true
  end
  return constructs.write(problem.template, wrong)
end

local function part(list, first, last)
  return table.move(list, first, last, 1, {})
end

-- Share of passing programs in percent, and the count of each kind of failure.
local function score(list, write, count)
  local questions = {}
  for _, problem in ipairs(list) do
    for _ = 1, count do
      questions[#questions + 1] = { "run", problemset.program(problem, write(problem)) }
    end
  end
  local passed, kinds = 0, {}
  for _, traceback in ipairs(python.answers(questions)) do
    if traceback == "" then
      passed = passed + 1
    else
      local kind = traceback:match("\n(%a+)[^\n]*\n$")
      kinds[kind] = (kinds[kind] or 0) + 1
    end
  end
  return 100 * passed / #questions, kinds
end

local function sorted_kinds(kinds)
  local names = {}
  for name in pairs(kinds) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = name .. " " .. kinds[name]
  end
  return table.concat(names, ", ")
end

-- How many problems of each part have each habit.
local function habit_lines(training, held_out)
  local names, counts = {}, {}
  for at, list in ipairs { training, held_out } do
    for _, problem in ipairs(list) do
      for _, name in ipairs(problem.habits) do
        if not counts[name] then
          counts[name] = { 0, 0 }
          names[#names + 1] = name
        end
        counts[name][at] = counts[name][at] + 1
      end
    end
  end
  table.sort(names)
  local lines = { "habit      training  held out" }
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("%-10s %8d  %8d"):format(name, counts[name][1], counts[name][2])
  end
  return lines
end

function predict.lines()
  local list = problemset.all()
  local training = part(list, 1, problems.training)
  local held_out = part(list, problems.training + 1, problems.training + problems.held_out)
  local rng = prng.new(3)
  local function sampled(problem)
    return (document.careless(problem, rng))
  end
  local lines = { #list .. " problems" }
  for _, row in ipairs { { "training", training }, { "held out", held_out } } do
    local one = score(row[2], greedy, 1)
    local many, kinds = score(row[2], sampled, draws)
    lines[#lines + 1] = ("%s: greedy %.1f %%, temperature 1.0 %.1f %%"):format(row[1], one, many)
    lines[#lines + 1] = "  failures: " .. sorted_kinds(kinds)
  end
  table.move(habit_lines(training, held_out), 1, 100, #lines + 1, lines)
  return lines
end

return predict
