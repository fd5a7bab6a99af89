// mistakes.ts - the old names: each line marked so has to be refused
import createClient from 'openapi-fetch'
import type { components, paths } from './data-products.d.ts'

const client = createClient<paths>({ baseUrl: 'http://127.0.0.1' })
const path = { accountId: 'a', dataProductId: 'b' }
const item = '/api/v1/accounts/{accountId}/data-products/{dataProductId}'

await client.GET('/api/v1/accounts/{accountId}/workspaces', {}) // wrong
await client.GET(item, { params: { path: { accountId: 'a', workspaceId: 'b' } } }) // wrong
const body: components['schemas']['DataProductCreate'] = {
  name: 'n',
  workspaceType: 'standard', // wrong
}
const { data } = await client.GET(item, { params: { path } })
export const external = data?.data.externalWorkspaceId // wrong
export type Old = components['schemas']['Workspace'] // wrong
export const found = await client.GET('/api/v1/accounts/{accountId}/data-products', {
  params: { path: { accountId: 'a' }, query: { workspaceId: 'b' } }, // wrong
})
export { body }
