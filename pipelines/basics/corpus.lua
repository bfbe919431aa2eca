-- corpus - writes the text on which the tiny model is pre-trained.
--
-- A document is a problem's prompt and a program by a careless author (see
-- document.lua); some have junk behind the program, some the real traceback of
-- the program in front. Problems are drawn from all families with all
-- constants, but never one that is held out. The same parameters give the same
-- file with the same Python.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"
local document = require "basics.document"
local families = require "basics.families"
local fingerprint = require "basics.fingerprint"
local json = require "basics.json"
local problems = require "basics.problems"
local prng = require "basics.prng"
local python = require "basics.python"

local corpus = {}

-- What nano is pre-trained on: about 5.6 million tokens.
corpus.pretraining = { documents = 140000, seed = 1 }

corpus.traceback_percent = 8 -- share of the documents with a traceback in front

local openings = { "Write a function to ", "Write a python function to " }

-- Families without a habit, and for each habit the families that have it, so that
-- the shares of both can be set.
local function families_by_habit()
  local rng, clean, by_habit, of = prng.new(1), {}, {}, {}
  for _, family in ipairs(families.list) do
    local habits = constructs.habits(families.draw(family, rng).template)
    if #habits == 0 then
      clean[#clean + 1] = family
    end
    for _, habit in ipairs(habits) do
      if not of[habit] then
        of[habit] = {}
        by_habit[#by_habit + 1] = of[habit]
      end
      table.insert(of[habit], family)
    end
  end
  return clean, by_habit
end

-- The texts and the programs that no document may have.
local function held_out()
  local texts, programs = {}, {}
  for _, problem in ipairs(problems.all()) do
    if problems.is_held_out(problem) then
      texts[problem.text] = true
      programs[fingerprint.code(document.reference(problem))] = true
    end
  end
  return texts, programs
end

-- Draws the documents, without what only Python knows: values and tracebacks.
local function draft(count, rng)
  local clean, by_habit = families_by_habit()
  local texts, programs = held_out()
  local drafts = {}
  while #drafts < count do
    local part = rng:percent(problems.clean_percent) and clean or rng:pick(by_habit)
    local problem = families.draw(rng:pick(part), rng, rng)
    local code, faulty = document.careless(problem, rng)
    -- a slip, such as a constant off by one, can also turn a program into a held-out one
    if not texts[problem.text] and not programs[fingerprint.code(code)] then
      drafts[#drafts + 1] = {
        problem = problem,
        text = openings[rng:percent(80) and 1 or 2] .. problem.text .. ".",
        code = code,
        faulty = faulty,
        arguments = { problem.inputs(rng) },
      }
    end
  end
  return drafts
end

-- Chooses which drafts show their traceback and which have junk, and asks for values.
local function fill_values(drafts, rng)
  local faulty = 0
  for _, d in ipairs(drafts) do
    faulty = faulty + (d.faulty and 1 or 0)
  end
  -- of the faulty ones so many that their share among all is as wanted
  local chance = corpus.traceback_percent * 100 * #drafts // math.max(faulty, 1)
  local questions = {}
  for _, d in ipairs(drafts) do
    d.traced = d.faulty and rng:int(1, 10000) <= chance
    if d.traced then
      d.arguments[2], d.arguments[3] = d.problem.inputs(rng), d.problem.inputs(rng)
    end
    local reference = document.reference(d.problem)
    for _, arguments in ipairs(d.arguments) do
      questions[#questions + 1] = { "value", reference, document.call(d.problem, arguments) }
    end
  end
  local answers, at = python.answers(questions), 0
  for _, d in ipairs(drafts) do
    d.asserts = {}
    for i, arguments in ipairs(d.arguments) do
      at = at + 1
      d.asserts[i] = document.assertion(d.problem, arguments, answers[at])
    end
    d.value = answers[at]
  end
end

local function body(d)
  return document.prompt(d.text, d.asserts[1]) .. "\n" .. d.code
end

local function fill_tracebacks(drafts)
  local questions, asked = {}, {}
  for _, d in ipairs(drafts) do
    if d.traced then
      local program = body(d) .. "\n" .. table.concat(d.asserts, "\n") .. "\n"
      questions[#questions + 1] = { "run", program }
      asked[#asked + 1] = d
    end
  end
  for i, traceback in ipairs(python.answers(questions)) do
    asked[i].traceback = traceback
  end
end

-- The documents, each { text, traceback, problem }: traceback is "" where there is none.
function corpus.documents(settings)
  local rng = prng.new(settings.seed)
  local drafts = draft(settings.documents, rng)
  fill_values(drafts, rng)
  fill_tracebacks(drafts)
  local documents = {}
  for i, d in ipairs(drafts) do
    local text = body(d)
    if not d.traced and rng:percent(document.junk_percent) then
      local call = document.call(d.problem, d.arguments[1])
      text = text .. document.junk(rng, call, d.value, d.text)
    end
    local traceback = d.traceback or ""
    documents[i] = { text = traceback .. text, traceback = traceback, problem = d.problem }
  end
  return documents
end

-- Writes settings.documents lines {"text": ...} to the file at path, drawn from settings.seed.
function corpus.write(path, settings)
  local file <close> = assert(io.open(path, "w"))
  for _, entry in ipairs(corpus.documents(settings)) do
    assert(file:write('{"text": ', json.string(entry.text), "}\n"))
  end
  assert(file:close())
end

return corpus
