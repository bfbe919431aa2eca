-- make - makes the data set that is committed here.
--
--   lua5.4 pipelines/eae/make.lua [FILE]     eae.jsonl, from ontology.lua and sentences.lua
-- SPDX-License-Identifier: Apache-2.0

local here = arg[0]:match("^(.*/)") or "./"
package.path = here .. "../?.lua;" .. package.path

require("eae.problemset").write(arg[1] or here .. "eae.jsonl")
