// browser.mjs - Debian's Chromium, which finds no place but the loopback

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--no-proxy-server']

// A browser with a profile of its own; ENDING takes how it ends.
export async function launch(ending, options = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dpgw-web-'))
  ending(() => fs.rmSync(folder, { recursive: true }))
  const browser = await chromium.launchPersistentContext(folder,
    { executablePath: '/usr/bin/chromium', headless: true, args: FLAGS, ...options })
  ending(() => browser.close())
  return browser
}

// What PAGE complains of from now on, and which requests leave it for another place than ORIGIN.
export function watch(page, origin) {
  const faults = []
  page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (fault) => faults.push(String(fault)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith('data:') && new URL(url).origin !== origin) faults.push(`asked: ${url}`)
  })
  return faults
}
