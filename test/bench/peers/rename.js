// rename.js - keys renamed recursively: a whole body parsed, walked and written again (njs)
const toService = {
    dataProduct: 'workspace', dataProducts: 'workspaces', dataProductId: 'workspaceId',
    dataProductType: 'workspaceType', externalDataProductId: 'externalWorkspaceId',
    sourceDataProductId: 'sourceWorkspaceId',
};
const toClient = {};
Object.keys(toService).forEach((client) => { toClient[toService[client]] = client; });

function renamed(value, names) {
    if (Array.isArray(value)) {
        return value.map((inner) => renamed(inner, names));
    }
    if (value === null || typeof value !== 'object') {
        return value;
    }
    const made = {};
    Object.keys(value).forEach((key) => { made[names[key] || key] = renamed(value[key], names); });
    return made;
}

function translated(text, names) {
    return JSON.stringify(renamed(JSON.parse(text), names));
}

function isJson(headers) {
    return (headers['Content-Type'] || '').startsWith('application/json');
}

function request(r) {
    r.subrequest('/up' + r.uri, {method: r.method, body: translated(r.requestText, toService)})
        .then((reply) => {
            r.headersOut['Content-Type'] = reply.headersOut['Content-Type'];
            r.return(reply.status, translated(reply.responseText, toClient));
        });
}

function head(r) {
    if (isJson(r.headersOut)) {
        delete r.headersOut['Content-Length'];
    }
}

// Each request has a world of its own, this list included.
const gathered = [];

function body(r, data, flags) {
    if (!isJson(r.headersOut) || r.method === 'POST') {
        r.sendBuffer(data, flags);
        return;
    }
    gathered.push(data);
    if (flags.last) {
        r.sendBuffer(translated(Buffer.concat(gathered).toString(), toClient), {last: true});
    }
}

export default {request, head, body};
