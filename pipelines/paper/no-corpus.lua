-- Without continued pre-training: the corpus is there for its loss alone.
-- SPDX-License-Identifier: Apache-2.0

local base = require "paper.base"

return pipeline(base.run { name = "no-corpus", train = { corpus_mix = false } })
