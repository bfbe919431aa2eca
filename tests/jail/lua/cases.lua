-- Functions that lua_test.c asks for by name.
local helper = require "helpers.words"
local calls = 0

local function endless() while true do end end

return {
  yes = function() return true end,
  no = function() return false end,
  fields = function(s)
    assert(s.problem.id == "p1" and s.problem.prompt == "prompt" and s.problem.tests == "tests")
    assert(s.problem.reference == "" and s.problem.extra.entry_point == "f")
    assert(s.program == "a\0b" and s.raw == "a\0b and more" and s.index == 3)
    assert(s.iteration == 2 and s.tokens == 7 and s.finish == "stop")
    return true
  end,
  all = function()
    return { passed = false, reason = "style", exception = "TooLong", feedback = "too\0long\n",
             scores = { b = 2, a = 0.1, c = -1e300 } }
  end,
  module = function(s) return helper.count "one two three" == 3 and require "helpers.words" == helper end,
  once = function() calls = calls + 1; return calls == 1 end,
  luck = function() return { passed = true, scores = { n = math.random(1 << 30) } } end,
  printing = function() print("hello", 1, nil); return true end,

  -- at fault
  raises = function() error "no idea" end,
  raises_table = function() error { 1 } end,
  raises_nothing = function() error() end,
  raises_plain = function() error("plain", 0) end,
  indexes_nil = function(s) return s.problem.extra.none.x end,
  nothing = function() end,
  number = function() return 1 end,
  no_passed = function() return { reason = "x" } end,
  odd_passed = function() return { passed = 1 } end,
  unknown_key = function() return { passed = true, fedback = "x" } end,
  list = function() return { passed = true, "x" } end,
  reason_type = function() return { passed = true, reason = {} } end,
  reason_long = function() return { passed = true, reason = ("x"):rep(64) } end,
  reason_nul = function() return { passed = true, reason = "a\0b" } end,
  feedback_type = function() return { passed = true, feedback = 1 } end,
  feedback_long = function() return { passed = true, feedback = ("x"):rep(65537) } end,
  score_nan = function() return { passed = true, scores = { x = 0 / 0 } } end,
  score_infinite = function() return { passed = true, scores = { x = math.huge } } end,
  score_text = function() return { passed = true, scores = { x = "1" } } end,
  score_list = function() return { passed = true, scores = { 1 } } end,
  scores_type = function() return { passed = true, scores = 1 } end,
  scores_many = function()
    local scores = {}
    for i = 1, 33 do scores["s" .. i] = i end
    return { passed = true, scores = scores }
  end,
  cycle = function() local t = { passed = true }; t.scores = t; t.feedback = t; return t end,
  metatable = function()
    return setmetatable({}, { __index = function() return true end })
  end,

  -- endless
  loop = endless,
  loop_caught = function() while true do pcall(endless) end end,
  loop_coroutine = function() coroutine.wrap(endless)() end,
  pattern = function()
    return ("a"):rep(40):find((".-"):rep(30) .. "b") == nil
  end,
  memory = function() local t = {} for i = 1, 1 << 30 do t[i] = i .. ("x"):rep(1000) end end,
  memory_block = function() return #("x"):rep(1 << 30) > 0 end,
  memory_caught = function() return not pcall(string.rep, "x", 1 << 30) end,
  deep = function() local function f() return 1 + f() end return f() end,

  -- out of reach
  libraries = function()
    local none = { "io", "package", "debug", "dofile", "loadfile" }
    for _, name in ipairs(none) do assert(_G[name] == nil, name) end
    assert(os.execute == nil and os.remove == nil and os.getenv == nil and os.exit == nil)
    assert(string.dump == nil and os.time() > 0 and os.clock() >= 0)
    assert(load("return 1 + 1")() == 2 and load("return x", "c", "t", { x = 3 })() == 3)
    assert(load("return x", "c", "t", { x = 3 }, 4)() == 3)
    local code, why = load("\27Lua", "c", "b")
    return code == nil and why:find "binary" ~= nil
  end,
  module_outside = function() return require "../escape" end,
  module_absent = function() return require "helpers.none" end,
}
