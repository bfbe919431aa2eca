-- tables - problems about dictionaries and about how often something occurs.
-- SPDX-License-Identifier: Apache-2.0

local inputs = require "basics.inputs"
local predicates = require "basics.predicates"

local aggregates = {
  { "list the keys of a dictionary with $what", "keys", [=[
def $fn($a):
    return [$key for $key, $x in @items{$a} if $cond]]=] },
  { "find the sum of the $what of a dictionary", "sum_values", [=[
def $fn($a):
    @zero{$total}
    for $x in @values{$a}:
        if $cond:
            @add{$total|$x}
    return $total]=] },
}

local occurrences = {
  { "count how often each of the $what occurs in a list", "tally", [=[
def $fn($a):
    @dict{counts}
    for $x in $a:
        if $cond:
            counts[$x] = @tally{counts|$x}
    return counts]=] },
}

local simple = {
  { "add $k to each value of a dictionary", "add_values",
    "{$key: $x + $k for $key, $x in @items{$a}}", 2, 30 },
  { "multiply each value of a dictionary by $k", "multiply_values",
    "{$key: $x * $k for $key, $x in @items{$a}}", 2, 15 },
  { "find the sum of the values of a dictionary times $k", "values_times",
    "sum(@values{$a}) * $k", 2, 15 },
  { "find the sum of the values of a dictionary plus $k", "values_plus",
    "sum(@values{$a}) + $k", 2, 30 },
}

local function valued(aggregate, group)
  return {
    name = aggregate[2] .. "/" .. group,
    draw = function(rng)
      local pred = predicates[group](rng)
      local text = pred.before .. "values" .. pred.after
      return {
        text = aggregate[1]:gsub("%$what", text),
        fn = aggregate[2] .. "_" .. pred.name,
        code = aggregate[3],
        vars = { cond = pred.cond },
        kinds = { "dictionary" },
        inputs = function(r)
          local values = r:shuffle { pred.hit(r), pred.miss(r), pred.hit(r) }
          return { inputs.dictionary(r, values) }
        end,
      }
    end,
  }
end

local function counted(aggregate, group)
  return {
    name = aggregate[2] .. "/" .. group,
    draw = function(rng)
      local pred = predicates[group](rng)
      return {
        text = aggregate[1]:gsub("%$what", pred.before .. "numbers" .. pred.after),
        fn = aggregate[2] .. "_" .. pred.name,
        code = aggregate[3],
        vars = { cond = pred.cond },
        kinds = { "numbers" },
        inputs = function(r)
          local twice = pred.hit(r)
          return { inputs.list(r:shuffle { twice, pred.hit(r), twice, pred.miss(r) }) }
        end,
      }
    end,
  }
end

local function plain(row)
  return {
    name = row[2],
    draw = function(rng)
      local k = rng:int(row[4], row[5])
      return {
        text = row[1]:gsub("%$k", k),
        fn = row[2],
        code = "def $fn($a):\n    return " .. row[3],
        vars = { k = tostring(k) },
        kinds = { "dictionary" },
        inputs = function(r)
          return { inputs.dictionary(r, inputs.numbers(r, 1, 20, 2, 3)) }
        end,
      }
    end,
  }
end

local families = {}
for _, group in ipairs { "parity", "compare", "bound", "divisible" } do
  for _, aggregate in ipairs(aggregates) do
    families[#families + 1] = valued(aggregate, group)
  end
  families[#families + 1] = counted(occurrences[1], group)
end
for _, row in ipairs(simple) do
  families[#families + 1] = plain(row)
end
return families
