import { schema } from '@sallyport/core/sink'

/** What `cedar` takes. */
export interface CedarOptions {
  /** Policies in the syntax of Cedar; no templates. The annotation `@id("…")` names one for events. */
  readonly policies: string
  /** A schema in the syntax of Cedar, by which the policies are validated at start. Default: none. */
  readonly schema?: string | undefined
  /**
   * Entities beside those of a request, such as `Role::"admin"` with its parents. They are read with each decision: keep
   * them few. Default: none.
   */
  readonly entities?: readonly CedarEntity[] | undefined
}

/** An entity, as [Cedar writes it in JSON](https://docs.cedarpolicy.com/auth/entities-syntax.html). */
export interface CedarEntity {
  readonly uid: CedarName
  readonly attrs?: Readonly<Record<string, unknown>> | undefined
  readonly parents?: readonly CedarName[] | undefined
}

export interface CedarName {
  readonly type: string
  readonly id: string
}

/** What `cel` takes: a condition for each action. */
export type CelConditions = Readonly<Record<string, string>>

/** What `opa` takes. */
export interface OpaOptions {
  /** Where OPA answers, such as `http://127.0.0.1:8181`: an https URL (http on loopback). */
  readonly url: string
  /** The document that decides, such as `app/authz/allow`: `true` or `false`, or an object with `allow`. */
  readonly path: string
  /** A bearer token for OPA. Default: none. */
  readonly token?: string | undefined
}

/** What `cerbos` takes. */
export interface CerbosOptions {
  /** Where Cerbos answers over HTTP, such as `http://127.0.0.1:3592`: an https URL (http on loopback). */
  readonly url: string
  /** A bearer token, for a proxy in front of Cerbos. Default: none. */
  readonly token?: string | undefined
}

const { custom, distinctArray, group, optional, parse, record, serverUrl, string } = schema

const policies = string(/\S/, 'policies in the syntax of Cedar')
const token = string(/^[\x21-\x7e]{1,8192}$/, 'a token of printable ASCII characters')
const name = group({
  type: string(/\S/, 'the type of an entity'),
  id: string(/^/, 'the id of an entity'),
})
const attributes = custom<Readonly<Record<string, unknown>>>(
  (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
  'an object',
)
const entity = group({
  uid: name,
  attrs: optional(attributes),
  parents: optional(distinctArray(name, 'an array of names, each with a "type" and an "id"')),
})
const cedarSchema = group({
  policies,
  schema: optional(string(/\S/, 'a schema in the syntax of Cedar')),
  entities: optional(distinctArray(entity, 'an array of entities, each with a "uid"')),
})
const celSchema = record(
  string(/\S/, 'a condition in CEL, such as "\'admin\' in principal.roles"'),
  'an object of conditions, by action',
)
const opaSchema = group({
  url: serverUrl,
  path: string(/^[\w-]+(?:\/[\w-]+)*$/, 'the path of a document, such as "app/authz/allow"'),
  token: optional(token),
})
const cerbosSchema = group({ url: serverUrl, token: optional(token) })

/** Throws a `ConfigError` that names the wrong option. So do the others. */
export function parseCedar(given: CedarOptions): CedarOptions {
  return Object.freeze(parse(cedarSchema, given, { path: 'cedar' }))
}
export function parseCel(given: CelConditions): CelConditions {
  return Object.freeze(parse(celSchema, given, { path: 'cel' }))
}
export function parseOpa(given: OpaOptions): OpaOptions {
  return Object.freeze(parse(opaSchema, given, mode('opa')))
}
export function parseCerbos(given: CerbosOptions): CerbosOptions {
  return Object.freeze(parse(cerbosSchema, given, mode('cerbos')))
}

/** A token may have been given in the wrong place. */
function mode(path: string): schema.ParseMode {
  return { path, mayShow: (at) => at === `${path}.path` }
}
