-- corpus.python - plain code for continued pre-training, from what every machine has: the standard
-- library of its Python. Its hash is in a run's manifest, since another Python is another corpus.
-- SPDX-License-Identifier: Apache-2.0

local python = {}

-- Prints the modules' files, in order. Tests and tables of data are no code to learn from.
local list_modules = [[
import os, sysconfig
root = sysconfig.get_path("stdlib")
skipped = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "encodings",
           "pydoc_data", "turtledemo", "__pycache__"}
for folder, _, files in sorted(os.walk(root)):
    if skipped.isdisjoint(os.path.relpath(folder, root).split(os.sep)):
        for name in sorted(files):
            if name.endswith(".py"):
                print(os.path.join(folder, name))
]]

local SHORTEST = 500 -- bytes of a module that is worth it

-- Writes the modules as plain text, a form feed behind each.
function python.write(path)
  local out = assert(io.open(path, "w"))
  local modules = assert(io.popen("python3 -I -c '" .. list_modules .. "'"))
  local n = 0
  for name in modules:lines() do
    local file = assert(io.open(name, "rb"))
    local text = file:read("a"):gsub("\f", "")
    file:close()
    if #text >= SHORTEST and utf8.len(text) then
      assert(out:write(text, "\f"))
      n = n + 1
    end
  end
  modules:close()
  assert(out:close())
  assert(n > 0, "python3 has no standard library in source to make a corpus of")
end

return python
