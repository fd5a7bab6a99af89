// The gateway as a page in a real browser sees it.
//
// A next event is sent only when the page has the one before; no page may
// report an error, and no request may leave for another place.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { endings, Gateway, sampleMapping, until } from '../interop/stage.mjs'
import { serve } from '../interop/streams.mjs'
import { launch, watch } from './browser.mjs'

const PAGE = fs.readFileSync(path.join(import.meta.dirname, 'page.html'))
const COLLECTION = '/api/v1/accounts/a/data-products'
const STREAM = `${COLLECTION}/7/chat/stream`
const EVENT_STREAM = { 'Content-Type': 'text/event-stream' }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const TIMEOUT = { timeout: 60000 }

let answer, browser, gateway, page, requests, service
let faults
const ending = endings()

before(async () => {
  service = await serve(async (req, reply) => {
    if (req.url === '/page/') return reply.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE)
    const pieces = await req.toArray()
    requests.push({ method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(pieces) })
    return answer(req, reply)
  })
  ending(() => service.stop())
  gateway = await Gateway.start(service.url, sampleMapping(
    ['{methods: [POST], timeout: 300s}', '{methods: [GET, POST], timeout: 300s}'],
    ['passthrough:\n', 'passthrough:\n  - path: "/page/**"\n']))
  ending(() => gateway.stop())
  browser = await launch(ending)
})

beforeEach(async () => {
  requests = []
  page = await browser.newPage()
  faults = watch(page, gateway.url)
  await page.goto(`${gateway.url}/page/`)
})
afterEach(async () => {
  await page.close()
  assert.deepEqual(faults, [])
})

// What the page has seen, as soon as it is COUNT long.
async function seen(count) {
  await page.waitForFunction((n) => window.seen.length >= n, count, { polling: 5, timeout: 10000 })
  return page.evaluate(() => window.seen)
}

test('an EventSource gets event after event, and comes back with the last id', TIMEOUT, async () => {
  const replies = []
  answer = (_, reply) => {
    replies.push(reply)
    reply.writeHead(200, EVENT_STREAM)
    reply.flushHeaders()
  }
  await page.evaluate(([url, types]) => window.listen(url, types), [STREAM, ['message', 'delta']])
  await until(() => replies.length === 1)
  const wanted = []
  for (let n = 0; n < 6; n++) {
    const type = n % 2 ? 'delta' : 'message'
    replies[0].write(`: beat\n\n${n % 2 ? 'event: delta\r\n' : ''}id: ${n}\ndata: {"workspaceId":\ndata: ${n}}\n\n`)
    wanted.push([type, `{"dataProductId":\n${n}}`, String(n)])
    assert.deepEqual(await seen(n + 1), wanted)
  }
  replies[0].end('retry: 10\n\n')
  await until(() => replies.length === 2)
  assert.equal(requests[1].headers['last-event-id'], '5')
  replies[1].write('data: [DONE]\n\n')
  assert.deepEqual(await seen(7), [...wanted, ['message', '[DONE]', '5']])
  await page.evaluate(() => window.source.close())
  replies[1].end()
})

test('fetch reads the stream of a POST piece by piece, and may leave it', TIMEOUT, async () => {
  let closed = false
  let open
  answer = (_, reply) => {
    open = reply
    reply.writeHead(200, EVENT_STREAM)
    reply.flushHeaders()
    reply.on('close', () => { closed = true })
  }
  await page.evaluate(([url, body]) => { window.post(url, body) }, [STREAM, { dataProductId: '7', n: 1 }])
  const wanted = [[200, 'text/event-stream']]
  assert.deepEqual(await seen(1), wanted)
  assert.equal(String(requests[0].body), '{"workspaceId":"7","n":1}')
  for (let n = 0; n < 6; n++) {
    open.write(`data: {"workspaceId":${n}}\n\n`)
    wanted.push(`data: {"dataProductId":${n}}\n\n`)
    assert.deepEqual(await seen(n + 2), wanted)
  }
  await page.evaluate(() => window.aborter.abort())
  assert.deepEqual(await seen(8), [...wanted, 'AbortError'])
  await until(() => {
    if (!closed) open.write(': beat\n\n')
    return closed
  })
})

test('the stream of a POST ends where the service ends it', TIMEOUT, async () => {
  answer = (_, reply) => reply.writeHead(200, EVENT_STREAM).end('data: {"workspace":1}\n\ndata: [DONE]\n\n')
  await page.evaluate(([url, body]) => window.post(url, body), [STREAM, {}])
  const [head, ...pieces] = await seen(3)
  assert.deepEqual(head, [200, 'text/event-stream'])
  assert.equal(pieces.join(''), 'data: {"dataProduct":1}\n\ndata: [DONE]\n\nend')
})

test('the browser\'s own cache asks with the tag it got', TIMEOUT, async () => {
  answer = (req, reply) => {
    const same = req.headers['if-none-match'] === '"v1"'
    reply.writeHead(same ? 304 : 200, { ...JSON_TYPE, ETag: '"v1"', 'Cache-Control': 'no-cache' })
    reply.end(same ? undefined : '{"workspaceId":"7"}')
  }
  const get = (url) => page.evaluate(async (at) => {
    const reply = await fetch(at)
    return [reply.status, await reply.text(), reply.headers.get('ETag')]
  }, url)
  const [status, text, tag] = await get(`${COLLECTION}/7`)
  assert.deepEqual([status, text], [200, '{"dataProductId":"7"}'])
  assert.match(tag, /^"v1;dp-s[0-9a-f]{8}"$/)
  assert.deepEqual(await get(`${COLLECTION}/7`), [status, text, tag])
  assert.deepEqual(requests.map(({ headers }) => headers['if-none-match']), [undefined, '"v1"'])
})

test('a form with a file goes up under the service\'s names', TIMEOUT, async () => {
  answer = (_, reply) => reply.writeHead(201, JSON_TYPE).end('{"workspaceId":"7"}')
  const reply = await page.evaluate(async (url) => {
    const form = new FormData()
    form.append('dataProductId', 'dataProductId')
    form.append('file', new File([new Uint8Array(200000).fill(65)], 'a "b".bin'))
    const got = await fetch(url, { method: 'POST', body: form })
    return [got.status, await got.text()]
  }, `${COLLECTION}/7/unstructured-assets`)
  assert.deepEqual(reply, [201, '{"dataProductId":"7"}'])
  const [{ body, headers }] = requests
  const form = await new Response(body, { headers: { 'Content-Type': headers['content-type'] } }).formData()
  assert.deepEqual([...form.keys()], ['workspaceId', 'file'])
  assert.equal(form.get('workspaceId'), 'dataProductId')
  assert.equal(form.get('file').size, 200000)
  assert.match(String(body), /filename="a %22b%22\.bin"/)
})

test('a redirect leads to the client\'s own path', TIMEOUT, async () => {
  answer = (req, reply) => {
    if (req.url.endsWith('/old')) {
      reply.writeHead(302, { Location: '/api/v1/accounts/a/workspaces/7?workspaceId=8' }).end()
    } else {
      reply.writeHead(200, JSON_TYPE).end('{"workspace":7}')
    }
  }
  const reply = await page.evaluate(async (url) => {
    const got = await fetch(url)
    return [got.url, got.redirected, await got.text()]
  }, `${COLLECTION}/old`)
  assert.deepEqual(reply, [`${gateway.url}${COLLECTION}/7?dataProductId=8`, true, '{"dataProduct":7}'])
})
