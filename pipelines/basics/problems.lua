-- problems - the problem set: which problems there are, and which are held out.
--
-- Ids 1-160 are for training, 161-260 are held out for testing, the rest is
-- spare. The held-out ones are combinations and constants that no document of
-- the corpus has. Both parts have the same share of problems without a habit,
-- so that greedy decoding starts at the same rate on both.
-- SPDX-License-Identifier: Apache-2.0

local constructs = require "basics.constructs"
local families = require "basics.families"
local prng = require "basics.prng"

local problems = {
  training = 160, -- ids 1..160
  held_out = 100, -- ids 161..260
  clean_percent = 53, -- share without a habit
}

local per_family = 4
local seed = 20230515

-- Up to four problems of a family with distinct texts.
local function some_of(family, rng, seen)
  local some = {}
  for _ = 1, 60 do
    local problem = families.draw(family, rng)
    if #some < per_family and not seen[problem.text] then
      seen[problem.text] = true
      problem.habits = constructs.habits(problem.template)
      some[#some + 1] = problem
    end
  end
  return some
end

local function all_in_rounds(rng)
  local by_family, seen, all = {}, {}, {}
  for i, family in ipairs(families.list) do
    by_family[i] = some_of(family, rng, seen)
  end
  -- first one of each family, then the second of each, ...: both parts see many families
  for round = 1, per_family do
    local these = {}
    for _, some in ipairs(by_family) do
      if some[round] then
        some[round].alone = #some == 1
        these[#these + 1] = some[round]
      end
    end
    for _, problem in ipairs(rng:shuffle(these)) do
      all[#all + 1] = problem
    end
  end
  return all
end

-- The first problem that may still be taken and whose rarest habit has the fewest uses.
local function next_of(all, wants_clean, uses, limit)
  local best, best_uses
  for _, problem in ipairs(all) do
    local is_clean = #problem.habits == 0
    if is_clean == wants_clean and not problem.id and not problem.alone
       and (uses[problem.family] or 0) < limit then
      local fewest = is_clean and 0 or math.huge
      for _, habit in ipairs(problem.habits) do
        fewest = math.min(fewest, uses[habit] or 0)
      end
      if not best or fewest < best_uses then
        best, best_uses = problem, fewest
      end
    end
  end
  return assert(best, "too few problems for a part")
end

-- Takes count problems, the given share of them without a habit, at most limit a
-- family, with all habits about as often.
local function take(all, count, limit)
  local clean, taken, uses = count * problems.clean_percent // 100, {}, {}
  for i = 1, count do
    local problem = next_of(all, i <= clean, uses, limit)
    problem.id = 0
    uses[problem.family] = (uses[problem.family] or 0) + 1
    for _, habit in ipairs(problem.habits) do
      uses[habit] = (uses[habit] or 0) + 1
    end
    taken[i] = problem
  end
  return taken
end

local cache

-- All problems, in the order of their ids.
function problems.all()
  if cache then
    return cache
  end
  local rng = prng.new(seed)
  local all = all_in_rounds(rng)
  local held_out = take(all, problems.held_out, 1)
  local training = take(all, problems.training, 3)
  local ordered = rng:shuffle(training)
  table.move(rng:shuffle(held_out), 1, #held_out, #ordered + 1, ordered)
  for _, problem in ipairs(all) do
    if not problem.id then
      ordered[#ordered + 1] = problem
    end
  end
  for id, problem in ipairs(ordered) do
    problem.id = id
  end
  cache = ordered
  return cache
end

function problems.is_held_out(problem)
  return problem.id > problems.training and problem.id <= problems.training + problems.held_out
end

return problems
