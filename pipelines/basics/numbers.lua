-- numbers - problems about the digits of a number and the numbers up to one.
-- SPDX-License-Identifier: Apache-2.0

local predicates = require "basics.predicates"

local digit_aggregates = {
  { "find the sum of the $what in a number", "sum_digits", [=[
def $fn($a):
    @zero{$total}
    for $x in @digits{$a}:
        if $cond:
            @add{$total|@int{$x}}
    return $total]=] },
  { "list the $what in a number", "keep_digits", [=[
def $fn($a):
    return [int($x) for $x in @digits{$a} if $cond]]=] },
}

local upto_aggregates = {
  { "find the sum of the $what from 1 to n", "sum_upto", [=[
def $fn($a):
    @zero{$total}
    for $x in @upto{$a}:
        if $cond:
            @add{$total|$x}
    return $total]=] },
  { "list the $what from 1 to n", "list_upto", [=[
def $fn($a):
    return [$x for $x in @upto{$a} if $cond]]=] },
}

local upto_simple = {
  { "list the numbers from 1 to n times $k", "times_upto", "[$x * $k for $x in @upto{$a}]", 2, 15 },
  { "list the numbers from 1 to n plus $k", "plus_upto", "[$x + $k for $x in @upto{$a}]", 2, 30 },
}

local arithmetic = {
  { "multiply a number by $k", "multiply_by", "$a * $k", 2, 30 },
  { "divide a number by $k and round down", "divide_by", "@floor{$a|$k}", 2, 9 },
  { "check whether a number is divisible by $k", "is_divisible", "$a % $k == 0", 2, 12 },
  { "check whether a number is greater than $k", "is_above", "$a > $k", 3, 28 },
  { "check whether a number is less than $k", "is_below", "$a < $k", 3, 28 },
  { "raise a number to the power $k", "power_of", "@pow{$a|$k}", 2, 5 },
}

local function digits(aggregate, group)
  return {
    name = aggregate[2] .. "/" .. group,
    draw = function(rng)
      local pred = predicates[group](rng)
      return {
        text = aggregate[1]:gsub("%$what", pred.before .. "digits" .. pred.after),
        fn = aggregate[2] .. "_" .. pred.name,
        code = aggregate[3],
        vars = { cond = pred.cond },
        kinds = { "number", element = "digit" },
        inputs = function(r)
          local list = { pred.hit(r), pred.miss(r), pred.hit(r), r:int(1, 9), r:int(1, 9) }
          return { table.concat(r:shuffle(list)) }
        end,
      }
    end,
  }
end

local function upto(aggregate, group)
  return {
    name = aggregate[2] .. "/" .. group,
    draw = function(rng)
      local pred = predicates[group](rng)
      return {
        text = aggregate[1]:gsub("%$what", pred.before .. "numbers" .. pred.after),
        fn = aggregate[2] .. "_" .. pred.name,
        code = aggregate[3],
        vars = { cond = pred.cond },
        kinds = { "number" },
        -- the last number of the range fits, so that leaving it out shows
        inputs = function(r) return { tostring(pred.hit(r)) } end,
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
        kinds = { "number" },
        inputs = function(r)
          local most = row[2]:find("upto") and 7 or row[2] == "power_of" and 9 or 40
          if row[2] == "is_divisible" and r:percent(50) then
            return { tostring(k * r:int(1, 5)) }
          end
          return { tostring(r:int(2, most)) }
        end,
      }
    end,
  }
end

local families = {}
for _, aggregate in ipairs(digit_aggregates) do
  for _, group in ipairs { "digit_parity", "digit_compare", "digit_divisible" } do
    families[#families + 1] = digits(aggregate, group)
  end
end
for _, aggregate in ipairs(upto_aggregates) do
  for _, group in ipairs { "parity", "compare", "divisible" } do
    families[#families + 1] = upto(aggregate, group)
  end
end
for _, rows in ipairs { upto_simple, arithmetic } do
  for _, row in ipairs(rows) do
    families[#families + 1] = plain(row)
  end
end
return families
