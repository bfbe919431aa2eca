-- prng - a small random generator with the same stream on every machine.
--
-- math.random may differ between builds of Lua; the corpus may not. SplitMix64
-- (Steele, Lea, Flood 2014), on Lua's 64-bit integers, which wrap as it needs.
-- SPDX-License-Identifier: Apache-2.0

local prng = {}
prng.__index = prng

function prng.new(seed)
  return setmetatable({ state = seed }, prng)
end

-- 64 random bits.
function prng:next()
  self.state = self.state + 0x9E3779B97F4A7C15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

-- An integer in lo..hi, both included.
function prng:int(lo, hi)
  return lo + (self:next() >> 1) % (hi - lo + 1)
end

-- True with the given chance in percent.
function prng:percent(chance)
  return self:int(1, 100) <= chance
end

function prng:pick(list)
  return list[self:int(1, #list)]
end

-- Shuffles the list in place and returns it.
function prng:shuffle(list)
  for i = #list, 2, -1 do
    local j = self:int(1, i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

return prng
