-- task - what the tasks have in common: named parts of a data set, made when they are asked for.
--
-- A task is a table: train, validation, test, all (sources of problems), post (the cut: a program
-- ends before the first of these), max_length (tokens of prompt and program that the method allows)
-- and evaluator (a function from options to a stage). from(file) gives the same task on another
-- file. What else a task has, such as mbpp.shots(3), is its own business.
-- SPDX-License-Identifier: Apache-2.0

local function python(options)
  return stage "evaluator.python" (options or {})
end

local function add(options, more)
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

-- The source of the problems of a part.
local function make_part(description, find, part)
  local more = description.options
  if type(more) == "function" then
    more = more()
  end
  return stage "source.jsonl" (add({
    file = find(),
    schema = description.schema,
    ids = description.parts[part],
    count = (description.counts or {})[part],
  }, more))
end

-- The sorted keys of a table.
local function names_of(table_of_parts)
  local names = {}
  for name in pairs(table_of_parts) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- find: names the data set's file. schema: see `leti inspect source.jsonl`. parts: the ids of each
-- part by its name; "" takes all. counts: how many problems there must be in a part. post, max_length: as above. options: what else the source is told,
-- a table or a function that makes one. evaluator: evaluator.python if not given.
-- families: functions from find and an argument to another task, or to nil and what is wrong;
-- members: the same without the argument. task.NAME(argument) and task.NAME call them.
local function define(description)
  local function on(find)
    local task = {
      parts = names_of(description.parts),
      post = description.post,
      max_length = description.max_length,
      evaluator = description.evaluator or python,
      from = function(file)
        return on(function()
          return file
        end)
      end,
    }
    for name, family in pairs(description.families or {}) do
      task[name] = function(argument)
        local made, problem = family(find, argument)
        return made or error(name .. ": " .. problem, 2)
      end
    end
    local function get(_, key)
      local member = (description.members or {})[key]
      if description.parts[key] then
        task[key] = make_part(description, find, key)
      elseif member then
        task[key] = member(find)
      end
      return rawget(task, key)
    end
    return setmetatable(task, { __index = get })
  end
  return on(description.find)
end

-- One step of a name: "sanitized" is task.sanitized, "shots=3" is task.shots(3).
local function step(name, task, key, argument)
  local value = task[key]
  if type(value) == "function" and key ~= "evaluator" then
    local good, made = pcall(value, argument ~= "" and (tonumber(argument) or argument) or nil)
    value = good and made or error(("task %s: %s"):format(name, made:gsub("^%S+:%d+: ", "")), 0)
  elseif argument ~= "" then
    error(("task %s: %s takes no value"):format(name, key), 0)
  end
  if type(value) ~= "table" or not value.evaluator then
    error(("task %s: there is no %s"):format(name, key), 0)
  end
  return value
end

-- The task that a command line names: "mbpp", "mbpp:shots=3", "mbpp:sanitized:shots=1".
local function named(name)
  local module, rest = name:match "^([^:]*)(.*)$"
  local task = require("tasks." .. module)
  for word in rest:gmatch ":([^:]*)" do
    local key, argument = word:match "^([^=]*)=?(.*)$"
    task = step(name, task, key, argument)
  end
  return task
end

-- A task's problems by the name of the part; an error says which parts there are.
local function part(task, name)
  if type(name) == "string" and name:find "^[%w_-]+$" then
    for _, known in ipairs(task.parts or { name }) do
      if known == name and task[name] then
        return task[name]
      end
    end
  end
  local known = task.parts and "; there are " .. table.concat(task.parts, ", ") or ""
  error(('the task has no part "%s"%s'):format(name, known), 0)
end

return { define = define, named = named, part = part }
