/** A source that breaks one rule, and part of the finding that this must lead to. */
export type Violation = readonly [path: string, text: string, says: string]
/** A source that resembles a violation, but is none. */
export type NearMiss = readonly [path: string, text: string]

export function core(name: string): string {
  return `packages/core/src/${name}.ts`
}

const parts = [
  ...['index', 'adapter', 'store', 'signer', 'sallyport', 'options', 'adapt'],
  ...['errors', 'problems', 'system', 'secrets'],
  ...['seam/auth', 'ports/store', 'keys/ring', 'tokens/verify', 'issuers/remote', 'revocation/set'],
  ...['watch/events', 'sessions/end', 'access/verify', 'guards/scope', 'memory/store', 'gate/routes'],
]
const twelve = Array.from({ length: 12 }, (_, at) => `file-${at}`)

/** The files around a planted one: its imports lead there, and two folders are full. */
export const surroundings: readonly string[] = [
  ...parts.map(core),
  ...twelve.map((name) => core(`binding/${name}`)),
  ...twelve.map((name) => `packages/redis/src/${name}.ts`),
]

/** The doors that the packages declare. */
export const doors: ReadonlySet<string> = new Set([
  ...['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/store', '@sallyport/core/signer'],
  ...['@sallyport/redis', '@sallyport/express', '@sallyport/express/augment', '@sallyport/claims-policy'],
])
