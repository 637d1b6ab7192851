-- What wrk sends: one body after another of a file, each a line; what it tells in the end: JSON.

local bodies = {}
local at = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    bodies[#bodies + 1] = line
  end
end

function request()
  at = at % #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, bodies[at])
end

function done(summary, latency, _)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.3f, "not_2xx": %d, "socket_errors": %d, "timeouts": %d,'
      .. ' "p50_ms": %.1f, "p99_ms": %.1f, "most_ms": %.1f}',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
