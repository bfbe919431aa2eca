-- bbh - BIG-Bench Hard (Suzgun et al. 2022): 27 kinds of questions, answered in words. Data: the
-- publishers' folders as bbh/*.json and bbh/cot-prompts/*.txt. For evaluation alone: the files ask
-- not to be trained on, so that there is no part train.
--
-- bbh.cot "navigate" puts the publishers' three worked examples before each question, which the
-- model continues with its own steps; bbh.direct "navigate" puts the same three there with their
-- answers alone. Without a name they are all 27, one after the other, and bbh itself is
-- bbh.direct(). What the model wrote is compared with the answer by bbh/match.lua.
-- SPDX-License-Identifier: Apache-2.0

local task = require "tasks.task"

local here = debug.getinfo(1, "S").source:sub(2):match "^(.*)bbh%.lua$"

local names = {
  "boolean_expressions",
  "causal_judgement",
  "date_understanding",
  "disambiguation_qa",
  "dyck_languages",
  "formal_fallacies",
  "geometric_shapes",
  "hyperbaton",
  "logical_deduction_five_objects",
  "logical_deduction_seven_objects",
  "logical_deduction_three_objects",
  "movie_recommendation",
  "multistep_arithmetic_two",
  "navigate",
  "object_counting",
  "penguins_in_a_table",
  "reasoning_about_colored_objects",
  "ruin_names",
  "salient_translation_error_detection",
  "snarks",
  "sports_understanding",
  "temporal_sequences",
  "tracking_shuffled_objects_five_objects",
  "tracking_shuffled_objects_seven_objects",
  "tracking_shuffled_objects_three_objects",
  "web_of_lies",
  "word_sorting",
}

local known = {}
for _, name in ipairs(names) do
  known[name] = true
end

local steps = "\nA: Let's think step by step."

-- How a question ends, what is asked of the model, and what a right answer would be.
local styles = {
  direct = { after = "\nA:", reference = " {target}" },
  cot = { after = steps, reference = " So the answer is {target}." },
}

-- Worked examples with their answers alone: the steps go, and the last "the answer is" stays.
local function answers_alone(examples)
  return (examples:gsub("(\nA:)(.-)(\n\nQ: )", function(start, answer, rest)
    return start .. " " .. answer:match "^.*the answer is (.-)%.?%s*$" .. rest
  end))
end

-- The publishers' text above its questions and the questions with their answers, without the lines
-- that keep it out of corpora.
local function examples_of(name, style)
  local path = data("bbh/cot-prompts/" .. name .. ".txt")
  local file = io.open(path)
  if not file and offline then
    return "Q: "
  end
  assert(file, path)
  local text = file:read "a"
  file:close()
  local body = text:match "\n%-%-%-%-%-\n(.*)$" or error(path .. ": there is no line -----", 0)
  local examples = body:match "^(.-)%s*$" .. "\n\nQ: "
  return style == "direct" and answers_alone(examples) or examples
end

local function evaluator(style)
  return function(options)
    local all = { file = here .. "bbh/match.lua", ["function"] = style }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return stage "evaluator.lua" (all)
  end
end

-- name: one of the names, or nil for a file of the user's, whose questions stand alone.
local function define(name, style, find)
  return task.define {
    find = find or function()
      return data("bbh/" .. name .. ".json")
    end,
    schema = "question",
    parts = { test = "", all = "" },
    post = { "\nQ:" },
    max_length = 2048,
    options = function()
      return {
        before = name and examples_of(name, style) or "Q: ",
        after = styles[style].after,
        id_prefix = name and name .. "/",
        reference = styles[style].reference,
      }
    end,
    evaluator = evaluator(style),
  }
end

-- All of them: its parts are the parts of each in a row.
local function define_all(style)
  local whole = {
    parts = { "all", "test" },
    post = { "\nQ:" },
    max_length = 2048,
    evaluator = evaluator(style),
  }
  function whole.from(file)
    return define(nil, style, function()
      return file
    end)
  end
  local function join(part)
    local joined
    for _, name in ipairs(names) do
      local source = define(name, style)[part]
      joined = joined and joined .. source or source
    end
    return joined
  end
  return setmetatable(whole, {
    __index = function(_, part)
      if part == "test" or part == "all" then
        whole[part] = join(part)
      end
      return rawget(whole, part)
    end,
  })
end

local function shared_beginning(a, b)
  local n = 0
  while n < #a and a:byte(n + 1) == b:byte(n + 1) do
    n = n + 1
  end
  return n
end

-- The three names that begin most like the word.
local function nearest(word)
  local sorted = table.move(names, 1, #names, 1, {})
  table.sort(sorted, function(a, b)
    local x, y = shared_beginning(word, a), shared_beginning(word, b)
    return x > y or x == y and a < b
  end)
  return table.concat(sorted, ", ", 1, 3)
end

local function choose(style)
  return function(name)
    if name ~= nil and not known[name] then
      local said = "bbh.%s: there is no %s; of the %d names, the nearest are %s"
      error(said:format(style, name, #names, nearest(tostring(name))), 2)
    end
    return name and define(name, style) or define_all(style)
  end
end

local bbh = define_all "direct"
bbh.direct = choose "direct"
bbh.cot = choose "cot"
bbh.names = names
return bbh
