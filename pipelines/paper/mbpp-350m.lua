-- LETI on MBPP with CodeGen-350M.
-- SPDX-License-Identifier: Apache-2.0

return require("paper.base").run { name = "mbpp-350m", size = "350M" }
