-- predicates - the conditions that problems put on numbers, by group.
--
-- A group's function draws one predicate: its words, its name in a function's
-- name, its condition as a template over $x, and numbers that do and do not fit.
-- SPDX-License-Identifier: Apache-2.0

local predicates = {}

-- A predicate from a test in Lua and the range that its numbers come from.
local function predicate(before, after, name, cond, fits, lo, hi)
  local function draw(wanted)
    return function(rng)
      for _ = 1, 500 do
        local number = rng:int(lo, hi)
        if number ~= 0 and fits(number) == wanted then
          return number
        end
      end
      error("no number for the predicate " .. name)
    end
  end
  return { before = before, after = after, name = name, cond = cond, fits = fits,
           hit = draw(true), miss = draw(false) }
end

function predicates.parity(rng)
  if rng:percent(50) then
    return predicate("even ", "", "even", "$x % 2 == 0", function(x) return x % 2 == 0 end, 1, 30)
  end
  return predicate("odd ", "", "odd", "$x % 2 == 1", function(x) return x % 2 == 1 end, 1, 30)
end

function predicates.sign(rng)
  if rng:percent(50) then
    return predicate("positive ", "", "positive", "$x > 0", function(x) return x > 0 end, -15, 15)
  end
  return predicate("negative ", "", "negative", "$x < 0", function(x) return x < 0 end, -15, 15)
end

function predicates.compare(rng)
  local k = rng:int(3, 28)
  local lo, hi = math.max(1, k - 15), k + 15
  if rng:percent(50) then
    return predicate("", " greater than " .. k, "above", "$x > " .. k,
                     function(x) return x > k end, lo, hi)
  end
  return predicate("", " less than " .. k, "below", "$x < " .. k,
                   function(x) return x < k end, lo, hi)
end

function predicates.bound(rng)
  local k = rng:int(3, 28)
  local lo, hi = math.max(1, k - 15), k + 15
  if rng:percent(50) then
    return predicate("", " that are at least " .. k, "at_least", "$x >= " .. k,
                     function(x) return x >= k end, lo, hi)
  end
  return predicate("", " that are at most " .. k, "at_most", "$x <= " .. k,
                   function(x) return x <= k end, lo, hi)
end

function predicates.divisible(rng)
  local k = rng:int(3, 12)
  return predicate("", " divisible by " .. k, "divisible", "$x % " .. k .. " == 0",
                   function(x) return x % k == 0 end, 1, 4 * k)
end

function predicates.between(rng)
  local a = rng:int(2, 14)
  local b = a + rng:int(4, 14)
  return predicate("", " between " .. a .. " and " .. b, "between",
                   "@both{$x > " .. a .. "|$x < " .. b .. "}",
                   function(x) return x > a and x < b end, 1, b + 12)
end

-- The same conditions on one digit.
function predicates.digit_parity(rng)
  if rng:percent(50) then
    return predicate("even ", "", "even", "@int{$x} % 2 == 0",
                     function(x) return x % 2 == 0 end, 1, 9)
  end
  return predicate("odd ", "", "odd", "@int{$x} % 2 == 1", function(x) return x % 2 == 1 end, 1, 9)
end

function predicates.digit_compare(rng)
  local k = rng:int(2, 7)
  if rng:percent(50) then
    return predicate("", " greater than " .. k, "above", "@int{$x} > " .. k,
                     function(x) return x > k end, 1, 9)
  end
  return predicate("", " less than " .. k, "below", "@int{$x} < " .. k,
                   function(x) return x < k end, 1, 9)
end

function predicates.digit_divisible(rng)
  local k = rng:int(2, 4)
  return predicate("", " divisible by " .. k, "divisible", "@int{$x} % " .. k .. " == 0",
                   function(x) return x % k == 0 end, 1, 9)
end

predicates.groups = { "parity", "sign", "compare", "divisible", "between" }

return predicates
