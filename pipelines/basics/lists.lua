-- lists - problems about lists of numbers: choose and sum up, change each, take a part.
-- SPDX-License-Identifier: Apache-2.0

local inputs = require "basics.inputs"
local predicates = require "basics.predicates"

-- What is done with the numbers that fit: words, name and program.
local aggregates = {
  { "find the sum of the $what in a list", "sum", [=[
def $fn($a):
    @zero{$total}
    for $x in $a:
        if $cond:
            @add{$total|$x}
    return $total]=] },
  { "count the $what in a list", "count", [=[
def $fn($a):
    @zero{count}
    for $x in $a:
        if $cond:
            @inc{count}
    return count]=] },
  { "find the product of the $what in a list", "product", [=[
def $fn($a):
    @one{$total}
    for $x in $a:
        if $cond:
            @times{$total|$x}
    return $total]=] },
  { "list the $what in a list", "keep", [=[
def $fn($a):
    @empty{$out}
    for $x in $a:
        if $cond:
            @push{$out|$x}
    return $out]=] },
  { "remove the $what from a list", "remove", [=[
def $fn($a):
    return [$x for $x in $a if not ($cond)]]=] },
  { "check whether a list has $what", "has", [=[
def $fn($a):
    for $x in $a:
        if $cond:
            return @yes{}
    return @no{}]=], extreme = 20 },
  { "check whether a list has only $what", "only", [=[
def $fn($a):
    return @all{$cond for $x in $a}]=], extreme = 30 },
  { "find the largest of the $what in a list", "largest", [=[
def $fn($a):
    return @max{[$x for $x in $a if $cond]}]=] },
  { "find the sum of the squares of the $what in a list", "squares", [=[
def $fn($a):
    @zero{$total}
    for $x in $a:
        if $cond:
            @add{$total|@pow{$x|2}}
    return $total]=] },
}

-- Problems with one constant: words, name, program, least and greatest constant.
local simple = {
  { "add $k to each number in a list", "add_each", "[$x + $k for $x in $a]", 2, 30 },
  { "subtract $k from each number in a list", "subtract_each", "[$x - $k for $x in $a]", 2, 30 },
  { "multiply each number in a list by $k", "multiply_each", "[$x * $k for $x in $a]", 2, 15 },
  { "divide each number in a list by $k and round down", "divide_each",
    "[@floor{$x|$k} for $x in $a]", 2, 9 },
  { "find the remainder of each number in a list divided by $k", "remainder_each",
    "[$x % $k for $x in $a]", 2, 12 },
  { "raise each number in a list to the power $k", "power_each", "[@pow{$x|$k} for $x in $a]", 2, 4 },
  { "cap each number in a list at $k", "cap_each", "[min($x, $k) for $x in $a]", 3, 25 },
  { "raise each number in a list to at least $k", "lift_each", "[max($x, $k) for $x in $a]", 3, 25 },
  { "find the sum of a list times $k", "sum_times", "@sum{$a} * $k", 2, 15 },
  { "find the sum of a list plus $k", "sum_plus", "@sum{$a} + $k", 2, 30 },
  { "find the largest number of a list plus $k", "largest_plus", "@max{$a} + $k", 2, 30 },
  { "find the smallest number of a list times $k", "smallest_times", "@min{$a} * $k", 2, 15 },
  { "count how often $k occurs in a list", "count_of", "$a.count($k)", 1, 9 },
  { "check whether a list contains $k", "contains", "$k in $a", 1, 9 },
  { "check whether a list has more than $k numbers", "more_than", "@len{$a} > $k", 3, 6 },
  { "find the first $k numbers of a list", "first_of", "$a[:$k]", 1, 4 },
  { "find the last $k numbers of a list", "last_of", "$a[-$k:]", 1, 4 },
  { "remove the first $k numbers of a list", "drop_first", "$a[$k:]", 1, 4 },
  { "remove the last $k numbers of a list", "drop_last", "$a[:-$k]", 1, 4 },
  { "find the $k smallest numbers of a list", "smallest_of", "@sorted{$a}[:$k]", 1, 4 },
  { "find the $k largest numbers of a list", "largest_of", "@sorted{$a}[-$k:]", 1, 4 },
  { "sort a list and add $k to each number", "sort_add", "[$x + $k for $x in @sorted{$a}]", 2, 30 },
  { "sort a list and multiply each number by $k", "sort_multiply",
    "[$x * $k for $x in @sorted{$a}]", 2, 15 },
}

local function chosen(aggregate, group)
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
          return { inputs.list(inputs.mixed(r, pred, aggregate.extreme or 0)) }
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
        kinds = { "numbers" },
        inputs = function(r)
          local small = row[2] == "count_of" or row[2] == "contains"
          local fewest = row[2] == "more_than" and 2 or 4
          return { inputs.list(inputs.numbers(r, 1, small and 9 or 30, fewest, 7)) }
        end,
      }
    end,
  }
end

local families = {}
for _, aggregate in ipairs(aggregates) do
  for _, group in ipairs(predicates.groups) do
    families[#families + 1] = chosen(aggregate, group)
  end
end
for _, row in ipairs(simple) do
  families[#families + 1] = plain(row)
end
return families
