-- bpe - trains a byte-level BPE tokenizer and writes it as a tokenizer.json.
--
-- Each merge joins the most frequent pair of neighbours (of several equally frequent
-- ones the pair with the smallest ids). Counts of pairs are kept up to date merge by
-- merge: only the words that contain the joined pair are looked at again.
-- SPDX-License-Identifier: Apache-2.0

local corpus = require "basics.corpus"
local json = require "basics.json"
local split = require "basics.split"

local bpe = {}

bpe.vocabulary = 1021 -- tokens in all: the special one, 256 bytes, merges
bpe.special = "<|endoftext|>"

local sample = { documents = 12000, seed = 2 }

-- GPT-2's printable character for each byte.
local function byte_characters()
  local characters, following = {}, 256
  for byte = 0, 255 do
    local printable = byte >= 33 and byte <= 126 or byte >= 161 and byte <= 172 or byte >= 174
    characters[byte] = utf8.char(printable and byte or following)
    following = following + (printable and 0 or 1)
  end
  return characters
end

-- The tokens that every vocabulary starts with: the special one, then the bytes in the
-- order of their characters.
local function first_tokens()
  local characters, order = byte_characters(), {}
  for byte = 0, 255 do
    order[byte + 1] = byte
  end
  table.sort(order, function(a, b)
    return utf8.codepoint(characters[a]) < utf8.codepoint(characters[b])
  end)
  local tokens, id_of_byte = { [0] = bpe.special }, {}
  for i, byte in ipairs(order) do
    tokens[i], id_of_byte[byte] = characters[byte], i
  end
  return tokens, id_of_byte
end

-- The distinct pieces of the texts as lists of ids, with their counts.
local function words_of(texts, id_of_byte)
  local counts, order = {}, {}
  for _, text in ipairs(texts) do
    split(text, function(piece)
      if not counts[piece] then
        counts[piece] = 0
        order[#order + 1] = piece
      end
      counts[piece] = counts[piece] + 1
    end)
  end
  local words = {}
  for i, piece in ipairs(order) do
    local ids = {}
    for at = 1, #piece do
      ids[at] = id_of_byte[piece:byte(at)]
    end
    words[i] = { ids = ids, count = counts[piece] }
  end
  return words
end

-- A pair of ids as one integer; the order of integers is the order of pairs.
local function pair_key(left, right)
  return left << 32 | right
end

-- Adds sign times the word's count to all its pairs, and the word to their users.
local function count_pairs(pairs_, word, sign)
  local ids = word.ids
  for at = 1, #ids - 1 do
    local key = pair_key(ids[at], ids[at + 1])
    local entry = pairs_[key]
    if not entry then
      entry = { count = 0, users = {}, seen = {} }
      pairs_[key] = entry
    end
    entry.count = entry.count + sign * word.count
    if sign > 0 and not entry.seen[word] then
      entry.seen[word] = true
      entry.users[#entry.users + 1] = word
    end
  end
end

-- The result does not depend on the order of traversal: ties go to the smaller key.
local function best_pair(pairs_)
  local best, best_count = nil, 1
  for key, entry in pairs(pairs_) do
    if entry.count > best_count or entry.count == best_count and best and key < best then
      best, best_count = key, entry.count
    end
  end
  return best
end

local function join(ids, left, right, joined)
  local out, at = {}, 1
  while at <= #ids do
    if ids[at] == left and ids[at + 1] == right then
      out[#out + 1] = joined
      at = at + 2
    else
      out[#out + 1] = ids[at]
      at = at + 1
    end
  end
  return out
end

-- Trains on the texts: tokens (from id 0 on) and merges (pairs of token texts).
function bpe.train(texts, size)
  local tokens, id_of_byte = first_tokens()
  local pairs_, merges = {}, {}
  for _, word in ipairs(words_of(texts, id_of_byte)) do
    count_pairs(pairs_, word, 1)
  end
  while #tokens + 1 < size do
    local key = best_pair(pairs_)
    if not key then
      break
    end
    local left, right = key >> 32, key & 0xffffffff
    local joined = #tokens + 1
    tokens[joined] = tokens[left] .. tokens[right]
    merges[#merges + 1] = { tokens[left], tokens[right] }
    for _, word in ipairs(pairs_[key].users) do
      count_pairs(pairs_, word, -1)
      word.ids = join(word.ids, left, right, joined)
      count_pairs(pairs_, word, 1)
    end
    pairs_[key] = nil
  end
  return tokens, merges
end

local head = [[
{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [
    {"id": 0, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false,
     "normalized": false, "special": true}
  ],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                    "use_regex": true},
  "post_processor": null,
  "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
              "use_regex": true},
  "model": {
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "vocab": {
]]

-- Trains on a sample of the corpus and writes the tokenizer to the file at path.
function bpe.write(path)
  local texts = {}
  for i, entry in ipairs(corpus.documents(sample)) do
    texts[i] = entry.text
  end
  local tokens, merges = bpe.train(texts, bpe.vocabulary)
  local vocabulary, rules = {}, {}
  for id = 0, #tokens do
    vocabulary[id + 1] = "      " .. json.string(tokens[id]) .. ": " .. id
  end
  for i, merge in ipairs(merges) do
    rules[i] = "      " .. json.string(merge[1] .. " " .. merge[2])
  end
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(head, table.concat(vocabulary, ",\n"), '\n    },\n    "merges": [\n',
                    table.concat(rules, ",\n"), "\n    ]\n  }\n}\n"))
  assert(file:close())
end

return bpe
