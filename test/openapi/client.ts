// client.ts - what a client of data products may write, checked with `tsc --strict`
import createClient from 'openapi-fetch'
import type { components, paths } from './data-products.d.ts'

type Schemas = components['schemas']

const account = { accountId: '123e4567-e89b-12d3-a456-426614174000' }
const collection = '/api/v1/accounts/{accountId}/data-products'
const wanted: Schemas['DataProductCreate'] = {
  name: 'Sales Analytics',
  dataProductType: 'standard',
  dataAssets: [{ tableName: 'orders', schemaName: 'sales' }],
}

// Makes a data product at BASEURL and tells what the answers say.
export async function walk(baseUrl: string) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: 'Bearer token' } })
  const created = await client.POST(collection, { params: { path: account }, body: wanted })
  if (!created.data) throw new Error(created.error.error.message)
  const made: Schemas['DataProduct'] = created.data.data.dataProduct
  const path = { ...account, dataProductId: made.id }

  const listed = await client.GET(collection, {
    params: { path: account, query: { dataProductId: made.id, limit: 10, sort: ['-createdAt'] } },
  })
  const assets = await client.GET(`${collection}/{dataProductId}/data-assets`, { params: { path } })
  const missing = await client.GET(`${collection}/{dataProductId}`, {
    params: { path: { ...account, dataProductId: '990e8400-e29b-41d4-a716-446655440009' } },
  })
  return {
    created: made.externalDataProductId,
    listed: listed.data?.data.dataProducts.map((dataProduct) => dataProduct.name),
    assets: assets.data?.data.dataAssets
      .filter((asset) => asset.dataProductId === made.id)
      .map((asset) => asset.tableName),
    missing: missing.error?.error.code,
  }
}
