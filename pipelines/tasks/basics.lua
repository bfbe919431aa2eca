-- basics - the project's own small problems, in MBPP's form: see basics/README.md.
-- SPDX-License-Identifier: Apache-2.0

local basics = require "basics"

local function ids(part)
  return ("%d-%d"):format(part.first, part.last)
end

return require("tasks.task").define {
  find = function()
    return basics.path
  end,
  schema = "mbpp",
  parts = { train = ids(basics.training), test = ids(basics.held_out), all = "" },
  post = require("tasks.mbpp").post,
  max_length = 256,
}
