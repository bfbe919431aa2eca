-- task - what the tasks have in common: named parts of a data set, made when they are asked for.
--
-- A task is a table: train, validation, test, all (sources of problems), post (the cut: a program
-- ends before the first of these), max_length where the task has one, and evaluator (a function from
-- options to a stage). from(file) gives the same task on another file.
-- SPDX-License-Identifier: Apache-2.0

local function python(options)
  return stage "evaluator.python" (options or {})
end

-- find: gives the data set's file. parts: ids of each part; "" takes all. evaluator:
-- evaluator.python if not given.
local function define(description)
  local function on(file)
    local task = {
      post = description.post,
      max_length = description.max_length,
      from = on,
      evaluator = description.evaluator or python,
    }
    return setmetatable(task, {
      __index = function(_, part)
        local ids = description.parts[part]
        if not ids then
          return nil
        end
        task[part] = stage "source.jsonl" {
          file = file or description.find(),
          schema = description.schema,
          ids = ids,
        }
        return task[part]
      end,
    })
  end
  return on(nil)
end

return { define = define }
