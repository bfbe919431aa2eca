-- json - writes strings and lists of strings as JSON.
-- SPDX-License-Identifier: Apache-2.0

local json = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

function json.string(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end) .. '"'
end

function json.strings(list)
  local parts = {}
  for i, text in ipairs(list) do
    parts[i] = json.string(text)
  end
  return "[" .. table.concat(parts, ", ") .. "]"
end

return json
