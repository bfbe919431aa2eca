-- eae - event argument extraction written as code: the data set and its verifier.
-- SPDX-License-Identifier: Apache-2.0

local here = debug.getinfo(1, "S").source:sub(2):match("^(.*)init%.lua$")

local function contents(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

return {
  path = here .. "eae.jsonl",
  verifier = contents(here .. "verifier.py"),
  train = "1-80",
  test = "81-120",
}
