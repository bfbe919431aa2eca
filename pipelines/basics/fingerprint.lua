-- fingerprint - a text without what does not matter: case, spacing, choice of names.
--
-- Two programs with the same fingerprint are the same program written with other
-- variables. It is how held-out problems are kept out of the corpus, and how that
-- is checked.
-- SPDX-License-Identifier: Apache-2.0

local families = require "basics.families"

local fingerprint = {}

local is_name = {}
for _, pool in ipairs(families.name_pools) do
  for _, name in ipairs(pool) do
    is_name[name] = "_"
  end
end

function fingerprint.text(text)
  return (text:lower():gsub("%s+", " "))
end

-- A word behind a quotation mark is a string, not a name.
function fingerprint.code(code)
  return (fingerprint.text(code):gsub('"?[%a_][%w_]*', is_name))
end

return fingerprint
