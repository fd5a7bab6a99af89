// streams.mjs - event streams made by chance, and a service that sends them as it is told
//
// The same SEED makes the same stream; a failing test names it.

import { once } from 'node:events'
import http from 'node:http'

// A source of numbers below N, the same for the same SEED (xorshift).
export function chance(seed) {
  let state = (seed * 2654435761 + 1) >>> 0 || 1
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}

const PAYLOADS = [
  '{"<dataProductId|workspaceId>":"7","n":1.10}',
  '{"<dataProduct|workspace>":{"<dataProducts|workspaces>":[{"<sourceDataProductId|sourceWorkspaceId>":1E400}]},"ok":true}',
  '{"text":"workspaceId and dataProductId","slackWorkspaceId":1,"rows":[{"workspaceId":1}]}',
  '["dataProductId", {"k\\u00e9y \\ud83d\\ude00":"Grüße 😀","<dataProductType|workspaceType>" : null}]',
  '"workspaceId"', '[DONE]', 'plain text about workspaceId', '{"workspaceId":', '', ' ', '0', '{}'
]
const OTHERS = [': heartbeat', ':', 'event: delta', 'event:message', 'id: 17', 'id', 'retry: 250', 'retry: soon',
  'unknown: {"workspaceId":1}', 'data', 'datas: workspaceId', ' data: {"workspaceId":1}']
const ENDS = ['\n', '\r', '\r\n']

// A payload cut into data lines where JSON allows white space, so that the joined data stays JSON.
function dataLines(payload, pick) {
  const parts = payload.replace(/([,{[](?![^"]*"[^"]*(?:"[^"]*"[^"]*)*$))/g, (mark) => pick(4) ? mark : `${mark}\n`)
  return parts.split('\n').map((line) => `data:${pick(3) ? ' ' : ''}${line}`)
}

// A stream of COUNT events in both dialects (marks as in dialects.mjs).
export function eventStream(seed, count) {
  const pick = chance(seed)
  const lines = []
  for (let n = 0; n < count; n++) {
    for (let k = pick(3); k > 0; k--) lines.push(OTHERS[pick(OTHERS.length)])
    lines.push(...dataLines(PAYLOADS[pick(PAYLOADS.length)], pick))
    if (!pick(3)) lines.push(OTHERS[pick(OTHERS.length)])
    lines.push('')
  }
  if (!pick(2)) lines.push('data: {"unfinished')
  const sameEnd = pick(4)
  let end = ''
  // An empty line that ends in LF after one that ends in CR would be that line's second half.
  const ended = (line) => {
    const next = ENDS[sameEnd < 3 ? sameEnd : pick(3)]
    end = line === '' && end === '\r' && next === '\n' ? '\r' : next
    return line + end
  }
  return (pick(4) ? '' : '\ufeff') + lines.map(ended).join('')
}

// BYTES in pieces of 1 to LONGEST bytes.
export function cuts(bytes, seed, longest) {
  const pick = chance(seed)
  const pieces = []
  for (let at = 0; at < bytes.length;) {
    const length = 1 + pick(longest)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

// A service on a free port of the loopback; ANSWER(request, reply) is an http.Server's.
export async function serve(answer) {
  const server = http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.url = `http://127.0.0.1:${server.address().port}`
  server.stop = () => new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
  return server
}
