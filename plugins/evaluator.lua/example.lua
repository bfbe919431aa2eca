-- Fails programs that are long, print, or repeat themselves; says why, and scores their length.
return function(sample)
  local seen, lines, repeated = {}, 0, 0
  for line in sample.program:gmatch "[^\n]+" do
    lines = lines + 1
    if seen[line] then repeated = repeated + 1 end
    seen[line] = true
  end
  local feedback
  if lines > 20 then
    feedback = ("the program has %d lines, at most 20 are allowed\n"):format(lines)
  elseif sample.program:find "%f[%w]print%s*%(" then
    feedback = "the program prints\n"
  elseif repeated > lines / 2 then
    feedback = ("%d of its %d lines are repeated\n"):format(repeated, lines)
  end
  return { passed = not feedback, reason = feedback and "style", feedback = feedback,
           scores = { lines = lines } }
end
