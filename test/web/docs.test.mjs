// The page that shows the API, as its readers see it in a real browser.
//
// No page may report an error, and no request may leave for another place;
// that every word of the page's policy is needed is shown by a policy without
// it.  Pictures for people are left in build/docs-page.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import axe from 'axe-core'
import { parse } from 'yaml'
import { endings, Gateway } from '../interop/stage.mjs'
import { launch, watch } from './browser.mjs'

const ROOT = path.resolve(import.meta.dirname, '../..')
const PICTURES = path.join(ROOT, 'build/docs-page')
const TIMEOUT = { timeout: 60000 }
const METHODS = ['get', 'put', 'post', 'patch', 'delete']
// What is serious to axe and Redoc's own doing: in its markup, whatever is described.
const OF_REDOC = {
  'label-content-name-mismatch': 'an item of the side bar that holds others has them in its text, not in its name'
}
const DESCRIPTION = path.join(ROOT, 'openapi/data-products.yaml')
const COMBINED = path.join(ROOT, 'openapi/combined.yaml')

let browser, description, faults, folder, gateway, page
const ending = endings()

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dpgw-docs-'))
  ending(() => fs.rmSync(folder, { recursive: true }))
  fs.cpSync(path.join(ROOT, 'build/docs'), path.join(folder, 'docs'), { recursive: true })
  fs.mkdirSync(path.join(folder, 'openapi'))
  fs.copyFileSync(DESCRIPTION, path.join(folder, 'openapi/data-products.yaml'))
  fs.copyFileSync(COMBINED, path.join(folder, 'openapi/combined.yaml'))
  description = parse(fs.readFileSync(DESCRIPTION, 'utf8'))
  gateway = await Gateway.start('http://127.0.0.1:9', null, `docs: {serve: true, directory: "${folder}"}`)
  ending(() => gateway.stop())
  browser = await launch(ending, { viewport: { width: 1440, height: 900 } })
  fs.mkdirSync(PICTURES, { recursive: true })
})

beforeEach(async () => {
  page = await browser.newPage()
  faults = watch(page, gateway.url)
})
afterEach(async () => {
  await page.close()
  assert.deepEqual(faults, [])
})

// Opens the page at FRAGMENT and waits until Redoc has drawn it whole.
async function open(fragment = '') {
  await page.goto(`${gateway.url}/docs${fragment}`)
  await page.locator('h1').first().waitFor()
  await page.locator('[data-section-id]').last().waitFor({ state: 'attached' })
}

// Every operation: its id, first tag, summary, method and path.
function operations() {
  return Object.entries(description.paths).flatMap(([at, item]) => METHODS.filter((method) => item[method])
    .map((method) => ({ method, at, ...item[method], tag: item[method].tags[0] })))
}

function item(id) {
  return page.locator(`[role=menuitem][data-item-id="${id}"]`)
}

function section(id) {
  return page.locator(`[id="${id}"]`)
}

async function picture(name) {
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) })
}

// All that one look at the whole page can tell: drawing it takes a browser some seconds.
test('the whole description is there: groups, tags, operations, and both its files', TIMEOUT, async () => {
  await open()
  await checkSideBar()
  await checkOperations()
  await checkFiles()
  await picture('front')
})

async function checkSideBar() {
  assert.equal(await page.title(), description.info.title)
  const shown = new Map(description.tags.map((tag) => [tag.name, tag['x-displayName'] ?? tag.name]))
  assert.ok(description['x-tagGroups'].length > 0)
  for (const group of description['x-tagGroups']) {
    const top = page.locator(`[role=menuitem][data-item-id^="group/"][aria-label="${group.name}"]`)
    await top.waitFor()
    const inside = await top.locator('> ul > [role=menuitem]').evaluateAll(
      (items) => items.map((one) => one.getAttribute('aria-label')))
    assert.deepEqual(inside, group.tags.map((tag) => shown.get(tag)))
  }
}

// Each has one place of its own, and its path and summary are on the page.
async function checkOperations() {
  const all = operations()
  assert.ok(all.length > 20)
  const places = await page.locator('[data-section-id]').evaluateAll((found) => found.map((one) => one.id))
  const drawn = await page.evaluate(() => document.body.textContent)
  for (const { operationId, at, summary } of all) {
    assert.equal(places.filter((id) => id.endsWith(`/operation/${operationId}`)).length, 1, operationId)
    assert.ok(drawn.includes(at), at)
    assert.ok(drawn.includes(summary), summary)
  }
}

async function checkFiles() {
  for (const form of ['yaml', 'json']) {
    const link = page.getByRole('link', { name: `OpenAPI (${form.toUpperCase()})` })
    assert.equal(await link.getAttribute('href'), `/openapi.${form}`)
    const reply = await fetch(`${gateway.url}/openapi.${form}`)
    assert.deepEqual(parse(await reply.text()), description)
  }
}

test('both APIs in one description: each has its group in the side bar', TIMEOUT, async () => {
  const both = await Gateway.start('http://127.0.0.1:9', null,
    `docs: {serve: true, document: combined, directory: "${folder}"}`)
  try {
    const groups = parse(fs.readFileSync(COMBINED, 'utf8'))['x-tagGroups'].map(({ name }) => name)
    assert.equal(groups.length, 2)
    const other = await browser.newPage()
    const seen = watch(other, both.url)
    await other.goto(`${both.url}/docs`)
    for (const name of groups)
      await other.locator(`[role=menuitem][data-item-id^="group/"][aria-label="${name}"]`).waitFor()
    assert.deepEqual(seen, [])
    await other.close()
  } finally {
    await both.stop()
  }
})

test('an operation opens from the side bar', TIMEOUT, async () => {
  await open()
  const { tag, operationId, summary } = operations()[1]
  const id = `tag/${tag.replaceAll(' ', '-')}`
  await item(id).locator('> label').click()
  await item(`${id}/operation/${operationId}`).locator('> label').click()
  await page.waitForFunction((hash) => decodeURIComponent(location.hash) === hash, `#${id}/operation/${operationId}`)
  const heading = section(`${id}/operation/${operationId}`).getByRole('heading', { name: summary })
  await heading.waitFor()
  await page.waitForFunction((top) => {
    const box = document.getElementById(top).getBoundingClientRect()
    return box.top < innerHeight && box.bottom > 0
  }, `${id}/operation/${operationId}`)
  await picture('operation')
})

test('a deep link leads where it says, also when the page is read again', TIMEOUT, async () => {
  const { tag, operationId } = operations().at(-1)
  const id = `tag/${tag.replaceAll(' ', '-')}/operation/${operationId}`
  await open(`#${id}`)
  const inView = () => page.waitForFunction((place) => {
    const box = document.getElementById(place)?.getBoundingClientRect()
    return box && box.top < innerHeight && box.bottom > 0
  }, id)
  await inView()
  await page.reload()
  await inView()
})

test('what is searched for is found, and a found one opens', TIMEOUT, async () => {
  await open()
  const { operationId, summary } = operations().find(({ method }) => method === 'delete')
  await page.getByRole('textbox', { name: 'Search' }).fill(summary)
  const results = page.getByRole('search').locator('[role=menuitem]')
  await results.filter({ hasText: summary }).first().click()
  await page.waitForFunction((end) => location.hash.endsWith(end), `/operation/${operationId}`)
  await picture('search')
  await page.getByRole('textbox', { name: 'Search' }).fill('no-such-word-anywhere')
  await page.getByText('No results found').waitFor()
})

// On a few operations of every kind: axe looks at each element again and again.
test('axe finds nothing serious that is not of Redoc\'s own making', TIMEOUT, async () => {
  await page.route('**/openapi.json', (route) => route.fulfill({ json:
    { ...description, paths: Object.fromEntries(Object.entries(description.paths).slice(0, 2)) } }))
  await open()
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
  const found = new Set(serious.map(({ id }) => id))
  assert.deepEqual([...found].filter((id) => !(id in OF_REDOC)), [],
    JSON.stringify(serious.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)])))
  assert.deepEqual(Object.keys(OF_REDOC).filter((id) => !found.has(id)), [], 'no longer needed')
})

test('on a telephone the side bar waits behind a button', TIMEOUT, async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open()
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  assert.equal(await page.getByRole('textbox', { name: 'Search' }).isVisible(), false)
  await picture('telephone')
})

test('a description that is not there is told', TIMEOUT, async () => {
  await page.route('**/openapi.json', (route) => route.fulfill({ status: 503, body: '' }))
  await page.goto(`${gateway.url}/docs`)
  await page.getByText('/openapi.json was answered with 503').waitFor()
  assert.deepEqual(faults.splice(0).map((fault) => fault.slice(0, 6)), ['error:']) // the browser's own word for it
})

test('without scripts there is still a way to the description', TIMEOUT, async () => {
  const html = await (await fetch(`${gateway.url}/docs`)).text()
  assert.match(html, /<noscript>[^]*href="\/openapi\.yaml"[^]*href="\/openapi\.json"[^]*<\/noscript>/)
})

test('each word of the page\'s policy is needed', TIMEOUT, async () => {
  const given = (await fetch(`${gateway.url}/docs`)).headers.get('Content-Security-Policy')
  const words = [...given.matchAll(/(?<= )(?:'self'|'sha256-[^']*'|data:|blob:)/g)]
  assert.equal(words.length, 7)
  for (const word of words) {
    const less = given.slice(0, word.index) + given.slice(word.index + word[0].length)
    const other = await browser.newPage()
    const complaints = watch(other, gateway.url)
    await other.route('**/docs', async (route) => {
      const reply = await route.fetch()
      await route.fulfill({ response: reply, headers: { ...reply.headers(), 'content-security-policy': less } })
    })
    await other.goto(`${gateway.url}/docs`)
    for (const end = Date.now() + 20000; complaints.length === 0 && Date.now() < end;) await other.waitForTimeout(20)
    assert.ok(complaints.some((one) => one.includes('Content Security Policy')), word[0])
    await other.close()
  }
})
