-- mbpp - MBPP (Austin et al. 2021), in the splits of its README. Data: mbpp.jsonl; its sanitized
-- subset, from("sanitized-mbpp.json"), keeps the ids.
-- SPDX-License-Identifier: Apache-2.0

return require("tasks.task").define {
  find = function()
    return data "mbpp.jsonl"
  end,
  schema = "mbpp",
  parts = {
    prompt = "1-10",
    test = "11-510",
    validation = "511-600",
    train = "601-974",
    all = "",
  },
  post = { "\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/" },
}
