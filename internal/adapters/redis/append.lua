-- KEYS: the stream. ARGV: the position that it has to end with, how many entries
-- to keep at least, and the entries to append. Returns 1 if they were appended,
-- 0 if the stream ends elsewhere.
local stream, after, keep = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

local function named(flat, name) -- a member of what XINFO answers
  for i = 1, #flat, 2 do
    if flat[i] == name then return flat[i + 1] end
  end
end

local function position(id) return tonumber(string.match(id, '^%d+')) end

local function id(n) return string.format('%.0f-0', n) end

local last = '0-0'
if redis.call('EXISTS', stream) == 1 then
  last = named(redis.call('XINFO', 'STREAM', stream), 'last-generated-id')
end
if last ~= id(after) then return 0 end

-- Ids are put together from hundreds and the rest: writing numbers is slow, and
-- so is looking up redis.call.
local call, argv, rests = redis.call, ARGV, {}
for rest = 0, 99 do rests[rest] = string.format('%02d-0', rest) end
local hundreds, rest = math.floor((after + 1) / 100), (after + 1) % 100
local head = string.format('%.0f', hundreds)
for i = 3, #argv do
  call('XADD', stream, head .. rests[rest], 'event', argv[i])
  rest = rest + 1
  if rest == 100 then
    hundreds, rest = hundreds + 1, 0
    head = string.format('%.0f', hundreds)
  end
end

-- Entries are taken off a thousand at a time, and never one that a group has
-- not acknowledged.
local ends = after + #ARGV - 2
if math.floor(ends / 1000) == math.floor(after / 1000) then return 1 end
local first = ends - keep + 1
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local needs = position(named(group, 'last-delivered-id')) + 1
  if named(group, 'pending') > 0 then
    needs = position(redis.call('XPENDING', stream, named(group, 'name'))[2])
  end
  first = math.min(first, needs)
end
if first > 1 then redis.call('XTRIM', stream, 'MINID', id(first)) end
return 1
