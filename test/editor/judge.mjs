// judge.mjs - what ajv says of YAML files, read as YAML 1.2 with the core schema
//
// Takes {schemas: {NAME: schema}, files: [[NAME, text]]} from standard input
// and prints the verdict on each file: the places that are refused, or null
// where it is no YAML that the gateway reads.

import fs from 'node:fs'

import Ajv from 'ajv'
import { isAlias, parseAllDocuments, visit } from 'yaml'

const READING = { version: '1.2', schema: 'core', stringKeys: true, uniqueKeys: true }

function read(text) {
  const documents = parseAllDocuments(text, READING)
  if (documents.empty) return { value: null }
  if (documents.length !== 1 || documents[0].errors.length) return null
  let marked = false
  visit(documents[0], { Node(key, node) { marked ||= isAlias(node) || Boolean(node.anchor || node.tag) } })
  return marked ? null : { value: documents[0].toJS() }
}

function steps(pointer) {
  return pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const { schemas, files } = JSON.parse(fs.readFileSync(0, 'utf8'))
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
ajv.addVocabulary(['patternErrorMessage', 'errorMessage'])
const validate = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]))

const verdicts = files.map(([name, text]) => {
  const found = read(text)
  if (!found) return null
  return validate[name](found.value) ? [] : validate[name].errors.map((error) => steps(error.instancePath))
})
process.stdout.write(JSON.stringify(verdicts))
