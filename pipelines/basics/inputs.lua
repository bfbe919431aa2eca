-- inputs - random arguments for the problems' asserts, as Python literals.
-- SPDX-License-Identifier: Apache-2.0

local inputs = {}

inputs.words = {
  "red", "blue", "green", "apple", "pear", "fig", "big", "small", "dog", "cat", "bird", "horse",
  "sun", "moon", "star", "river", "lake", "sea", "tree", "leaf", "stone", "gold", "iron", "bread",
  "milk", "tea", "salt", "house", "door", "table", "lamp", "book", "paper", "pen", "we", "go",
  "up", "at", "road", "train", "yellow", "orange", "garden", "window", "summer", "winter",
}

function inputs.quote(text)
  return '"' .. text .. '"'
end

function inputs.list(items)
  return "[" .. table.concat(items, ", ") .. "]"
end

-- Five or six numbers, some that fit the predicate and some that do not.
-- extreme is the chance in percent that all fit, and that none does.
function inputs.mixed(rng, pred, extreme)
  local count = rng:int(4, 6)
  local fits = rng:int(2, count - 2)
  local dice = rng:int(1, 100)
  if dice <= extreme then
    fits = count
  elseif dice <= 2 * extreme then
    fits = 0
  end
  local items = {}
  for i = 1, count do
    items[i] = i <= fits and pred.hit(rng) or pred.miss(rng)
  end
  return rng:shuffle(items)
end

function inputs.numbers(rng, lo, hi, fewest, most)
  local items = {}
  for i = 1, rng:int(fewest or 4, most or 6) do
    items[i] = rng:int(lo, hi)
  end
  return items
end

-- Words of which some fit the predicate and some do not.
function inputs.some_words(rng, fits, extreme)
  return inputs.mixed(rng, {
    hit = function() return inputs.word(rng, fits, true) end,
    miss = function() return inputs.word(rng, fits, false) end,
  }, extreme)
end

-- A word for which fits(word) is as wanted; any word when there is none.
function inputs.word(rng, fits, wanted)
  for _ = 1, 200 do
    local word = rng:pick(inputs.words)
    if fits(word) == wanted then
      return word
    end
  end
  return rng:pick(inputs.words)
end

-- A dictionary from three words to the given three numbers.
function inputs.dictionary(rng, numbers)
  local words, entries = rng:shuffle({ table.unpack(inputs.words) }), {}
  local i = 0
  for _, number in ipairs(numbers) do
    repeat
      i = i + 1
    until #words[i] > 2
    entries[#entries + 1] = inputs.quote(words[i]) .. ": " .. number
  end
  return "{" .. table.concat(entries, ", ") .. "}"
end

return inputs
