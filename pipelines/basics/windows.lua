-- windows - problems about neighbours in a list: windows and numbers some places apart.
-- SPDX-License-Identifier: Apache-2.0

local inputs = require "basics.inputs"

-- Each with its size: words, name, program.
local sized = {
  { "find the sum of each window of $k numbers in a list", "window_sum",
    "[sum($a[i:i + $k]) for i in @win{$a|$k}]" },
  { "find the largest number of each window of $k numbers in a list", "window_max",
    "[max($a[i:i + $k]) for i in @win{$a|$k}]" },
  { "find the smallest number of each window of $k numbers in a list", "window_min",
    "[min($a[i:i + $k]) for i in @win{$a|$k}]" },
  { "list each window of $k numbers in a list", "windows",
    "[$a[i:i + $k] for i in @win{$a|$k}]" },
  { "add the numbers that are $k places apart in a list", "apart_sum",
    "[$a[i] + $a[i + $k] for i in @lag{$a|$k}]" },
  { "multiply the numbers that are $k places apart in a list", "apart_product",
    "[$a[i] * $a[i + $k] for i in @lag{$a|$k}]" },
  { "subtract the numbers that are $k places apart in a list", "apart_difference",
    "[$a[i] - $a[i + $k] for i in @lag{$a|$k}]" },
  { "find the larger of the numbers that are $k places apart in a list", "apart_max",
    "[max($a[i], $a[i + $k]) for i in @lag{$a|$k}]" },
  { "find the smaller of the numbers that are $k places apart in a list", "apart_min",
    "[min($a[i], $a[i + $k]) for i in @lag{$a|$k}]" },
  { "list every number of a list that comes $k places after the last", "every",
    "$a[::$k]" },
}

local function family(row)
  return {
    name = row[2],
    draw = function(rng)
      local k = rng:int(2, 5)
      return {
        text = row[1]:gsub("%$k", k),
        fn = row[2],
        code = "def $fn($a):\n    return " .. row[3],
        vars = { k = tostring(k) },
        kinds = { "numbers" },
        inputs = function(r)
          return { inputs.list(inputs.numbers(r, 1, 15, k + 1, math.max(k + 2, 5))) }
        end,
      }
    end,
  }
end

local families = {}
for _, row in ipairs(sized) do
  families[#families + 1] = family(row)
end
return families
