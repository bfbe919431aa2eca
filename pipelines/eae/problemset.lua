-- problemset - sentences to problems: the prompt, the check, the reference.
-- SPDX-License-Identifier: Apache-2.0

local json = require "basics.json"
local ontology = require "eae.ontology"
local prompt = require "eae.prompt"
local sentences = require "eae.sentences"

local problemset = {}

problemset.tested = 4 -- the last ones of each type

-- ---- sentences ----

local function role_of(event, name)
  for i, role in ipairs(event.roles) do
    if role.name == name then
      return role, i
    end
  end
  error(("%s has no role %s"):format(event.name, name))
end

local function check_kind(role, kind)
  for _, allowed in ipairs(role.kinds) do
    if allowed == kind then
      return
    end
  end
  error(("%s is filled by no %s"):format(role.name, kind))
end

-- "{agent:Person|Two porters} *hauled*" to the plain text with its trigger marked, and the
-- arguments in the order of the event's roles.
local function parse(event, marked)
  local arguments = {}
  local text = marked:gsub("{(%l+):?(%a*)|([^}]+)}", function(name, kind, words)
    local role, order = role_of(event, name)
    kind = kind == "" and role.kinds[1] or kind
    check_kind(role, kind)
    arguments[#arguments + 1] = { role = name, kind = kind, text = words, order = order,
                                  place = #arguments }
    return words
  end)
  table.sort(arguments, function(a, b)
    return a.order < b.order or (a.order == b.order and a.place < b.place)
  end)
  assert(not text:find("[{}|\"\\#]"), text)
  local again, triggers = text:gsub("%*(%l+)%*", "**%1**")
  assert(triggers == 1, text)
  return again, arguments
end

-- ---- problems ----

-- One line a role that has arguments: format(argument) for each, in brackets.
local function by_role(arguments, line, format)
  local lines, items = {}, {}
  for i, argument in ipairs(arguments) do
    items[#items + 1] = format(argument)
    if not arguments[i + 1] or arguments[i + 1].role ~= argument.role then
      lines[#lines + 1] = line:format(argument.role, table.concat(items, ", "))
      items = {}
    end
  end
  return table.concat(lines)
end

local function reference(arguments)
  return "\n" .. by_role(arguments, "    %s=[%s],\n", function(argument)
    return ('%s("%s")'):format(argument.kind, argument.text)
  end) .. ")"
end

-- What is expected stands in the text for f1.sql too.
local function tests(event, arguments)
  return ("# %d expected\nwrong = check_event(%s, \"%s\", {\n%s})\nassert not wrong, wrong"):format(
    #arguments, prompt.variable(event), event.name,
    by_role(arguments, '    "%s": [%s],\n', function(argument)
      return ('"%s"'):format(argument.text)
    end))
end

local function problem(event, number)
  local text, arguments = parse(event, sentences[event.name][number])
  return {
    id = ("%s-%d"):format(event.name:lower(), number),
    event = event,
    text = text,
    arguments = arguments,
    prompt = prompt.of(event, text),
    tests = tests(event, arguments),
    reference = reference(arguments),
  }
end

-- The training split, then the test split; the types take turns in both.
function problemset.all()
  local list = { train = 0 }
  for number = 1, #sentences[ontology.events[1].name] do
    for _, event in ipairs(ontology.events) do
      list[#list + 1] = problem(event, number)
      list.train = #sentences[event.name] - number >= problemset.tested and #list or list.train
    end
  end
  return list
end

function problemset.write(path)
  local file <close> = assert(io.open(path, "w"))
  for _, problem in ipairs(problemset.all()) do
    assert(file:write('{"id": ', json.string(problem.id), ', "prompt": ',
                      json.string(problem.prompt), ', "tests": ', json.string(problem.tests),
                      ', "reference": ', json.string(problem.reference), '}\n'))
  end
  assert(file:close())
end

return problemset
