-- python - asks one Python process for values and tracebacks, many at a time.
-- SPDX-License-Identifier: Apache-2.0

local json = require "basics.json"

local python = {}

local driver = debug.getinfo(1, "S").source:sub(2):match("^(.*)python%.lua$") .. "driver.py"

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Answers the questions in order; each is a list that driver.py understands.
function python.answers(questions)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  for _, question in ipairs(questions) do
    assert(file:write(json.strings(question), "\n"))
  end
  assert(file:close())
  local pipe = assert(io.popen("python3 -I " .. quoted(driver) .. " < " .. quoted(path)))
  local answers = {}
  for line in pipe:lines() do
    answers[#answers + 1] = line:gsub("\\(.)", { n = "\n", ["\\"] = "\\" })
  end
  local ended_well = pipe:close()
  os.remove(path)
  if not ended_well or #answers ~= #questions then
    error("python3 answered " .. #answers .. " of " .. #questions .. " questions")
  end
  return answers
end

return python
