import { posix } from 'node:path'
import { type Import, importsOf, tokensOf } from './reading.ts'

export interface Source {
  /** From the root of the repository, as `packages/core/src/index.ts`. */
  readonly path: string
  readonly text: string
}

/** What of a package others may name in an import: its `exports`, as `@sallyport/express/augment`. */
export type Doors = ReadonlySet<string>

const coreParts = [
  ...[
    'ports',
    'errors',
    'problems',
    'secrets',
    'options',
    'schema',
    'settings',
    'application',
    'token-parts',
    'sessions',
  ],
  ...['keys', 'tokens', 'issuers', 'revocation', 'binding', 'watch', 'guards', 'memory', 'gate'],
]

/**
 * Who may import what. A part of the core is a folder or a file of `packages/core/src`; the file goes
 * before its folder. `type` in front: for its types only. Each part may import itself.
 */
export const directions: Readonly<Record<string, readonly string[]>> = {
  ports: [],
  errors: ['ports'],
  problems: ['ports'],
  secrets: [],
  'gate/seam': ['ports', 'type tokens/claims'],
  sessions: ['ports'],
  revocation: ['ports'],
  watch: ['ports'],
  binding: ['ports', 'errors'],
  keys: ['ports', 'errors', 'secrets', 'jose'],
  tokens: ['ports', 'errors', 'sessions', 'type secrets', 'keys', '@sallyport/claims-policy', 'jose'],
  issuers: ['ports', 'errors', 'schema', 'keys'],
  guards: ['gate/seam', 'problems'],
  memory: ['ports', 'sessions', 'revocation'],
  gate: [
    ...['ports', 'errors', 'problems', 'gate/seam', 'tokens', 'keys', 'sessions', 'revocation'],
    ...['binding', 'watch', 'guards'],
  ],
  options: ['ports', 'type binding', 'type tokens', 'type gate', 'type keys', 'type issuers'],
  schema: ['errors'],
  settings: [
    ...['ports', 'errors', 'options', 'schema', 'issuers', 'type binding', 'type tokens', 'type gate'],
    'type keys',
  ],
  application: ['ports', 'errors', 'type keys', 'gate'],
  'token-parts': ['ports', 'errors', 'type options', 'type secrets', 'type keys', 'issuers', 'tokens'],
  sallyport: coreParts,
  index: [...coreParts, 'sallyport'],

  '@sallyport/claims-policy': ['card-validator', 'libphonenumber-js', 'validator'],
  '@sallyport/redis': ['@sallyport/core'],
  '@sallyport/aws-kms': ['@sallyport/core', '@aws-sdk'],
  '@sallyport/pkcs11': ['@sallyport/core', 'pkcs11js'],
  '@sallyport/express': ['@sallyport/core'],
  '@sallyport/koa': ['@sallyport/core'],
  '@sallyport/fastify': ['@sallyport/core'],
  '@sallyport/example-app': ['@sallyport/core', '@sallyport/redis'],
  '@sallyport/example-express': ['@sallyport/example-app', '@sallyport/express'],
  '@sallyport/example-koa': ['@sallyport/example-app', '@sallyport/koa'],
  '@sallyport/example-fastify': ['@sallyport/example-app', '@sallyport/fastify'],
  '@sallyport/example-live': ['@sallyport/express', '@sallyport/redis'],
}

/** Packages from elsewhere that only some parts may import. */
const kept: readonly string[] = [
  ...['jose', '@aws-sdk', 'pkcs11js'],
  ...['card-validator', 'libphonenumber-js', 'validator'],
]

const CORE = 'packages/core/src/'

/** The imports that the table does not allow, or that go round a package's door. */
export function wrongDirections(sources: readonly Source[], doors: Doors): string[] {
  const paths = new Set(sources.map((source) => source.path))
  return sources.flatMap((source) =>
    importsOf(tokensOf(source.text)).flatMap((one) => {
      const wrong = judge(source.path, one, paths, doors)
      return wrong === undefined ? [] : [`${source.path}:${one.line} ${wrong}`]
    }),
  )
}

function judge(path: string, one: Import, paths: ReadonlySet<string>, doors: Doors): string | undefined {
  const { from } = one
  if (from.startsWith('.')) {
    const target = posix.join(posix.dirname(path), from)
    if (!target.startsWith(home(path))) return `leaves its package for ${from}`
    if (!paths.has(target)) return `imports ${from}, which is not there`
    return path.startsWith(CORE) ? judgeParts(path, target, one) : undefined
  }
  if (!/^(node:)?[@a-z]/.test(from)) return `imports ${from || 'what is computed'}, which is no name`
  if (from.startsWith('@sallyport/')) return judgePackages(path, from, doors)
  const outside = from.split('/')[0] ?? ''
  return kept.includes(outside) && !rowOf(path).includes(outside) ? `must not import ${outside}` : undefined
}

function judgeParts(path: string, target: string, one: Import): string | undefined {
  const own = partOf(path)
  const other = partOf(target)
  if (own === undefined || other === undefined) return `has a part that is not in the table`
  if (own === other) return undefined
  const named = within(CORE, target)
  const allowed = rowOf(path).some((entry) => {
    const isTypes = entry.startsWith('type ')
    const name = isTypes ? entry.slice('type '.length) : entry
    return (named === name || named.startsWith(`${name}/`)) && (one.typesOnly || !isTypes)
  })
  return allowed ? undefined : `${own} must not import ${one.typesOnly ? 'types of ' : ''}${named}`
}

function judgePackages(path: string, from: string, doors: Doors): string | undefined {
  const other = from.split('/').slice(0, 2).join('/')
  const own = packageOf(path)
  if (!rowOf(path).includes(other)) return `${own} must not import ${other}`
  return doors.has(from) ? undefined : `goes round the door of ${other} to ${from}`
}

/** The files of each package that import each other in a ring. */
export function cycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map(({ path, text }) => {
      const relative = importsOf(tokensOf(text)).filter(({ from }) => from.startsWith('.'))
      return [path, relative.map(({ from }) => posix.join(posix.dirname(path), from))]
    }),
  )
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at !== -1) found.push([...way.slice(at), path].join(' -> '))
    if (at !== -1 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}

/** The row of the table that counts for a file. */
function rowOf(path: string): readonly string[] {
  const part = path.startsWith(CORE) ? partOf(path) : packageOf(path)
  return directions[part ?? ''] ?? []
}

/** A file's part of the core: itself, or the folder that it lies in. */
function partOf(path: string): string | undefined {
  const name = within(CORE, path)
  const folder = name.split('/')[0] ?? ''
  return [name, folder].find((candidate) => Object.hasOwn(directions, candidate))
}

function within(folder: string, path: string): string {
  return path.slice(folder.length).replace(/\.ts$/, '')
}

function home(path: string): string {
  return `${path.split('/').slice(0, 3).join('/')}/`
}

function packageOf(path: string): string {
  const [kind, name] = path.split('/')
  return kind === 'examples' ? `@sallyport/example-${name}` : `@sallyport/${name}`
}
