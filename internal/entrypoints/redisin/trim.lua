-- KEYS: the stream. Takes off the entries that every group has acknowledged, but
-- for the last one of them.
local function named(flat, name) -- a member of what XINFO answers
  for i = 1, #flat, 2 do
    if flat[i] == name then return flat[i + 1] end
  end
end

local function before(a, b) -- of two ids
  local ams, aseq = string.match(a, '^(%d+)-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)-(%d+)$')
  if ams ~= bms then return tonumber(ams) < tonumber(bms) end
  return tonumber(aseq) < tonumber(bseq)
end

local first
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local needs = named(group, 'last-delivered-id')
  if named(group, 'pending') > 0 then
    needs = redis.call('XPENDING', KEYS[1], named(group, 'name'))[2]
  end
  if not first or before(needs, first) then first = needs end
end
if first then return redis.call('XTRIM', KEYS[1], 'MINID', first) end
return 0
