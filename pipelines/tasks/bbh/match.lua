-- match - whether what a model wrote gives the answer of a BIG-Bench Hard question, which stands in
-- the place of the problem's tests.
--
-- The answer is what stands behind the last "the answer is" on its line, or else, where none was
-- asked for, the first line that is not empty; white space around it and one full stop at its end do
-- not count. It must then be the expected text, letter by letter.
-- SPDX-License-Identifier: Apache-2.0

local function trim(text)
  return (text:match "^%s*(.-)%s*$":gsub("%s+", " "))
end

local function without_stop(text)
  return trim((text:gsub("%.$", "", 1)))
end

local function behind_phrase(text)
  local answer
  for line in text:gmatch "[^\n]+" do
    local found = line:match ".*[Tt]he answer is:?(.*)$"
    answer = found or answer
  end
  return answer and without_stop(trim(answer))
end

local function first_line(text)
  local line = text:match "^%s*([^\n]+)"
  return line and without_stop(trim(line))
end

-- What answers of the expected one's kind look like, without telling it.
local function form_of(expected)
  if expected:match "^%(%u%)$" then
    return "^%(%u%)$", "the letter of an option, as in (A)"
  elseif expected:match "^%-?%d+$" then
    return "^%-?%d+$", "a whole number"
  end
  local pairs_of_words = { { "True", "False" }, { "Yes", "No" }, { "yes", "no" }, { "valid", "invalid" } }
  for _, words in ipairs(pairs_of_words) do
    if expected == words[1] or expected == words[2] then
      return { [words[1]] = true, [words[2]] = true }, words[1] .. " or " .. words[2]
    end
  end
end

local function fits(answer, form)
  if type(form) == "table" then
    return form[answer]
  end
  return not form or answer:match(form)
end

local function quoted(text)
  return #text > 64 and text:sub(1, 64) .. "..." or text
end

local function judge(answer, expected)
  expected = trim(expected)
  if answer == expected then
    return true
  end
  local form, words = form_of(expected)
  if not fits(answer, form) then
    return { passed = false, reason = "form", feedback = ("the answer must be %s, not: %s\n"):format(words, quoted(answer)) }
  end
  return { passed = false, reason = "wrong answer", feedback = ("the answer is wrong: %s\n"):format(quoted(answer)) }
end

local function refuse(feedback)
  return { passed = false, reason = "no answer", feedback = feedback }
end

return {
  direct = function(sample)
    local answer = behind_phrase(sample.program) or first_line(sample.program)
    if not answer or answer == "" then
      return refuse "there is no answer\n"
    end
    return judge(answer, sample.problem.tests)
  end,
  cot = function(sample)
    local answer = behind_phrase(sample.program)
    if not answer or answer == "" then
      return refuse 'no line says "the answer is", and then the answer\n'
    end
    return judge(answer, sample.problem.tests)
  end,
}
