-- basics_test - what the problem set and the corpus promise, over the whole of both.
-- SPDX-License-Identifier: Apache-2.0

local root = arg[0]:match("^(.*)tests/basics/basics_test%.lua$")
package.path = root .. "pipelines/?.lua;" .. root .. "pipelines/?/init.lua;" .. package.path

local constructs = require "basics.constructs"
local corpus = require "basics.corpus"
local fingerprint = require "basics.fingerprint"
local predict = require "basics.predict"
local problems = require "basics.problems"
local problemset = require "basics.problemset"
local python = require "basics.python"

local function contents(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

-- Calls write(path) with a path of a new file and returns what it wrote.
local function written(write)
  local path = os.tmpname()
  write(path)
  local text = contents(path)
  os.remove(path)
  return text
end

local set = problemset.all()
local documents = corpus.documents(corpus.pretraining)

local tests = {}

function tests.committed_problems_are_the_generated_ones()
  assert(written(problemset.write) == contents(root .. "pipelines/basics/basics.jsonl"))
end

function tests.there_are_500_problems_with_distinct_texts()
  local seen, count = {}, 0
  for _, problem in ipairs(set) do
    count = count + (seen[problem.text] and 0 or 1)
    seen[problem.text] = true
  end
  assert(count == #set and count >= 500, count)
end

function tests.every_reference_passes_its_asserts()
  local questions = {}
  for i, problem in ipairs(set) do
    questions[i] = { "run", problemset.program(problem, problem.code) }
  end
  for i, traceback in ipairs(python.answers(questions)) do
    assert(traceback == "", set[i].text .. "\n" .. traceback)
  end
end

function tests.every_habit_fails_the_asserts()
  local questions, of = {}, {}
  for _, problem in ipairs(set) do
    for _, habit in ipairs(problem.habits) do
      local code = constructs.write(problem.template, { [habit] = true })
      questions[#questions + 1] = { "run", problemset.program(problem, code) }
      of[#of + 1] = problem.text .. ": " .. habit
    end
  end
  for i, traceback in ipairs(python.answers(questions)) do
    assert(traceback ~= "", of[i])
  end
end

function tests.every_habit_is_in_both_parts()
  local training, tested = {}, {}
  for _, problem in ipairs(set) do
    local counts = problems.is_held_out(problem) and tested or training
    for _, habit in ipairs(problem.id <= 260 and problem.habits or {}) do
      counts[habit] = (counts[habit] or 0) + 1
    end
  end
  for name, construct in pairs(constructs.table) do
    if construct.habit then
      assert((training[name] or 0) >= 5 and (tested[name] or 0) >= 3, name)
    end
  end
end

-- All documents as fingerprints, one a line: of the text as it is and as code.
local function all_prints()
  local texts, codes = {}, {}
  for i, entry in ipairs(documents) do
    texts[i] = fingerprint.text(entry.text .. " ")
    codes[i] = fingerprint.code(entry.text .. " ")
  end
  return table.concat(texts, "\n"), table.concat(codes, "\n")
end

-- How many of the problems have their text, and how many their solution, in the corpus.
local function found_in_corpus(first, last)
  local in_texts, in_codes = all_prints()
  local texts, codes = 0, 0
  for id = first, last do
    local text = fingerprint.text("function to " .. set[id].text .. ".")
    local code = fingerprint.code(set[id].code .. " ")
    texts = texts + (in_texts:find(text, 1, true) and 1 or 0)
    codes = codes + (in_codes:find(code, 1, true) and 1 or 0)
  end
  return texts, codes
end

function tests.no_document_has_a_held_out_text_or_solution()
  local texts, codes = found_in_corpus(161, 260)
  assert(texts == 0 and codes == 0, texts .. " texts, " .. codes .. " solutions")
end

-- The check above would be worthless if it could not find anything.
function tests.the_check_finds_training_texts_and_solutions()
  local texts, codes = found_in_corpus(1, 160)
  assert(texts > 140 and codes > 140, texts .. " texts, " .. codes .. " solutions")
end

function tests.tracebacks_are_of_eight_kinds()
  local kinds, found, shown = {}, 0, 0
  for _, entry in ipairs(documents) do
    if entry.traceback ~= "" then
      shown = shown + 1
      local kind = entry.traceback:match("\n(%a+)[^\n]*\n$")
      found = found + (kinds[kind] and 0 or 1)
      kinds[kind] = (kinds[kind] or 0) + 1
    end
  end
  local percent = 100 * shown / #documents
  assert(percent > 7 and percent < 9, percent)
  for _, kind in ipairs { "AssertionError", "AttributeError", "IndexError", "KeyError",
                          "NameError", "SyntaxError", "TypeError", "ValueError" } do
    assert((kinds[kind] or 0) > 50, kind)
  end
end

function tests.the_same_seed_gives_the_same_corpus()
  local function corpus_of(seed)
    return written(function(path) corpus.write(path, { documents = 300, seed = seed }) end)
  end
  assert(corpus_of(5) == corpus_of(5))
  assert(corpus_of(5) ~= corpus_of(6))
end

function tests.greedy_decoding_is_predicted_between_45_and_55_percent()
  local rates = 0
  for _, line in ipairs(predict.lines()) do
    local greedy = tonumber(line:match("greedy ([%d.]+)"))
    if greedy then
      rates = rates + 1
      assert(greedy >= 45 and greedy <= 55, line)
    end
  end
  assert(rates == 2)
end

function tests.the_tokenizer_has_the_size_that_the_model_has()
  local tokenizer = contents(root .. "pipelines/nano/tokenizer.json")
  local _, tokens = tokenizer:match('"vocab": {(.-)\n    }'):gsub('": %d+', "")
  local _, merges = tokenizer:match('"merges": %[(.*)\n    %]'):gsub('\n      "', "")
  local size = contents(root .. "pipelines/nano/config.json"):match('"vocab_size": (%d+)')
  assert(tokens == tonumber(size) and merges == tokens - 257, tokens .. " " .. merges)
end

local names, failed = {}, 0
for name in pairs(tests) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  local ok, why = xpcall(tests[name], debug.traceback)
  print((ok and "ok      " or "FAILED  ") .. name .. (ok and "" or "\n" .. why))
  failed = failed + (ok and 0 or 1)
end
os.exit(failed == 0)
