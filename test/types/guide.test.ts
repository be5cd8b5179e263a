import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { problems } from '../../packages/core/src/problems.ts'
import { parsePostgresOptions } from '../../packages/postgres/src/options.ts'
import { parseRedisOptions } from '../../packages/redis/src/options.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')
const pagesIn = (folder: string): string[] =>
  readdirSync(root + folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name))
const guide = pagesIn('docs/guide')
const pages = [
  ...['.', 'docs', 'docs/decisions', 'docs/zh', 'lab'].flatMap(pagesIn),
  ...readdirSync(`${root}packages`).flatMap((name) => pagesIn(`packages/${name}`)),
  ...guide,
]

/** The text of a page without its blocks of code. */
const prose = (page: string): string => read(page).replace(/^```[\s\S]*?^```$/gm, '')

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): readonly string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

/** The links of a page within the repository that lead nowhere. */
function deadLinks(page: string): string[] {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : posix.join(posix.dirname(page), path)
    if (!existsSync(root + file)) return true
    if (anchor === undefined) return false
    return statSync(root + file).isDirectory() || !anchorsOf(file).includes(anchor)
  })
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  expect(deadLinks(page)).toEqual([])
})

describe('the guide', () => {
  test.each(guide)('%s is short, and the index leads to it', (page) => {
    expect(read(page).split('\n').length).toBeLessThanOrEqual(150)
    const name = posix.basename(page)
    if (name !== 'README.md') expect(read('docs/guide/README.md')).toContain(`](${name}`)
  })
})

/** The commands of a page. */
const commandsOf = (page: string): string =>
  [...read(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block).join('')

describe('whoever follows a page gets started', () => {
  // Fastify brings its types, but not those of Node.js.
  const types = { express: 'express', koa: 'koa', fastify: 'node' }
  test.each(
    pages.flatMap((page) =>
      Object.entries(types)
        .filter(([name]) =>
          new RegExp(`^npm install .*(?<![\\w/-])${name}(?![\\w/-])`, 'm').test(commandsOf(page)),
        )
        .map(([framework, needed]) => ({ page, framework, needed })),
    ),
  )('$page has the types that $framework needs installed', ({ page, needed }) => {
    expect(commandsOf(page)).toContain(`npm install --save-dev @types/${needed} `)
  })

  test.each(
    pages.filter(
      (page) =>
        /^\s+secret: process\.env\.SALLYPORT_SECRET/m.test(read(page)) &&
        commandsOf(page).includes('npm install'),
    ),
  )('%s says how to make a secret', (page) => expect(read(page)).toContain('openssl rand -base64 32'))
})

/** The cells of every row of a page's tables. */
const rowsOf = (page: string): string[][] =>
  read(page)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

type Parse = (given: object) => unknown
type Path = readonly (string | number)[]

function nested(path: Path, value: unknown): object {
  const [name, ...rest] = path
  if (name === undefined) return value as object
  const inner = nested(rest, value)
  return typeof name === 'number' ? [inner] : { [name]: inner }
}

function refusalOf(parse: Parse, path: Path, value: unknown): string {
  try {
    parse(nested(path, value))
    return ''
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message
    throw cause
  }
}

/** The options of a group, as the error for an unknown one lists them; none where there is no group. */
function optionsIn(parse: Parse, path: Path): string[] {
  const said = refusalOf(parse, path, { zzzzzzzzzzzzzzzz: 1 })
  const [, names = ''] = /^unknown option ".*"; there (?:are|is only) (.*)$/.exec(said) ?? []
  return names === '' ? [] : names.split(', ')
}

/** The paths of all options that are no group. */
function leavesOf(parse: Parse, path: Path = []): Path[] {
  return optionsIn(parse, path).flatMap((name) => {
    const inner = leavesOf(parse, [...path, name])
    return inner.length === 0 ? [[...path, name]] : inner
  })
}

const ofCore: Parse = (given) => parseOptions(given, false)
const ofRedis: Parse = (given) => parseRedisOptions(given)
const ofPostgres: Parse = (given) => parsePostgresOptions(given)
const ofIntrospection: Parse = (given) => {
  const introspection = { url: 'https://a/introspect', clientId: 'b', clientSecret: 'c', ...given }
  return ofCore({ issuers: [{ issuer: 'https://a', audience: 'd', introspection }] })
}

/** The bounds of a number, as the error for a value that is none tells them. */
function boundsOf(parse: Parse, path: Path): string[] {
  const [, least, most] = /must be a whole number from (\d+) to (\d+)/.exec(refusalOf(parse, path, '')) ?? []
  return least === undefined || most === undefined ? [] : [least, most]
}

/** The row that has the option's name in its first cell, with its numbers written without commas. */
function rowOf(page: string, name: string): string | undefined {
  const row = rowsOf(page).find(([first = '']) => namesIn(first).includes(name))
  return row?.join(' ').replace(/(\d),(?=\d)/g, '$1')
}

const inGroups = leavesOf(ofCore).filter(
  ([first, second]) => first !== 'claims' && first !== 'issuers' && second !== 'rules',
)
const OPTIONS = 'docs/guide/options.md'
const WATCHING = 'docs/guide/options-watching.md'
const watching: Path = ['lockout', 'activity', 'audit', 'anomalies', 'meter', 'tracer']
const pageOf = ([room = '']: Path): string => (watching.includes(room) ? WATCHING : OPTIONS)
/** What all rules have in common is listed once. */
const RESPONSES: readonly (string | number | undefined)[] = ['alert', 'revoke', 'lock', 'risk']
const listed: readonly (readonly [page: string, parse: Parse, path: Path, name: string])[] = [
  ...inGroups
    .filter((path) => path[1] !== 'refreshes')
    .map((path) => [pageOf(path), ofCore, path, path.join('.')] as const),
  ...leavesOf(ofRedis).map((path) => [OPTIONS, ofRedis, path, path.join('.')] as const),
  ...leavesOf(ofPostgres).map(
    (path) => ['docs/guide/postgres.md', ofPostgres, path, path.join('.')] as const,
  ),
  ...leavesOf(ofCore, ['claims']).map(
    (path) => ['docs/guide/claims.md', ofCore, path, path.slice(1).join('.')] as const,
  ),
  ...leavesOf(ofCore, ['anomalies', 'rules']).map((path) => {
    const name = RESPONSES.includes(path.at(-1)) ? `${path.at(-1)}` : path.slice(2).join('.')
    return ['docs/guide/anomalies.md', ofCore, path, name] as const
  }),
  ...leavesOf(ofCore, ['issuers', 0]).map(
    (path) => ['docs/guide/issuers.md', ofCore, path, path.slice(2).join('.')] as const,
  ),
  ...leavesOf(ofIntrospection).map(
    (path) => ['docs/guide/introspection.md', ofIntrospection, path, path.join('.')] as const,
  ),
]

describe('the guide lists every option', () => {
  test('and there are as many as one would think', () => {
    expect(listed.length).toBeGreaterThan(50)
  })

  test.each(listed.map(([page, parse, path, name]) => ({ page, parse, path, name })))(
    '$name on $page, with its bounds',
    ({ page, parse, path, name }) => {
      const row = rowOf(page, name)
      expect(row).toBeDefined()
      for (const bound of boundsOf(parse, path)) expect(row).toMatch(new RegExp(`(?<!\\d)${bound}(?!\\d)`))
    },
  )

  test('and none that does not exist', () => {
    const pages = [OPTIONS, WATCHING]
    const names = listed.filter(([page]) => pages.includes(page)).map(([, , , name]) => name)
    const known = new Set([...names, 'claims', 'issuers', 'limits.refreshes', 'anomalies.rules'])
    const told = pages.flatMap(rowsOf).flatMap(([first = '']) => namesIn(first))
    expect(told.filter((name) => !known.has(name) && name !== 'redisStore')).toEqual([])
  })
})

describe('the guide lists every answer', () => {
  let status = ''
  let error = ''
  const told = new Map<string, { status: string; error: string }>()
  for (const [first = '', second = '', codes = ''] of rowsOf('docs/guide/answers.md')) {
    if (first !== '') status = first
    if (second !== '') [error = ''] = namesIn(second)
    for (const code of namesIn(codes)) told.set(code, { status, error })
  }

  test.each(Object.entries(problems))('%s, with its status and error', (code, problem) => {
    expect(told.get(code)?.error).toBe(problem.error)
    // Only the token endpoint, which answers 400 for what others answer 401, asks for the client.
    expect(told.get(code)?.status.split(/\D+/)).toContain(String(problem.status))
  })
})

test.each(['events', 'audit-sinks'])('every event is listed in the guide, on the page %s', (page) => {
  const [, told = ''] =
    /^interface Told \{$([\s\S]*?)^\}$/m.exec(read('packages/core/src/watch/event.ts')) ?? []
  const names = [...told.matchAll(/^ {2}'([^']+)'/gm)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(10)
  const listed = rowsOf(`docs/guide/${page}.md`).flatMap(([first = '']) => namesIn(first))
  expect(names.filter((name) => !listed.includes(name))).toEqual([])
})
