-- make - makes what is committed here, and says what to expect of it.
--
--   lua5.4 pipelines/basics/make.lua basics [FILE]         the problem set (basics.jsonl)
--   lua5.4 pipelines/basics/make.lua corpus FILE N SEED    N documents of the corpus
--   lua5.4 pipelines/basics/make.lua predict               pass rates that follow from the habits
--   lua5.4 pipelines/basics/make.lua tokenizer FILE        the tokenizer (tokenizer.json)
-- SPDX-License-Identifier: Apache-2.0

local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "../?.lua;" .. here .. "../?/init.lua;" .. package.path

local usage = "usage: lua5.4 make.lua basics [FILE] | corpus FILE N SEED | predict | tokenizer FILE"

local commands = {}

function commands.basics(path)
  require("basics.problemset").write(path or here .. "basics.jsonl")
end

function commands.corpus(path, documents, seed)
  if not (path and math.tointeger(documents) and math.tointeger(seed)) then
    error(usage, 0)
  end
  require("basics.corpus").write(path, { documents = math.tointeger(documents),
                                         seed = math.tointeger(seed) })
end

function commands.predict()
  local lines = require("basics.predict").lines()
  print(table.concat(lines, "\n"))
end

function commands.tokenizer(path)
  if not path then
    error(usage, 0)
  end
  require("basics.bpe").write(path)
end

local command = commands[arg[1]]
if not command then
  io.stderr:write(usage, "\n")
  os.exit(2)
end
command(table.unpack(arg, 2))
