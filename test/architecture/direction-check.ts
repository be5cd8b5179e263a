import { posix } from 'node:path'
import { directions, guarded, type Table } from './directions.ts'
import type { Import } from './imports.ts'
import { lineOf, type Source } from './source.ts'

/** What packages let others import: their `exports`, such as `@sallyport/express/augment`. */
export type Doors = ReadonlySet<string>

interface House {
  readonly table: Table
  readonly doors: Doors
  readonly paths: ReadonlySet<string>
}

const CORE = 'packages/core/src/'
/** A package, or a path inside one; a path that starts with a dot somewhere could climb out again. */
const PACKAGE = /^(node:)?(@[\w-]+\/)?[a-z][\w.-]*(\/(?!\.)[\w.-]+)*$/

/** The imports that the table does not allow, or that bypass the doors of a package. */
export function wrongDirections(sources: readonly Source[], doors: Doors, table = directions): string[] {
  const house = { table, doors, paths: new Set(sources.map(({ path }) => path)) }
  return sources.flatMap((source) => {
    const part = partOf(source.path, table)
    if (part === undefined) return [`${source.path} has no row in the table`]
    return source.imports.flatMap((one) => {
      const wrong = judge(source.path, part, one, house)
      return wrong === undefined ? [] : [`${source.path}:${lineOf(source, one.node)} ${wrong}`]
    })
  })
}

function judge(path: string, part: string, one: Import, house: House): string | undefined {
  const { from } = one
  if (from === undefined) return 'imports a computed path'
  if (from.startsWith('.')) return judgePath(path, part, from, one, house)
  if (!PACKAGE.test(from)) return `imports ${from}, which is not a package name`
  if (from.startsWith('@sallyport/')) return judgeDoor(part, from, one, house)
  const isFree = !guarded.some((name) => isWithin(from, name))
  return isFree || allows(house.table[part], one, (name) => isWithin(from, name))
    ? undefined
    : `${part} must not import ${from}`
}

function judgePath(path: string, part: string, from: string, one: Import, house: House): string | undefined {
  const target = posix.join(posix.dirname(path), from)
  if (!target.startsWith(sourceFolder(path))) return `leaves its package with ${from}`
  if (!house.paths.has(target)) return `imports ${from}, which does not exist`
  if (!path.startsWith(CORE) || part === partOf(target, house.table)) return undefined
  const imported = nameInCore(target)
  return allows(house.table[part], one, (name) => isWithin(imported, name))
    ? undefined
    : `${part} must not import ${one.typesOnly ? 'types of ' : ''}${imported}`
}

function judgeDoor(part: string, from: string, one: Import, house: House): string | undefined {
  if (!house.doors.has(from)) return `bypasses the doors of a package with ${from}`
  const [scope, name] = from.split('/')
  return allows(house.table[part], one, (entry) => entry === from || entry === `${scope}/${name}/*`)
    ? undefined
    : `${part} must not import ${from}`
}

function allows(row: Table[string] = [], one: Import, covers: (name: string) => boolean): boolean {
  return row.some((entry) => covers(nameIn(entry)) && (one.typesOnly || nameIn(entry) === entry))
}

/** The names in the table that nothing goes by any more, so that their rows guard nothing. */
export function staleNames(sources: readonly Source[], doors: Doors, table = directions): string[] {
  const paths = sources.map(({ path }) => path)
  const coreNames = paths.filter((path) => path.startsWith(CORE)).map(nameInCore)
  const packages = paths.map(packageOf)
  const isKnown = (name: string): boolean =>
    guarded.includes(name) ||
    doors.has(name) ||
    packages.some((one) => name === one || name === `${one}/*`) ||
    coreNames.some((one) => isWithin(one, name))
  const names = Object.entries(table).flatMap(([part, row]) => [part, ...row.map(nameIn)])
  return [...new Set(names)].filter((name) => !isKnown(name))
}

/** The rows that name one below them. */
export function upwardRows(table = directions): string[] {
  const ranks = Object.keys(table)
  return ranks.filter((part, rank) => table[part]?.some((entry) => ranks.indexOf(nameIn(entry)) > rank))
}

/** The row that applies to a file: the longest name that the file lies in. */
function partOf(path: string, table: Table): string | undefined {
  const name = path.startsWith(CORE) ? nameInCore(path) : packageOf(path)
  return Object.keys(table)
    .filter((part) => isWithin(name, part))
    .toSorted((one, other) => other.length - one.length)[0]
}

function nameIn(entry: string): string {
  return entry.replace(/^type /, '')
}

function nameInCore(path: string): string {
  return path.slice(CORE.length).replace(/\.ts$/, '')
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function sourceFolder(path: string): string {
  return `${path.split('/').slice(0, 3).join('/')}/`
}

function packageOf(path: string): string {
  const [kind, name] = path.split('/')
  return kind === 'examples' ? `@sallyport/example-${name}` : `@sallyport/${name}`
}
