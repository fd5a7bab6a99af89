// clients.mjs - four clients behind one face
//
// A client sends { method, url, headers, body, parts, follow, compressed } and
// gives { status, headers, body, pieces }; it throws where the reply ends
// before its end.  BODY is text, a Buffer or an async iterable, whose length
// nobody knows; PARTS are [name, text] or [name, { bytes, filename, type }] of
// a multipart form; FOLLOW goes after redirects; COMPRESSED says that codings
// are accepted, and the body given is the decoded one.  PIECES are the bytes
// as they came, one by one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import axios from 'axios'
import got from 'got'
import * as undici from 'undici'

const CURL = '/usr/bin/curl'
const HEADS = 'heads.txt'

async function collect(status, headers, stream) {
  const pieces = []
  for await (const piece of stream) pieces.push(Buffer.from(piece))
  return { status, headers, body: Buffer.concat(pieces), pieces }
}

// PARTS as one of the FormData that clients of node take.
function form(parts, Kind = FormData) {
  const made = new Kind()
  for (const [name, value] of parts) {
    if (typeof value === 'string') made.append(name, value)
    else made.append(name, new Blob([value.bytes], { type: value.type }), value.filename)
  }
  return made
}

const isStream = (body) => body?.[Symbol.asyncIterator] !== undefined

async function viaUndici({ method, url, headers, body, parts, follow, compressed }) {
  const reply = await undici.fetch(url, {
    method,
    headers: compressed ? headers : { 'Accept-Encoding': 'identity', ...headers },
    body: parts ? form(parts, undici.FormData) : body,
    duplex: isStream(body) ? 'half' : undefined,
    redirect: follow ? 'follow' : 'manual'
  })
  return collect(reply.status, Object.fromEntries(reply.headers), reply.body ?? [])
}

async function viaAxios({ method, url, headers, body, parts, follow, compressed }) {
  const reply = await axios.request({
    method,
    url,
    headers: compressed ? headers : { 'Accept-Encoding': 'identity', ...headers },
    data: parts ? form(parts) : isStream(body) ? Readable.from(body) : body,
    adapter: 'http',
    proxy: false,
    maxRedirects: isStream(body) || !follow ? 0 : 5,
    responseType: 'stream',
    validateStatus: () => true
  })
  return collect(reply.status, { ...reply.headers }, reply.data)
}

async function viaGot({ method, url, headers, body, parts, follow, compressed }) {
  const stream = got.stream(url, {
    method,
    headers,
    body: parts ? form(parts) : isStream(body) ? Readable.from(body) : body,
    decompress: Boolean(compressed),
    followRedirect: Boolean(follow),
    retry: { limit: 0 },
    throwHttpErrors: false
  })
  const head = new Promise((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
  })
  const whole = collect(0, {}, stream)
  whole.catch(() => {}) // the same error, if the head never came
  const { statusCode, headers: fields } = await head
  return { ...await whole, status: statusCode, headers: fields }
}

// The fields of the last final head in TEXT, what curl writes of all heads.
function lastHead(text) {
  const head = text.trim().split(/\r\n\r\n/).at(-1)
  const [first, ...lines] = head.split('\r\n')
  const fields = lines.map((line) => /^([^:]+):\s*(.*)$/.exec(line))
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(fields.map(([, name, value]) => [name.toLowerCase(), value]))
  }
}

function curlArguments({ method, headers, body, parts, follow, compressed }, folder) {
  const list = ['-q', '-sS', '-N', '--http1.1', '--noproxy', '*', '--dump-header', path.join(folder, HEADS)]
  list.push(...method === 'HEAD' ? ['--head', '--output', '/dev/null'] : ['--request', method])
  for (const [name, value] of Object.entries(headers)) list.push('--header', `${name}: ${value}`)
  if (follow) list.push('--location')
  if (compressed) list.push('--compressed')
  if (body !== undefined) list.push(...isStream(body) ? ['--upload-file', '-'] : ['--data-binary', '@-'])
  for (const [name, value] of parts ?? []) {
    if (typeof value === 'string') {
      list.push('--form-string', `${name}=${value}`)
    } else {
      fs.writeFileSync(path.join(folder, name), value.bytes)
      list.push('--form', `${name}=@${path.join(folder, name)};type=${value.type};filename=${value.filename}`)
    }
  }
  return list
}

async function viaCurl(request) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dpgw-curl-'))
  try {
    const { body, url } = request
    const child = spawn(CURL, [...curlArguments(request, folder), url],
      { stdio: ['pipe', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    child.stdin.on('error', () => {}) // curl may end before it has read all
    Readable.from(isStream(body) ? body : [body ?? '']).pipe(child.stdin)
    const complaint = collect(0, {}, child.stderr)
    const reply = await collect(0, {}, child.stdout)
    const [status] = await ended
    if (status !== 0) throw new Error(String((await complaint).body))
    return { ...reply, ...lastHead(fs.readFileSync(path.join(folder, HEADS), 'utf8')) }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const withDefaults = (send) => (request) => send({ method: 'GET', headers: {}, ...request })

export const clients = Object.fromEntries(
  Object.entries({ undici: viaUndici, axios: viaAxios, got: viaGot, curl: viaCurl })
    .map(([name, send]) => [name, withDefaults(send)]))
