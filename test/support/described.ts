import type { OpenApiDocument, OpenApiMedia, OpenApiOperation, OpenApiResponse } from '@sallyport/openapi'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** A reply, as far as a document describes it. */
export interface Replied {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

/** Fields that tell a client something, and so have to be in the document. */
const TELLING = [
  ...['set-cookie', 'www-authenticate', 'retry-after', 'etag', 'dpop-nonce', 'clear-site-data'],
  ...['content-language', 'secure-session-registration', 'secure-session-challenge'],
]

/** Compares replies with a document. */
export class Described {
  readonly document: OpenApiDocument
  /** Operations and statuses that were met, such as `refresh 200`. */
  readonly met: Set<string> = new Set()
  readonly #ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allErrors: true })
  readonly #paths: readonly (readonly [pattern: RegExp, path: string])[]

  constructor(document: OpenApiDocument) {
    this.document = document
    addFormats.default(this.#ajv)
    this.#ajv.addVocabulary(['openapi', 'info', 'servers', 'tags', 'paths', 'components'])
    this.#ajv.addSchema(document, 'document', false, false)
    // Those without parameters first.
    this.#paths = Object.keys(document.paths)
      .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
      .map((path) => [
        new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[A-Za-z0-9_-]{1,64}')}$`),
        path,
      ])
  }

  /** Every operation, by its id. */
  operations(): ReadonlyMap<string, OpenApiOperation> {
    const all = Object.values(this.document.paths).flatMap((path) => Object.values(path))
    return new Map(all.map((one: OpenApiOperation) => [one.operationId, one]))
  }

  /** What the document does not say of a reply; `undefined` if it says all of it. */
  faultOf(method: string, target: string, reply: Replied): string | undefined {
    const [path = ''] = target.split('?', 1)
    const found = this.#paths.find(([pattern]) => pattern.test(path))?.[1]
    if (found === undefined) return isRefused(reply, [404, 400]) ? undefined : `${path} is not described`
    const name = method.toLowerCase() as keyof OpenApiDocument['paths'][string]
    const operation = this.document.paths[found]?.[name]
    // HEAD and OPTIONS are as usual, and the frameworks know methods of their own.
    if (operation === undefined)
      return ['HEAD', 'OPTIONS'].includes(method) || isRefused(reply, [405, 404, 400, 501])
        ? undefined
        : `${method} ${path} is answered ${reply.status}, and not described`
    const response = operation.responses[reply.status]
    if (response === undefined) return `${operation.operationId} has no ${reply.status}: ${reply.text}`
    this.met.add(`${operation.operationId} ${reply.status}`)
    const at = ['paths', found, name, 'responses', String(reply.status)]
    const fault = this.#faultOfHeaders(reply, response) ?? this.#faultOfBody(reply, response, at)
    return fault === undefined ? undefined : `${operation.operationId} ${reply.status}: ${fault}`
  }

  #faultOfHeaders({ headers }: Replied, response: OpenApiResponse): string | undefined {
    const told = Object.keys(response.headers ?? {}).map((name) => name.toLowerCase())
    const untold = TELLING.find((name) => headers[name] !== undefined && !told.includes(name))
    return untold === undefined ? undefined : `the field ${untold} is not described`
  }

  #faultOfBody({ headers, text }: Replied, { content }: OpenApiResponse, at: string[]): string | undefined {
    if (content === undefined) return text === '' ? undefined : `a body is not described: ${text}`
    const [type = ''] = String(headers['content-type']).split(';', 1)
    const media = content[type]
    if (media === undefined) return `the type ${type} is not described`
    const body: unknown = type === 'application/json' ? JSON.parse(text) : text
    const pointer = [...at, 'content', type, 'schema'].map(escaped).join('/')
    const check = this.#ajv.getSchema(`document#/${pointer}`)
    if (check === undefined) return 'there is no schema'
    if (check(body) !== true) return `${this.#ajv.errorsText(check.errors)}: ${text}`
    return this.#faultOfError(body, media)
  }

  /** A refusal is one of those that are listed, word for word. */
  #faultOfError(body: unknown, { examples }: OpenApiMedia): string | undefined {
    if (examples === undefined || typeof body !== 'object' || body === null || !('error' in body))
      return undefined
    const all = Object.entries(examples).map(([code, example]) =>
      'value' in example ? example : this.document.components.examples[code],
    )
    // What has a summary is an example of several texts.
    const isListed = all.some((one) =>
      one?.summary === undefined
        ? JSON.stringify(one?.value) === JSON.stringify(body)
        : (one.value as { readonly error: unknown }).error === body.error,
    )
    return isListed ? undefined : `this refusal is not listed: ${JSON.stringify(body)}`
  }
}

function isRefused({ status }: Replied, statuses: readonly number[]): boolean {
  return statuses.includes(status)
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}
