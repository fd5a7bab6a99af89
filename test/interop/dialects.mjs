// dialects.mjs - one text in both dialects side by side
//
// <client|service> where the two differ; the expected bytes of a test are
// never what the gateway made of something.

const MARK = /<(\w*)\|(\w*)>/g

export function both(text) {
  return { client: text.replace(MARK, '$1'), service: text.replace(MARK, '$2') }
}
