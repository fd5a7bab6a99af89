-- rename.lua - keys renamed recursively: a whole body decoded, walked and encoded again
local cjson = require "cjson"

local to_service = {
    dataProduct = "workspace", dataProducts = "workspaces", dataProductId = "workspaceId",
    dataProductType = "workspaceType", externalDataProductId = "externalWorkspaceId",
    sourceDataProductId = "sourceWorkspaceId",
}
local to_client = {}
for client, service in pairs(to_service) do
    to_client[service] = client
end

cjson.encode_number_precision(14)       -- the most it can

local function renamed(value, names)
    if type(value) ~= "table" then
        return value
    end
    if value[1] ~= nil then
        for i = 1, #value do
            value[i] = renamed(value[i], names)
        end
        return value
    end
    local made = {}
    for key, inner in pairs(value) do
        made[names[key] or key] = renamed(inner, names)
    end
    return made
end

local function translated(text, names)
    local good, value = pcall(cjson.decode, text)
    return good and cjson.encode(renamed(value, names)) or text
end

local function is_json(kind)
    return kind and kind:find("application/json", 1, true) ~= nil
end

local rename = {}

function rename.request()
    if not is_json(ngx.var.http_content_type) then
        return
    end
    ngx.req.read_body()
    local text = ngx.req.get_body_data()
    if text then
        ngx.req.set_body_data(translated(text, to_service))
    end
end

function rename.head()
    if is_json(ngx.header.content_type) then
        ngx.header.content_length = nil
        ngx.ctx.pieces = {}
    end
end

function rename.body()
    local pieces = ngx.ctx.pieces
    if not pieces then
        return
    end
    pieces[#pieces + 1] = ngx.arg[1]
    if ngx.arg[2] then
        ngx.arg[1] = translated(table.concat(pieces), to_client)
    else
        ngx.arg[1] = nil
    end
end

return rename
