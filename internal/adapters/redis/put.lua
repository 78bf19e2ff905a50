-- Puts products into the read model, and moves its state on. KEYS: the state, and
-- those of the products. ARGV: the build; then lists, each with its length before
-- it: fields that the state must have, with their values; fields of the state to
-- set, with their values; and a list for each product of its fields and their
-- values, its version first. Returns 1; or 0, and does nothing, if the state is
-- another.
local state, build, at = KEYS[1], ARGV[1], 2

local function list()
  local first = at + 1
  at = first + tonumber(ARGV[at])
  return {unpack(ARGV, first, at - 1)}
end

local must, set = list(), list()
if redis.call('HGET', state, 'build') ~= build then return 0 end
for i = 1, #must, 2 do
  if redis.call('HGET', state, must[i]) ~= must[i + 1] then return 0 end
end

for i = 2, #KEYS do
  local key, product = KEYS[i], list()
  local has = redis.pcall('HMGET', key, 'build', 'product_version') -- an error if it is no hash
  if has.err or has[1] ~= build or tonumber(has[2]) < tonumber(product[2]) then
    redis.call('DEL', key)
    redis.call('HSET', key, 'build', build, unpack(product))
  end
end
if #set > 0 then redis.call('HSET', state, unpack(set)) end
return 1
