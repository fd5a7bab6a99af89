'use strict'

// Shows the description that this very gateway serves; nothing comes from elsewhere.

const FONT = 'system-ui, "Segoe UI", Roboto, Ubuntu, Cantarell, sans-serif'
const CODE = 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace'
const INK = '#1d2733'
const ACCENT = '#0b5cad'
const DARK = '#17212d'

const theme = {
  breakpoints: { medium: '60rem', large: '80rem' },
  colors: {
    primary: { main: ACCENT },
    success: { main: '#1a6e36' },
    error: { main: '#b3261e' },
    text: { primary: INK, secondary: '#4a5765' },
    responses: {
      success: { color: '#1a6e36', backgroundColor: '#eaf4ed', tabTextColor: '#8fd6a5' },
      error: { color: '#b3261e', backgroundColor: '#fbecea', tabTextColor: '#ffb4ab' }
    },
    http: {
      get: '#1a6e36',
      post: '#0b5cad',
      put: '#6b4f00',
      patch: '#7a3e00',
      delete: '#b3261e'
    }
  },
  schema: { linesColor: '#aab6c3', typeNameColor: '#4a5765', typeTitleColor: '#4a5765', nestingSpacing: '1.2em' },
  typography: {
    fontSize: '15px',
    lineHeight: '1.6',
    fontFamily: FONT,
    headings: { fontFamily: FONT, fontWeight: '600' },
    code: { fontFamily: CODE, fontSize: '13px', color: '#8a1c4a', backgroundColor: '#f3f5f8', wrap: true },
    links: { color: ACCENT, visited: ACCENT, hover: '#083f77' }
  },
  sidebar: { width: '300px', backgroundColor: '#f6f8fa', textColor: INK, activeTextColor: ACCENT },
  rightPanel: { backgroundColor: DARK, width: '38%' },
  codeBlock: { backgroundColor: '#0f1721' }
}

const options = {
  downloadUrls: [
    { title: 'OpenAPI (YAML)', url: '/openapi.yaml' },
    { title: 'OpenAPI (JSON)', url: '/openapi.json' }
  ],
  expandResponses: '200,201',
  hideHostname: true,
  jsonSamplesExpandLevel: 4,
  minCharacterLengthToInitSearch: 2,
  nativeScrollbars: true,
  requiredPropsFirst: true,
  theme
}

const page = document.getElementById('page')

function fail (fault) {
  const note = document.createElement('p')
  note.className = 'note'
  note.textContent = `The description of this API could not be shown: ${fault.message}`
  page.replaceChildren(note)
}

async function show () {
  const reply = await fetch('/openapi.json')
  if (!reply.ok) throw new Error(`/openapi.json was answered with ${reply.status}`)
  const description = await reply.json()
  document.title = description.info.title
  page.replaceChildren()
  Redoc.init(description, options, page, (fault) => fault && fail(fault))
}

show().catch(fail)
