-- words - problems about the words of a sentence and the letters of a word.
-- SPDX-License-Identifier: Apache-2.0

local inputs = require "basics.inputs"

local letters = { "a", "b", "d", "e", "g", "l", "m", "n", "o", "p", "r", "s", "t", "w" }

-- A letter for which at least three of the words fit the pattern that is made with it.
local function letter_in(rng, pattern)
  while true do
    local letter, found = rng:pick(letters), 0
    for _, word in ipairs(inputs.words) do
      found = found + (word:find(pattern:format(letter)) and 1 or 0)
    end
    if found >= 3 then
      return letter
    end
  end
end

-- Conditions on a word: words, name, condition, test in Lua.
local conditions = {
  longer = function(rng)
    local k = rng:int(2, 5)
    return { " longer than " .. k .. " letters", "longer", "@len{$x} > " .. k,
             function(word) return #word > k end }
  end,
  shorter = function(rng)
    local k = rng:int(3, 6)
    return { " shorter than " .. k .. " letters", "shorter", "@len{$x} < " .. k,
             function(word) return #word < k end }
  end,
  starting = function(rng)
    local letter = letter_in(rng, "^%s")
    return { " starting with " .. letter, "starting", '@starts{$x|"' .. letter .. '"}',
             function(word) return word:sub(1, 1) == letter end }
  end,
  ending = function(rng)
    local letter = letter_in(rng, "%s$")
    return { " ending with " .. letter, "ending", '@ends{$x|"' .. letter .. '"}',
             function(word) return word:sub(-1) == letter end }
  end,
  containing = function(rng)
    local letter = letter_in(rng, "%s")
    return { " containing " .. letter, "containing", '"' .. letter .. '" in $x',
             function(word) return word:find(letter, 1, true) ~= nil end }
  end,
}
local condition_order = { "longer", "shorter", "starting", "ending", "containing" }

local aggregates = {
  { "count the words$what in a sentence", "count_words", [=[
def $fn($a):
    @zero{count}
    for $x in @split{$a}:
        if $cond:
            @inc{count}
    return count]=] },
  { "list the words$what in a sentence", "keep_words", [=[
def $fn($a):
    @empty{$out}
    for $x in @split{$a}:
        if $cond:
            @push{$out|$x}
    return $out]=] },
  { "remove the words$what from a sentence", "remove_words", [=[
def $fn($a):
    @empty{$out}
    for $x in @split{$a}:
        if not $cond:
            @push{$out|$x}
    return @joined{$out}]=] },
  { "check whether a sentence has words$what", "has_words", [=[
def $fn($a):
    for $x in @split{$a}:
        if $cond:
            return @yes{}
    return @no{}]=], extreme = 20 },
  { "find the total length of the words$what in a sentence", "length_words", [=[
def $fn($a):
    @zero{$total}
    for $x in @split{$a}:
        if $cond:
            @add{$total|@len{$x}}
    return $total]=] },
}

-- What is done to each word: words, name, program.
local changes = {
  { "write each word of a sentence in upper case", "upper", "@upper{$x}" },
  { "reverse each word of a sentence", "reverse", "@rev{$x}" },
  { "repeat each word of a sentence $k times", "repeat", "$x * $k", 2, 5 },
  { "find the first $k letters of each word of a sentence", "first", "$x[:$k]", 1, 4 },
  { "find the last $k letters of each word of a sentence", "last", "$x[-$k:]", 1, 4 },
  { "remove the first $k letters of each word of a sentence", "drop", "$x[$k:]", 1, 3 },
  { "add $l to each word of a sentence", "suffix", '$x + "$l"' },
  { "put $l before each word of a sentence", "prefix", '"$l" + $x' },
}

-- Problems about one word.
local strings = {
  { "count the letter $l in a word", "count_letter", '$a.count("$l")' },
  { "remove the letter $l from a word", "remove_letter", '@replace{$a|"$l"|""}' },
  { "replace the letter $l in a word by x", "replace_letter", '@replace{$a|"$l"|"x"}' },
  { "check whether a word contains the letter $l", "has_letter", '"$l" in $a' },
  { "find the first $k letters of a word", "first_letters", "$a[:$k]", 1, 4 },
  { "find the last $k letters of a word", "last_letters", "$a[-$k:]", 1, 4 },
  { "repeat a word $k times", "repeat_word", "$a * $k", 2, 9 },
  { "write a word backwards $k times", "backwards", "@rev{$a} * $k", 2, 9 },
  { "write a word in upper case $k times", "upper_word", "@upper{$a} * $k", 2, 9 },
  { "find the length of a word plus $k", "length_plus", "@len{$a} + $k", 2, 30 },
  { "find the length of a word times $k", "length_times", "@len{$a} * $k", 2, 15 },
}

local function sentence(rng, words)
  return { inputs.quote(table.concat(words, " ")) }
end

local function chosen(aggregate, name)
  return {
    name = aggregate[2] .. "/" .. name,
    draw = function(rng)
      local what = conditions[name](rng)
      return {
        text = aggregate[1]:gsub("%$what", what[1]),
        fn = aggregate[2] .. "_" .. what[2],
        code = aggregate[3],
        vars = { cond = what[3] },
        kinds = { "sentence" },
        inputs = function(r)
          return sentence(r, inputs.some_words(r, what[4], aggregate.extreme or 0))
        end,
      }
    end,
  }
end

local function constants(rng, row)
  return tostring(rng:int(row[4] or 1, row[5] or 1)), rng:pick(letters)
end

local function fill(text, k, l)
  return (text:gsub("%$k", k):gsub("%$l", l))
end

local function each(row, joined)
  return {
    name = row[2] .. (joined and "/joined" or "/each"),
    draw = function(rng)
      local k, l = constants(rng, row)
      local list = "[" .. row[3] .. " for $x in @split{$a}]"
      return {
        text = joined and fill(row[1], k, l) .. " and join the words" or fill(row[1], k, l),
        fn = row[2] .. (joined and "_joined" or "_each"),
        code = joined and "def $fn($a):\n    $out = " .. list .. "\n    return @joined{$out}"
               or "def $fn($a):\n    return " .. list,
        vars = { k = k, l = l },
        kinds = { "sentence" },
        inputs = function(r)
          return sentence(r, inputs.some_words(r, function(word) return #word > 2 end, 50))
        end,
      }
    end,
  }
end

local function plain(row)
  return {
    name = row[2],
    draw = function(rng)
      local k, l = constants(rng, row)
      return {
        text = fill(row[1], k, l),
        fn = row[2],
        code = "def $fn($a):\n    return " .. row[3],
        vars = { k = k, l = l },
        kinds = { "word" },
        inputs = function(r)
          local has = function(word) return #word > 3 and word:find(l, 1, true) ~= nil end
          return { inputs.quote(inputs.word(r, has, r:percent(75))) }
        end,
      }
    end,
  }
end

local families = {}
for _, aggregate in ipairs(aggregates) do
  for _, name in ipairs(condition_order) do
    families[#families + 1] = chosen(aggregate, name)
  end
end
for _, row in ipairs(changes) do
  families[#families + 1] = each(row, false)
  families[#families + 1] = each(row, true)
end
for _, row in ipairs(strings) do
  families[#families + 1] = plain(row)
end
return families
