// Event streams as independent readers of them understand what comes out of the gateway.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, test } from 'node:test'
import { EventSource } from 'eventsource'
import { createParser } from 'eventsource-parser'
import { Agent, request } from 'undici'
import { both } from './dialects.mjs'
import { endings, Gateway, sampleMapping, until } from './stage.mjs'
import { cuts, eventStream, serve } from './streams.mjs'

const TARGET = '/api/v1/accounts/a/data-products/7/chat/stream'
const EVENT_STREAM = { 'Content-Type': 'text/event-stream' }
const SEEDS = 100
const TIMEOUT = { timeout: 60000 }

let answer, gateway, service
const ending = endings()

before(async () => {
  service = await serve((req, reply) => answer(req, reply))
  ending(() => service.stop())
  gateway = await Gateway.start(service.url, sampleMapping(['{methods: [POST], timeout: 300s}',
    '{methods: [GET, POST], timeout: 300s}']))
  ending(() => gateway.stop())
})

// What eventsource-parser makes of a stream, piece by piece.
class Reader {
  constructor() {
    this.seen = []
    this.text = new TextDecoder('utf-8', { ignoreBOM: true })
    this.parser = createParser({
      onEvent: ({ event, id, data }) => this.seen.push({ event, id, data }),
      onRetry: (retry) => this.seen.push({ retry }),
      onComment: (comment) => this.seen.push({ comment })
    })
  }

  feed(piece) {
    this.parser.feed(this.text.decode(piece, { stream: true }))
  }
}

function read(text) {
  const reader = new Reader()
  reader.feed(Buffer.from(text))
  return reader.seen
}

// Sends PIECES one by one, each in a chunk of its own.
async function sendPieces(reply, pieces) {
  reply.writeHead(200, EVENT_STREAM)
  for (const piece of pieces) {
    reply.write(piece)
    await new Promise(setImmediate)
  }
  reply.end()
}

test('the events of a stream are the same behind the gateway, names mapped, at any cut', TIMEOUT, async () => {
  let events = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const text = both(eventStream(seed, 12))
    const pieces = cuts(Buffer.from(text.service), seed, [1, 3, 17, 400][seed % 4])
    answer = (_, reply) => sendPieces(reply, pieces)
    const { statusCode, body } = await request(gateway.url + TARGET, { method: 'POST' })
    assert.equal(statusCode, 200)
    const reader = new Reader()
    for await (const piece of body) reader.feed(piece)
    const wanted = read(text.client)
    assert.deepEqual(reader.seen, wanted, `seed ${seed}`)
    assert.equal(read(text.service).length, wanted.length, `seed ${seed}`)
    events += wanted.length
  }
  assert.ok(events > SEEDS * 12, `${events} events`)
})

test('each event leaves before the next one comes', TIMEOUT, async () => {
  const sent = []
  let reply
  answer = (_, made) => {
    reply = made
    reply.writeHead(200, EVENT_STREAM)
    reply.flushHeaders()
  }
  const { body } = await request(gateway.url + TARGET, { method: 'POST' })
  const reader = new Reader()
  body.on('data', (piece) => reader.feed(piece))
  const ended = once(body, 'end')
  for (let n = 0; n < 20; n++) {
    // A next event is sent only when the one before has arrived.
    reply.write(n % 4 === 3 ? ': heartbeat\n\n' : `data: {"workspaceId":${n}}\r\n\r\n`)
    sent.push(n % 4 === 3 ? { comment: 'heartbeat' } : { event: undefined, id: undefined, data: `{"dataProductId":${n}}` })
    await until(() => reader.seen.length === sent.length)
  }
  reply.end()
  await ended
  assert.deepEqual(reader.seen, sent)
})

test('a client of many streams gets each its own events', TIMEOUT, async () => {
  const replies = new Map()
  answer = (req, reply) => {
    reply.writeHead(200, EVENT_STREAM)
    reply.flushHeaders()
    replies.set(new URL(req.url, service.url).searchParams.get('workspaceId'), reply)
  }
  const dispatcher = new Agent({ connections: 100 })
  const readers = await Promise.all(Array.from({ length: 100 }, async (_, n) => {
    const { body } = await request(`${gateway.url}${TARGET}?dataProductId=s${n}`, { method: 'POST', dispatcher })
    const reader = new Reader()
    body.on('data', (piece) => reader.feed(piece))
    reader.ended = once(body, 'end')
    return reader
  }))
  for (let round = 0; round < 5; round++) {
    for (const [name, reply] of replies) reply.write(`data: {"workspaceId":"${name}","n":${round}}\n\n`)
    await until(() => readers.every((reader) => reader.seen.length > round))
  }
  for (const reply of replies.values()) reply.end()
  await Promise.all(readers.map((reader) => reader.ended))
  readers.forEach((reader, n) => assert.deepEqual(reader.seen.map(({ data }) => data),
    [0, 1, 2, 3, 4].map((round) => `{"dataProductId":"s${n}","n":${round}}`)))
  await dispatcher.close()
})

test('an EventSource reads typed events, and comes back with the last id', TIMEOUT, async () => {
  const asked = []
  let open
  answer = (req, reply) => {
    asked.push(req.headers['last-event-id'])
    reply.writeHead(200, EVENT_STREAM)
    if (asked.length === 1) {
      reply.end('retry: 20\n\nid: 41\nevent: delta\ndata: {"workspaceId":1}\n\ndata: {"unfinished')
    } else {
      open = reply
      reply.write('id: 42\ndata: {"workspace":\ndata: {"workspaceId":2}}\n\nevent: done\ndata: [DONE]\n\n')
    }
  }
  const source = new EventSource(gateway.url + TARGET)
  const seen = []
  for (const type of ['delta', 'message']) {
    source.addEventListener(type, ({ data, lastEventId }) => seen.push([type, data, lastEventId]))
  }
  await new Promise((resolve) => { source.addEventListener('done', resolve) })
  source.close()
  open.end()
  assert.deepEqual(seen, [['delta', '{"dataProductId":1}', '41'],
    ['message', '{"dataProduct":\n{"dataProductId":2}}', '42']])
  assert.deepEqual(asked, [undefined, '41'])
})

test('a stream that the client leaves is cancelled at the service', TIMEOUT, async () => {
  let left
  answer = (_, reply) => {
    left = once(reply, 'close')
    reply.writeHead(200, EVENT_STREAM)
    const heart = setInterval(() => reply.write(': beat\n\n'), 5)
    reply.on('close', () => clearInterval(heart))
  }
  const { body } = await request(gateway.url + TARGET, { method: 'POST' })
  await once(body, 'data')
  body.on('error', () => {})
  body.destroy()
  await left
})

test('a stream that the service breaks off never ends clean', TIMEOUT, async () => {
  gateway.tolerate(/chat\/stream/)
  answer = (_, reply) => {
    reply.writeHead(200, EVENT_STREAM)
    reply.write('data: {"workspaceId":1}\n\ndata: {"worksp', () => reply.destroy())
  }
  const { body } = await request(gateway.url + TARGET, { method: 'POST' })
  const reader = new Reader()
  await assert.rejects(async () => {
    for await (const piece of body) reader.feed(piece)
  })
  assert.deepEqual(reader.seen.map(({ data }) => data), ['{"dataProductId":1}'])
})
