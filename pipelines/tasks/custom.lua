-- custom - a task of the user's own, made of a file of problems:
--
--   local mine = require "tasks.custom" { file = "mine.jsonl", train = 80, test = 20 }
--
-- The file has an object a line; its fields and all settings are told in this folder's README.
-- SPDX-License-Identifier: Apache-2.0

local task = require "tasks.task"

local splits = { "train", "validation", "test" } -- in the order in which counts take problems
local known = {
  file = "string",
  train = "split",
  validation = "split",
  test = "split",
  post = "table",
  max_length = "number",
  schema = "string",
  evaluator = "function",
}

local function is_split(value)
  return type(value) == "string" or math.type(value) == "integer" and value > 0
end

-- What is wrong with one setting, or nil.
local function fault(name, value)
  local wanted = known[name]
  if not wanted then
    return ('there is no setting "%s"; there are evaluator, file, max_length, post, schema, test, '
      .. "train and validation"):format(name)
  elseif wanted == "split" and not is_split(value) then
    return ('%s must be ids, as in "1-80", or a count, not %s'):format(name, tostring(value))
  elseif wanted ~= "split" and type(value) ~= wanted then
    return ("%s must be a %s, not %s"):format(name, wanted, tostring(value))
  end
end

-- Ids and counts by the names of the splits. Counts take problems in the order of the file.
local function read_splits(settings)
  local parts, counts, first = { all = "" }, {}, 1
  for _, name in ipairs(splits) do
    local split = settings[name]
    parts[name] = split
    if math.type(split) == "integer" then
      counts[name] = split
      parts[name] = ("%d-%d"):format(first, first + split - 1)
      first = first + split
    end
  end
  return parts, counts
end

local function mixes(parts, counts)
  for _, name in ipairs(splits) do
    if parts[name] and next(counts) and not counts[name] then
      return true
    end
  end
end

-- What is wrong with the settings, or nil.
local function check(settings)
  if type(settings) ~= "table" then
    return 'settings must be a table, as in { file = "mine.jsonl" }'
  end
  for name, value in pairs(settings) do
    local problem = fault(name, value)
    if problem then
      return problem
    end
  end
  if not settings.file then
    return "file must be set: the problems, one JSON object a line"
  elseif mixes(read_splits(settings)) then
    return "train, validation and test must be all ids or all counts"
  end
end

-- The file as it is named, or in the data folder.
local function find(name)
  return exists(name) and name or data(name)
end

local function make(settings)
  local parts, counts = read_splits(settings)
  return task.define {
    find = function()
      return find(settings.file)
    end,
    schema = settings.schema or "generic",
    parts = parts,
    counts = counts,
    post = settings.post,
    max_length = settings.max_length,
    evaluator = settings.evaluator,
  }
end

local custom = {
  evaluator = function(options)
    return stage "evaluator.python" (options or {})
  end,
  from = function(file)
    return make { file = file }
  end,
}

return setmetatable(custom, {
  __call = function(_, settings)
    local problem = check(settings)
    if problem then
      error("tasks.custom: " .. problem, 2)
    end
    return make(settings)
  end,
  __index = function(_, part)
    if part == "all" or part == "train" or part == "validation" or part == "test" then
      error("tasks.custom: the file of problems must be named: --problems FILE", 0)
    end
  end,
})
