-- constructs - the pieces of Python that programs are made of, right and wrong.
--
-- A template names its variables as $x and its constructs as @name{args}. Each
-- construct has a right form and a wrong one. Constructs marked as a habit are
-- mostly written the wrong way in the corpus: a model that imitates it makes
-- the same mistake whenever it decodes greedily, and knows the cure all the
-- same. The wrong forms of the others only occur as random slips.
-- SPDX-License-Identifier: Apache-2.0

local constructs = {}

local function habit(right, wrong)
  return { right = right, wrong = wrong, habit = true }
end

local function slip(right, wrong)
  return { right = right, wrong = wrong, habit = false }
end

constructs.table = {
  -- habits
  inc = habit("$1 += 1", "$1++"),                             -- SyntaxError
  both = habit("$1 and $2", "$1 && $2"),                      -- SyntaxError
  one = habit("$1 = 1", "$1 = 0"),                            -- AssertionError
  pow = habit("$1 ** $2", "$1 ^ $2"),                         -- AssertionError
  upto = habit("range(1, $1 + 1)", "range($1)"),              -- AssertionError
  lag = habit("range(len($1) - $2)", "range(len($1))"),       -- IndexError
  yes = habit("True", "true"),                                -- NameError
  sorted = habit("sorted($1)", "$1.sort()"),                  -- TypeError
  digits = habit("str($1)", "$1"),                            -- TypeError
  joined = habit('" ".join($1)', '$1.join(" ")'),             -- AttributeError
  items = habit("$1.items()", "$1"),                          -- ValueError
  tally = habit("$1.get($2, 0) + 1", "$1[$2] + 1"),           -- KeyError
  -- slips
  win = slip("range(len($1) - $2 + 1)", "range(len($1))"),
  zero = slip("$1 = 0", "$1 = []"),
  empty = slip("$1 = []", "$1 = {}"),
  dict = slip("$1 = {}", "$1 = []"),
  push = slip("$1.append($2)", "$1.add($2)"),
  add = slip("$1 += $2", "$1 =+ $2"),
  times = slip("$1 *= $2", "$1 = $2"),
  no = slip("False", "false"),
  max = slip("max($1)", "$1.max()"),
  min = slip("min($1)", "$1.min()"),
  all = slip("all($1)", "every($1)"),
  sum = slip("sum($1)", "$1.sum()"),
  split = slip("$1.split()", "split($1)"),
  len = slip("len($1)", "$1.length"),
  int = slip("int($1)", "$1"),
  starts = slip("$1.startswith($2)", "$1.startsWith($2)"),
  ends = slip("$1.endswith($2)", "$1.endsWith($2)"),
  values = slip("$1.values()", "$1.values"),
  floor = slip("$1 // $2", "$1 / $2"),
  upper = slip("$1.upper()", "$1.toUpper()"),
  rev = slip("$1[::-1]", "$1.reverse()"),
  replace = slip("$1.replace($2, $3)", "replace($1, $2, $3)"),
}

-- Puts the variables into a template; their values may name further variables.
function constructs.expand(template, vars)
  local found
  repeat
    template, found = template:gsub("%$(%a+)", function(name)
      return vars[name] or error("template names no variable: " .. name)
    end)
  until found == 0
  return template
end

-- The names of the constructs in a template, each once, in order of appearance.
function constructs.names(template)
  local names, seen = {}, {}
  for name in template:gmatch("@(%a+){") do
    if not constructs.table[name] then
      error("no such construct: " .. name)
    end
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

-- The habits among the constructs of a template.
function constructs.habits(template)
  local habits = {}
  for _, name in ipairs(constructs.names(template)) do
    if constructs.table[name].habit then
      habits[#habits + 1] = name
    end
  end
  return habits
end

-- Writes out an expanded template; wrong[name] is true where the wrong form is wanted.
function constructs.write(template, wrong)
  local function form(name, args)
    local parts = {}
    for part in (args .. "|"):gmatch("([^|]*)|") do
      parts[#parts + 1] = part
    end
    local construct = constructs.table[name]
    local text = wrong[name] and construct.wrong or construct.right
    return (text:gsub("%$(%d)", function(i) return parts[tonumber(i)] end))
  end
  local found
  repeat
    template, found = template:gsub("@(%a+){([^{}@]*)}", form)
  until found == 0
  return template
end

return constructs
