-- wrk.lua - what wrk sends (METHOD, BODY in the environment), and its result as one line of JSON
wrk.method = os.getenv("METHOD")
local path = os.getenv("BODY")
if path then
    local file = assert(io.open(path, "rb"))
    wrk.body = file:read("*a")
    wrk.headers["Content-Type"] = "application/json"
    file:close()
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
