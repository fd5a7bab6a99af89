// wiremock.mjs - what WireMock is to answer, and what it was asked
//
// Each test has an account of its own, so that the tests of several files can
// share one WireMock and still tell their requests apart.

import assert from 'node:assert/strict'

const ADMIN = `${process.env.WIREMOCK}/__admin`
let accounts = 0

async function admin(method, path, body) {
  const reply = await fetch(ADMIN + path, { method, body: JSON.stringify(body) })
  assert.ok(reply.ok, `WireMock: ${reply.status} ${await reply.clone().text()}`)
  return reply.json()
}

// One request as WireMock's journal has it; BODY is a Buffer.
function entry({ method, url, headers, bodyAsBase64 }) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { method, url, headers: Object.fromEntries(lower), body: Buffer.from(bodyAsBase64, 'base64') }
}

export class Account {
  constructor() {
    this.id = `a${process.pid}-${++accounts}`
    this.client = `/api/v1/accounts/${this.id}/data-products`
    this.service = `/api/v1/accounts/${this.id}/workspaces`
  }

  // METHOD on TAIL (raw path below the collection, query included) is answered with RESPONSE;
  // CONDITIONS narrow the request as WireMock's own patterns do.
  async stub(method, tail, response, conditions = {}) {
    await admin('POST', '/mappings',
      { request: { method, url: this.service + tail, ...conditions }, response })
  }

  // Every request of this account, the first first.
  async journal() {
    const found = await admin('POST', '/requests/find',
      { urlPattern: `/api/v1/accounts/${this.id}/.*` })
    return found.requests.sort((a, b) => a.loggedDate - b.loggedDate).map(entry)
  }
}

export const json = (body, more = {}) =>
  ({ status: 200, headers: { 'Content-Type': 'application/json' }, body, ...more })
