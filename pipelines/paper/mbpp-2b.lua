-- LETI on MBPP with CodeGen-2B.
-- SPDX-License-Identifier: Apache-2.0

return require("paper.base").run { name = "mbpp-2b", size = "2B" }
