// Requests of each known client through the gateway, and what WireMock's journal has of them.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import zlib from 'node:zlib'
import { clients } from './clients.mjs'
import { both } from './dialects.mjs'
import { endings, Gateway } from './stage.mjs'
import { Account, json } from './wiremock.mjs'

const JSON_TYPE = { 'Content-Type': 'application/json' }
let gateway

const ending = endings()

before(async () => {
  gateway = await Gateway.start(process.env.WIREMOCK)
  ending(() => gateway.stop())
})

// One test for each client: RUN(send, account, url), where url(tail) is the client's.
function each(name, run) {
  for (const [client, send] of Object.entries(clients)) {
    test(`${client}: ${name}`, { timeout: 30000 }, async () => {
      const account = new Account()
      await run(send, account, (tail) => gateway.url + account.client + tail)
    })
  }
}

// A reply of 200 or above that is the gateway's own error.
function assertError(reply, status, code) {
  assert.equal(reply.status, status, String(reply.body))
  assert.equal(JSON.parse(reply.body).error.code, code)
}

const BODY = both('{ "<dataProductId|workspaceId>" : 1234567890123456789,\n' +
  '"note":"dataProductId, workspaceId",\t"<dataProducts|workspaces>":[1.10,1E400,{"äöü":"\\u00e4"}] }')

each('JSON goes up and comes down with the names changed alone', async (send, account, url) => {
  await account.stub('POST', '', json(BODY.service, { status: 201 }))
  const reply = await send({ method: 'POST', url: url(''), headers: JSON_TYPE, body: BODY.client })
  assert.equal(reply.status, 201)
  assert.equal(String(reply.body), BODY.client)
  const [request, ...more] = await account.journal()
  assert.equal(String(request.body), BODY.service)
  assert.equal(request.headers['content-length'], String(Buffer.byteLength(BODY.service)))
  assert.equal(request.url, account.service)
  assert.deepEqual(more, [])
})

each('a path keeps its escapes, a query its order', async (send, account, url) => {
  const rest = '&q=a%2Fb+c%20d&sort=-'
  await account.stub('GET', `/p%2Fq%20r?workspaceId=7${rest}workspaceId,name`, json('{}'))
  const reply = await send({ url: url(`/p%2Fq%20r?dataProductId=7${rest}dataProductId,name`) })
  assert.equal(reply.status, 200, String(reply.body))
  const [request] = await account.journal()
  assert.equal(request.url, `${account.service}/p%2Fq%20r?workspaceId=7${rest}workspaceId,name`)
})

each('a long body of unknown length streams up', async (send, account, url) => {
  const rows = Array.from({ length: 9000 }, (_, n) => `{"<dataProductId|workspaceId>":${n}.50,"n":"x${n}"}`)
  const text = both(`[${rows.join(',')}]`)
  await account.stub('POST', '', json('{"<ok>":true}'))
  async function * pieces() {
    for (let at = 0; at < text.client.length; at += 7919) yield text.client.slice(at, at + 7919)
  }
  const reply = await send({ method: 'POST', url: url(''), headers: JSON_TYPE, body: pieces() })
  assert.equal(reply.status, 200)
  const [request] = await account.journal()
  assert.ok(request.body.equals(Buffer.from(text.service)))
})

each('an event stream comes event by event', async (send, account, url) => {
  const events = Array.from({ length: 5 }, (_, n) =>
    `event: delta\ndata: {"<dataProductId|workspaceId>":"${n}"}\n\n`).join('')
  const text = both(`: hello\n\n${events}data: [DONE]\n\n`)
  await account.stub('POST', '/7/chat/stream', {
    status: 200,
    headers: { 'Content-Type': 'text/event-stream' },
    body: text.service,
    chunkedDribbleDelay: { numberOfChunks: 8, totalDuration: 400 }
  })
  const reply = await send({ method: 'POST', url: url('/7/chat/stream'), headers: JSON_TYPE, body: '{}' })
  assert.equal(reply.headers['content-type'], 'text/event-stream')
  assert.equal(String(reply.body), text.client)
  assert.ok(reply.pieces.length >= 3, `${reply.pieces.length} pieces`)
})

each('errors of the service keep their status and get the client\'s words', async (send, account, url) => {
  for (const status of [400, 404, 409]) {
    const text = both('{"ok":false,"error":{"code":"X","message":"m","details":{"<dataProductId|workspaceId>":"7"}}}')
    await account.stub('GET', `/${status}`, json(text.service, { status }))
    const reply = await send({ url: url(`/${status}`) })
    assert.equal(reply.status, status)
    assert.equal(String(reply.body), text.client)
  }
})

each('a form\'s names are mapped', async (send, account, url) => {
  await account.stub('POST', '', json('{}'))
  const text = both('<dataProductId|workspaceId>=a+b%2F&name=dataProductId&filter%5B<dataProductId|workspaceId>%5D=1')
  const reply = await send({
    method: 'POST',
    url: url(''),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: text.client
  })
  assert.equal(reply.status, 200, String(reply.body))
  const [request] = await account.journal()
  assert.equal(String(request.body), text.service)
})

each('a multipart form\'s names are mapped, its file is not touched', async (send, account, url) => {
  await account.stub('POST', '/7/unstructured-assets', json('{"<ok>":1}'))
  const bytes = Buffer.concat([Buffer.from('workspaceId dataProductId\r\n--'), randomBytes(300000)])
  const parts = [
    ['dataProductId', 'dataProductId'],
    ['file', { bytes, filename: 'dataProductId.bin', type: 'application/octet-stream' }],
    ['dataProductType', '']]
  const reply = await send({ method: 'POST', url: url('/7/unstructured-assets'), parts })
  assert.equal(reply.status, 200, String(reply.body))
  const [request] = await account.journal()
  const got = await new Response(request.body, { headers: { 'Content-Type': request.headers['content-type'] } }).formData()
  assert.deepEqual([...got.keys()], ['workspaceId', 'file', 'workspaceType'])
  assert.equal(got.get('workspaceId'), 'dataProductId')
  assert.equal(got.get('file').name, 'dataProductId.bin')
  assert.ok(Buffer.from(await got.get('file').arrayBuffer()).equals(bytes))
})

each('a redirect is followed through the mapping', async (send, account, url) => {
  await account.stub('GET', '/old', {
    status: 302,
    headers: { Location: `${account.service}/7?workspaceId=7&next=${account.service}/8` }
  })
  await account.stub('GET', `/7?workspaceId=7&next=${account.service}/8`, json('{"workspace":7}'))
  const stopped = await send({ url: url('/old') })
  assert.equal(stopped.status, 302)
  assert.equal(stopped.headers.location, `${account.client}/7?dataProductId=7&next=${account.service}/8`)
  const reply = await send({ url: url('/old'), follow: true })
  assert.equal(reply.status, 200)
  assert.equal(String(reply.body), '{"dataProduct":7}')
})

const CODERS = {
  gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync
}

each('a coded reply is translated, and coded again for who wants it', async (send, account, url) => {
  const text = both(`[${'{"<dataProductId|workspaceId>":"a text that repeats itself"},'.repeat(200)}1]`)
  for (const [coding, code] of Object.entries(CODERS)) {
    await account.stub('GET', `/${coding}`, {
      status: 200,
      headers: { ...JSON_TYPE, 'Content-Encoding': coding },
      base64Body: code(text.service).toString('base64')
    })
    for (const compressed of [true, false]) {
      const reply = await send({ url: url(`/${coding}`), compressed })
      assert.equal(String(reply.body), text.client, coding)
      if (!compressed) assert.equal(reply.headers['content-encoding'], undefined)
      assert.match(reply.headers.vary, /accept-encoding/i)
    }
  }
})

each('a coded body goes up decoded', async (send, account, url) => {
  await account.stub('POST', '', json('{}'))
  for (const [coding, code] of Object.entries(CODERS)) {
    const headers = { ...JSON_TYPE, 'Content-Encoding': coding }
    const reply = await send({ method: 'POST', url: url(''), headers, body: code(BODY.client) })
    assert.equal(reply.status, 200, `${coding}: ${reply.body}`)
    const request = (await account.journal()).at(-1)
    assert.equal(String(request.body), BODY.service, coding)
    assert.equal(request.headers['content-encoding'], undefined)
  }
})

each('records are translated one by one', async (send, account, url) => {
  const text = both('{"<dataProductId|workspaceId>":1.10}\n[{"<dataProduct|workspace>":"workspaceId"}]\r\n\n"dataProduct"\n7')
  const type = { 'Content-Type': 'application/x-ndjson' }
  await account.stub('POST', '', { status: 200, headers: type, body: text.service })
  const reply = await send({ method: 'POST', url: url(''), headers: type, body: text.client })
  assert.equal(String(reply.body), text.client)
  assert.equal(String((await account.journal())[0].body), text.service)
})

each('a tag makes the round trip', async (send, account, url) => {
  await account.stub('GET', '/7', json('{"workspace":7}', { headers: { ...JSON_TYPE, ETag: '"v1"' } }))
  await account.stub('GET', '/7', { status: 304, headers: { ETag: '"v1"' } },
    { headers: { 'If-None-Match': { equalTo: '"v1"' } } })
  await account.stub('PATCH', '/7', json('{"workspace":8}'),
    { headers: { 'If-Match': { equalTo: '"v1"' } } })
  const tag = (await send({ url: url('/7') })).headers.etag
  assert.match(tag, /^"v1;dp-s[0-9a-f]{8}"$/)
  const same = await send({ url: url('/7'), headers: { 'If-None-Match': tag } })
  assert.deepEqual([same.status, same.headers.etag, same.body.length], [304, tag, 0])
  const patched = await send({
    method: 'PATCH', url: url('/7'), headers: { ...JSON_TYPE, 'If-Match': tag }, body: '{}'
  })
  assert.deepEqual([patched.status, String(patched.body)], [200, '{"dataProduct":8}'])
})

each('HEAD has no body', async (send, account, url) => {
  await account.stub('HEAD', '/7', json('', { headers: { ...JSON_TYPE, 'X-Workspace-Id': '7' } }))
  const reply = await send({ method: 'HEAD', url: url('/7') })
  assert.deepEqual([reply.status, reply.headers['x-data-product-id'], reply.body.length], [200, '7', 0])
})

each('many requests on kept connections, each with its own answer', async (send, account, url) => {
  const tails = Array.from({ length: 20 }, (_, n) => n)
  await Promise.all(tails.map((n) => account.stub('GET', `/${n}`, json(`{"workspaceId":${n}}`))))
  for (let at = 0; at < tails.length; at += 5) {
    const replies = await Promise.all(tails.slice(at, at + 5).map((n) => send({ url: url(`/${n}`) })))
    replies.forEach((reply, n) => assert.equal(String(reply.body), `{"dataProductId":${at + n}}`))
  }
})

test('curl: a client that expects 100 (Continue) is told to go on', { timeout: 30000 }, async () => {
  const account = new Account()
  await account.stub('POST', '', json('{}'))
  const reply = await clients.curl({
    method: 'POST',
    url: gateway.url + account.client,
    headers: { ...JSON_TYPE, Expect: '100-continue' },
    body: '{"dataProductId":1}'
  })
  assert.equal(reply.status, 200)
  assert.equal(String((await account.journal())[0].body), '{"workspaceId":1}')
})

// What WireMock breaks, and what the client may see: never a clean reply that is none.
const FAULTS = {
  CONNECTION_RESET_BY_PEER: 'UPSTREAM_UNREACHABLE',
  EMPTY_RESPONSE: 'UPSTREAM_UNREACHABLE',
  RANDOM_DATA_THEN_CLOSE: 'UPSTREAM_INVALID'
}

for (const [fault, code] of Object.entries(FAULTS)) {
  each(`${fault} is 502, and no POST is sent twice`, async (send, account, url) => {
    gateway.tolerate(new RegExp(account.id))
    await account.stub('GET', '/7', { fault })
    await account.stub('POST', '', { fault })
    assertError(await send({ url: url('/7') }), 502, code)
    const gets = await account.journal()
    assert.ok(gets.length <= 2, `${gets.length} GETs`)
    assertError(await send({ method: 'POST', url: url(''), headers: JSON_TYPE, body: '{}' }), 502, code)
    const posts = (await account.journal()).filter(({ method }) => method === 'POST')
    assert.equal(posts.length, 1)
  })
}

each('malformed chunks never end as a clean reply', async (send, account, url) => {
  gateway.tolerate(new RegExp(account.id))
  await account.stub('GET', '/7', { fault: 'MALFORMED_RESPONSE_CHUNK' })
  let reply
  try {
    reply = await send({ url: url('/7') })
  } catch {
    return // cut short
  }
  assertError(reply, 502, 'UPSTREAM_INVALID')
})
