// node.mjs - http-proxy-middleware whose responseInterceptor renames keys
import http from 'node:http';
import {createProxyMiddleware, responseInterceptor} from 'http-proxy-middleware';

const toService = {
  dataProduct: 'workspace', dataProducts: 'workspaces', dataProductId: 'workspaceId',
  dataProductType: 'workspaceType', externalDataProductId: 'externalWorkspaceId',
  sourceDataProductId: 'sourceWorkspaceId',
};
const toClient = Object.fromEntries(Object.entries(toService).map(([c, s]) => [s, c]));

function renamed(value, names) {
  if (Array.isArray(value)) {
    return value.map((inner) => renamed(inner, names));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const made = {};
  for (const key of Object.keys(value)) {
    made[names[key] ?? key] = renamed(value[key], names);
  }
  return made;
}

const translated = (text, names) => JSON.stringify(renamed(JSON.parse(text), names));
const isJson = (headers) => (headers['content-type'] ?? '').startsWith('application/json');

const target = process.argv[2];
const agent = new http.Agent({keepAlive: true, maxFreeSockets: 512});
const plain = createProxyMiddleware({
  target,
  agent,
  proxyTimeout: 600000,
  // The head of a stream is not kept until its first event.
  on: {proxyRes: (proxyRes, req, res) => setImmediate(() => res.flushHeaders())},
});
const json = createProxyMiddleware({
  target,
  agent,
  selfHandleResponse: true,
  on: {
    proxyReq: (proxyReq, req) => {
      if (req.body !== undefined) {
        proxyReq.setHeader('Content-Length', Buffer.byteLength(req.body));
        proxyReq.write(req.body);
      }
    },
    proxyRes: responseInterceptor(async (buffer, proxyRes) =>
      isJson(proxyRes.headers) ? translated(buffer.toString('utf8'), toClient) : buffer),
  },
});

async function read(req) {
  const pieces = [];
  for await (const piece of req) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

// Whatever is not JSON, as far as a request tells, streams; an interceptor holds all of a reply.
const server = http.createServer(async (req, res) => {
  if (req.url.endsWith('/stream') || (req.method === 'POST' && !isJson(req.headers))) {
    plain(req, res);
    return;
  }
  if (req.method === 'POST') {
    req.body = translated(await read(req), toService);
  }
  json(req, res);
});
server.keepAliveTimeout = 600000;
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(`listening address=127.0.0.1:${server.address().port}`));
