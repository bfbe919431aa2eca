-- families - all families of problems, and how one problem of a family is drawn.
--
-- A problem is a table: key (family and constants, the same for the same problem),
-- text (the description), fn, template (the program, of constructs), inputs
-- (a function that draws arguments). Names may vary; the canonical problem has
-- the first name of each pool.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"

local families = {}

local pools = {
  numbers = { "nums", "numbers", "values", "data", "lst" },
  sentence = { "text", "sentence", "line" },
  word = { "word", "text", "s" },
  number = { "n", "num", "number" },
  dictionary = { "d", "table", "data" },
  x = {
    numbers = { "x", "v", "item" },
    sentence = { "w", "word" },
    word = { "c" },
    number = { "x", "i" },
    digit = { "c", "ch" },
    dictionary = { "v", "value" },
  },
  total = { "total", "result" },
  out = { "out", "found", "result" },
  key = { "k", "key" },
}

families.list = {}
for _, module in ipairs { "lists", "words", "numbers", "tables", "windows" } do
  for _, family in ipairs(require("basics." .. module)) do
    families.list[#families.list + 1] = family
  end
end

-- A name of the pool: the first one, or with an rng mostly the first one.
local function name_from(pool, rng)
  if rng and rng:percent(40) then
    return rng:pick(pool)
  end
  return pool[1]
end

-- Draws a problem of the family; names, when given, is an rng that varies the names.
function families.draw(family, rng, names)
  local drawn = family.draw(rng)
  local kind = drawn.kinds[1]
  local vars = {
    fn = drawn.fn,
    a = name_from(pools[kind], names),
    x = name_from(pools.x[drawn.kinds.element or kind], names),
    total = name_from(pools.total, names),
    out = name_from(pools.out, names),
    key = name_from(pools.key, names),
  }
  for name, value in pairs(drawn.vars) do -- order does not matter: distinct keys
    vars[name] = value
  end
  return {
    key = family.name .. ": " .. drawn.text,
    family = family.name,
    text = drawn.text,
    fn = drawn.fn,
    template = constructs.expand(drawn.code, vars),
    inputs = drawn.inputs,
  }
end

-- The pools of names by which the same program may be written differently.
families.name_pools = { pools.numbers, pools.sentence, pools.word, pools.number, pools.dictionary,
                        pools.x.numbers, pools.x.sentence, pools.x.word, pools.x.number,
                        pools.x.digit, pools.x.dictionary, pools.total, pools.out, pools.key }

return families
