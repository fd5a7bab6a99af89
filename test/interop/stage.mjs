// stage.mjs - a gateway of the test's own, and how it is judged at its end
//
// A gateway listens on free ports of the loopback.  It is stopped with SIGTERM
// and has to end with status 0, without a sanitizer report and without a
// warning or error that nobody tolerated.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { after } from 'node:test'

const ROOT = path.resolve(import.meta.dirname, '../..')
const LISTENING = /\blistening\b.*\baddress=(\S+) role=(client|admin)\b/
const SANITIZER = /ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:/
const COMPLAINT = /^\S+ (warn|error) /

export const SAMPLE_MAPPING = path.join(ROOT, 'config/mapping.yaml')

// The sample mapping with each of CHANGES, [text, text in its place], made once.
export function sampleMapping(...changes) {
  return changes.reduce((text, [from, to]) => {
    assert.equal(text.split(from).length, 2, `the sample has ${from} once`)
    return text.replace(from, () => to)
  }, fs.readFileSync(SAMPLE_MAPPING, 'utf8'))
}

function configure(folder, upstream, mapping, more) {
  let mappingFile = SAMPLE_MAPPING
  if (mapping) {
    mappingFile = path.join(folder, 'mapping.yaml')
    fs.writeFileSync(mappingFile, mapping)
  }
  const file = path.join(folder, 'gateway.yaml')
  fs.writeFileSync(file, `version: 1
listen: "127.0.0.1:0"
workers: 2
upstream: {url: "${upstream}"}
mapping: "${mappingFile}"
log: {level: info, format: logfmt}
${more}
`)
  return file
}

export class Gateway {
  // The gateway before the service at UPSTREAM, listening; MORE are lines of its settings' file.
  static async start(upstream, mapping, more = '') {
    const gateway = new Gateway()
    gateway.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dpgw-interop-'))
    gateway.lines = []
    gateway.tolerated = process.getuid() === 0 ? [/ warn running as root /] : []
    gateway.child = spawn(process.env.DPGW,
      ['serve', '-c', configure(gateway.folder, upstream, mapping, more)],
      { cwd: gateway.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    gateway.ended = once(gateway.child, 'close')
    gateway.url = `http://${await gateway.#listening()}`
    return gateway
  }

  #listening() {
    return new Promise((resolve, reject) => {
      this.ended.then(() => reject(new Error(`no gateway: ${this.lines.join('\n')}`)), reject)
      for (const stream of [this.child.stdout, this.child.stderr]) {
        readline.createInterface({ input: stream }).on('line', (line) => {
          this.lines.push(line)
          const found = LISTENING.exec(line)
          if (found?.[2] === 'client') resolve(found[1])
        })
      }
    })
  }

  // Complaints like PATTERN may come: the test provokes them.
  tolerate(pattern) {
    this.tolerated.push(pattern)
  }

  async stop() {
    this.child.kill('SIGTERM')
    const [status, signal] = await this.ended
    fs.rmSync(this.folder, { recursive: true })
    const bad = this.lines.filter((line) => SANITIZER.test(line) ||
      (COMPLAINT.test(line) && !this.tolerated.some((pattern) => pattern.test(line))))
    assert.deepEqual(bad, [])
    assert.deepEqual([status, signal], [0, null], this.lines.slice(-20).join('\n'))
  }
}

// What a file of tests has begun ends after its last test, the latest first, even if one of the
// ends fails: the function given takes each end as soon as there is something to end.
export function endings() {
  const ends = []
  const endAll = async () => {
    while (ends.length > 0) {
      try {
        await ends.pop()()
      } finally {
        await endAll()
      }
    }
  }
  after(endAll)
  return (end) => ends.push(end)
}

// Resolves when CONDITION holds; asked again every few milliseconds, for at most SECONDS.
export async function until(condition, seconds = 10) {
  for (const end = Date.now() + seconds * 1000; !(await condition());) {
    assert.ok(Date.now() < end, `never: ${condition}`)
    await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
}
