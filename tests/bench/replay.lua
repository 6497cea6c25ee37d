-- Sends the requests of a file, one after the other and from its beginning again.
--
-- wrk [...] --script replay.lua URL -- FILE
-- Each line is a session's token, or "-", a tab, and a body.

local lines, turn = {}, -1 -- the first that wrk asks for, it looks at and does not send

function init(arguments)
  for line in io.lines(arguments[#arguments]) do
    lines[#lines + 1] = line
  end
end

local host = "keiyaku.example.jp" -- as in PUBLIC_URL

function request()
  turn = turn % #lines + 1
  local token, body = lines[turn]:match("([^\t]*)\t(.*)")
  local headers = { ["Host"] = host, ["Content-Type"] = "application/json", ["Accept"] = "application/json", ["Accept-Language"] = "ja" }
  if token ~= "-" then
    headers["Authorization"] = "Bearer " .. token
  end
  return wrk.format("POST", nil, headers, body)
end
