local words = {}
function words.count(text)
  local n = 0
  for _ in text:gmatch "%a+" do n = n + 1 end
  return n
end
return words
