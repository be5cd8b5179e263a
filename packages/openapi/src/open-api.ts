import type { Sallyport } from '@sallyport/core'
import { gateOf, type Problem, problems } from '@sallyport/core/adapter'
import { type OpenApiOptions, parseOptions } from './options.ts'
import { placedOperations } from './placed.ts'
import { schemas } from './schemas.ts'
import type { OpenApiDocument, OpenApiExample, OpenApiPath } from './written/document.ts'
import { written } from './written/operation.ts'
import { securitySchemesOf } from './written/security.ts'

/**
 * Describes what is mounted as an OpenAPI 3.1 document: each route of the library with its parameters, its body and every answer,
 * as the options make it, and your own routes as far as you have described them. Call it once all routers are made. The
 * document is a plain object, new at each call, which you serve or merge into yours.
 *
 * HEAD, OPTIONS, 405 and CORS are as usual in HTTP and not in the document. Refusals have the library's own form, whatever the
 * option `refusals` says of your routes.
 *
 * Throws a `ConfigError` for a wrong option, for a route that is mounted and not placed by `mounted`, for one that is placed and
 * not mounted, and for two operations in one place or of one name.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { openApi } from '@sallyport/openapi'
 * import express from 'express'
 *
 * const sallyport = await createSallyport()
 * const app = express()
 * app.use('/auth', sallyport.router('refresh', 'logout', 'sessions'))
 * app.use(sallyport.router('well-known'))
 *
 * const document = openApi(sallyport, { info: { title: 'Notes', version: '1.0.0' } })
 * app.get('/openapi.json', (_req, res) => {
 *   res.json(document)
 * })
 * ```
 *
 * @see [OpenAPI 3.1.0](https://spec.openapis.org/oas/v3.1.0.html)
 */
export function openApi(sallyport: Sallyport, options: OpenApiOptions): OpenApiDocument {
  const { info, servers, mounted } = parseOptions(options)
  const { surface, ...gate } = gateOf(sallyport)
  const paths: Record<string, OpenApiPath> = {}
  const tags = new Set<string>()
  const asked = new Set<string>()
  for (const placed of placedOperations({ mounted: gate.mounted, surface }, mounted)) {
    const operation = written(placed, surface)
    const path = placed.path.replace(/:(\w+)/g, '{$1}') || '/'
    paths[path] = { ...paths[path], [placed.method.toLowerCase()]: operation }
    for (const tag of operation.tags) tags.add(tag)
    for (const one of operation.security) for (const scheme of Object.keys(one)) asked.add(scheme)
  }
  return {
    openapi: '3.1.0',
    info: structuredClone(info),
    ...(servers !== undefined && { servers: structuredClone([...servers]) }),
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: {
      schemas: structuredClone(referred(paths, 'schemas', schemas)),
      securitySchemes: securitySchemesOf(surface, asked),
      examples: examplesOf(referred(paths, 'examples', problems)),
    },
  }
}

/** The members of a table to which the paths refer. */
function referred<T>(
  paths: object,
  section: 'schemas' | 'examples',
  table: Readonly<Record<string, T>>,
): Record<string, T> {
  const references = JSON.stringify(paths).matchAll(/#\/components\/(\w+)\/(\w+)/g)
  const names = new Set([...references].filter(([, of]) => of === section).map(([, , name]) => name))
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.has(name)))
}

function examplesOf(told: Readonly<Record<string, Problem>>): Record<string, OpenApiExample> {
  const examples = Object.entries(told).map(([code, { error, say }]) => [
    code,
    { value: { error, error_description: say } },
  ])
  return Object.fromEntries(examples)
}
