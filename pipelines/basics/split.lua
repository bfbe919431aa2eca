-- split - GPT-2's pre-tokenisation: text into the pieces that merges may not cross.
--
-- The pattern is 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
-- as the ByteLevel pre-tokenizer has it. Only ASCII is told apart here: other bytes
-- count as letters, which the corpus never has.
-- SPDX-License-Identifier: Apache-2.0

local patterns = {
  "^'[stmd]", "^'re", "^'ve", "^'ll",
  "^ ?[%a\x80-\xff]+", "^ ?%d+", "^ ?[^%s%w\x80-\xff]+",
}

local function piece_end(text, at)
  for _, pattern in ipairs(patterns) do
    local _, last = text:find(pattern, at)
    if last then
      return last
    end
  end
  -- white space: all of it at the end of the text, else all but the last character
  local _, last = text:find("^%s+", at)
  return last < #text and last > at and last - 1 or last
end

-- Calls visit(piece) for each piece of the text, in order.
return function(text, visit)
  local at = 1
  while at <= #text do
    local last = piece_end(text, at)
    visit(text:sub(at, last))
    at = last + 1
  end
end
