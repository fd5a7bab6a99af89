"""mappings.py - a mapping with one of everything, for tests that need rules of their own"""

EVERYTHING = """\
version: 1
routes:
  - client:   "/api/v1/accounts/{accountId}/data-products"
    upstream: "/api/v1/accounts/{accountId}/workspaces"
    methods:  [GET, POST]
  - client:   "/api/v1/accounts/{accountId}/data-products/{dataProductId}"
    upstream: "/api/v1/accounts/{accountId}/workspaces/{dataProductId}"
    methods:  [GET, PATCH, DELETE]
    resources:
      "semantic-models/**":     {methods: [GET, POST, PATCH], opaque: ["$.definition"]}
      "skills/**":              [GET, {PUT: POST}, DELETE]
      "chat":                   [POST]
      "raw":                    {methods: [GET, POST], body: raw}
      "small":                  {methods: [POST], max_body: 1KiB}
      "own":                    {methods: [GET, POST], fields: {dataProduct: space}}
      "strict":                 {methods: [GET, POST], collisions: {response: reject}}
      "unstructured-assets/**": [GET, POST, PATCH, DELETE]
passthrough:
  - path: "/api/v1/accounts/{accountId}/workspaces/**"
fields:
  dataProduct:           workspace
  dataProducts:          workspaces
  dataProductId:         workspaceId
  dataProductType:       workspaceType
  externalDataProductId: externalWorkspaceId
  sourceDataProductId:   {upstream: sourceWorkspaceId, direction: request}
opaque: ["$..rows"]
values:
  - {at: "$..resourceType", map: {data_product: workspace}}
  - {at: "$.error.code", map: {DATA_PRODUCT_NOT_FOUND: WORKSPACE_NOT_FOUND}}
  - {at: "$..links.*", rewrite: url}
  - {at: "$.error.message", rewrite: words, direction: response}
  - {at: "$.field", rewrite: name}
words: {data product: workspace, data products: workspaces, Data product: Workspace, Data products: Workspaces}
query:
  names_in: [sort, fields, include]
headers:
  X-Data-Product-Id: X-Workspace-Id
collisions: {request: reject, response: keep}
"""
