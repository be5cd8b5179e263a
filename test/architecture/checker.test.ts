import { describe, expect, test } from 'vitest'
import { cycles, type Source, wrongDirections } from './directions.ts'
import { habits } from './habits.ts'
import { importsOf, tokensOf } from './reading.ts'

const core = (name: string): string => `packages/core/src/${name}.ts`
const doors = new Set(['@sallyport/core', '@sallyport/redis', '@sallyport/express'])
const targets = [
  ...['index', 'sallyport', 'settings', 'errors', 'ports/store', 'tokens/claims', 'tokens/verify'],
  ...['sessions/rotate', 'memory/store', 'keys/ring', 'gate/verify', 'gate/seam', 'guards/scope'],
].map((name): Source => ({ path: core(name), text: '' }))

/** All that the checker finds in a source that stands among innocent ones. */
function found(path: string, text: string): string[] {
  const sources = [...targets.filter((target) => target.path !== path), { path, text }]
  const written = Object.values(habits).flatMap((check) => check(sources))
  return [...wrongDirections(sources, doors), ...cycles(sources), ...written]
}

interface Planted {
  readonly path: string
  readonly text: string
  readonly says: string
}

const planted: readonly Planted[] = [
  { path: core('ports/store'), text: "import '../errors.ts'", says: 'ports must not import errors' },
  { path: core('errors'), text: "export * from './settings.ts'", says: 'errors must not import settings' },
  {
    path: core('gate/seam'),
    text: "import { readClaims } from '../tokens/claims.ts'",
    says: 'gate/seam must not import tokens/claims',
  },
  {
    path: core('gate/seam'),
    text: "import type { X } from '../tokens/verify.ts'",
    says: 'types of tokens/verify',
  },
  {
    path: core('sessions/open'),
    text: "export { type A, b } from '../tokens/verify.ts'",
    says: 'sessions must not',
  },
  {
    path: core('revocation/set'),
    text: "const x = await import('../memory/store.ts')",
    says: 'must not import memory',
  },
  {
    path: core('gate/verify'),
    text: "import type { S } from '../memory/store.ts'",
    says: 'types of memory/store',
  },
  { path: core('gate/a'), text: "type Y = import('../sallyport.ts').S", says: 'must not import sallyport' },
  { path: core('sallyport'), text: "import * as door from './index.ts'", says: 'must not import index' },
  { path: core('guards/role'), text: "import { v } from '../gate/verify.ts'", says: 'must not import gate' },
  { path: core('sessions/a'), text: "import { SignJWT } from 'jose'", says: 'must not import jose' },
  { path: core('watch/a'), text: "import type { K } from 'jose/jwk'", says: 'must not import jose' },
  { path: core('extra/a'), text: "import '../ports/store.ts'", says: 'not in the table' },
  { path: core('gate/a'), text: "import x from './missing.ts'", says: 'which is not there' },
  { path: core('gate/a'), text: `const x = await import(\`./\${name}.ts\`)`, says: 'what is computed' },
  { path: core('gate/a'), text: "const x = require('#inside')", says: 'which is no name' },
  {
    path: 'packages/redis/src/a.ts',
    text: "import { x } from '../../core/src/index.ts'",
    says: 'leaves its package',
  },
  {
    path: 'packages/redis/src/a.ts',
    text: "import {\n  type A, // from 'here'\n  b,\n} from '@sallyport/core/dist/ports/model.js'",
    says: 'goes round the door',
  },
  {
    path: 'packages/express/src/a.ts',
    text: "import type { R } from '@sallyport/redis'",
    says: 'must not import @sallyport/redis',
  },
  {
    path: 'packages/redis/src/a.ts',
    text: "import x from '@sallyport/express'",
    says: 'must not import @sallyport/express',
  },
  { path: core('gate/a'), text: "import x from '@sallyport/core'", says: 'must not import @sallyport/core' },
  {
    path: core('gate/a'),
    text: "import x from '@sallyport/claims-policy'",
    says: 'must not import @sallyport/claims-policy',
  },
  { path: 'examples/koa/src/a.ts', text: "import 'jose'", says: 'must not import jose' },
  { path: core('keys/a'), text: "const x = require('pkcs11js')", says: 'must not import pkcs11js' },
  {
    path: 'examples/koa/src/a.ts',
    text: "import '../../../packages/koa/src/view.ts'",
    says: 'leaves its package',
  },
  { path: core('gate/a'), text: 'x\n'.repeat(251), says: 'is too long' },
  { path: core('gate/a'), text: 'const x = y as any', says: 'says any' },
  { path: core('gate/a'), text: 'export enum Colour { red }', says: 'says enum' },
  { path: core('gate/a'), text: `const f = () => \`\${console.log(1)}\``, says: 'says console' },
  { path: core('gate/a'), text: '// @ts-expect-error later\nf()', says: 'silences the compiler' },
  { path: core('gate/a'), text: '/* @ts-ignore */', says: 'silences the compiler' },
  { path: core('gate/a'), text: 'const x = process.env.NODE_ENV', says: 'reads the environment' },
  { path: core('sallyport'), text: 'const x = process.env.SECRET', says: 'reads the environment' },
  {
    path: core('sallyport'),
    text: 'f(process.env.NODE_ENV)\ng(process.env.NODE_ENV)',
    says: ':2 reads the environment',
  },
  { path: core('gate/a'), text: 'const { env } = process', says: 'uses process as a whole' },
  { path: core('gate/a'), text: "import { env } from 'node:process'", says: 'imports node:process' },
  { path: core('gate/a'), text: 'const t = setInterval(f, 1000)', says: 'holds the process by setInterval' },
  { path: core('gate/a'), text: 'await new Promise((r) => setTimeout(r, 5))', says: 'by setTimeout' },
  { path: core('gate/a'), text: 'const a = setTimeout(f, 5)\nother.unref()', says: 'by setTimeout' },
  { path: core('gate/a'), text: 'const later = setTimeout', says: 'by setTimeout' },
  {
    path: core('gate/a'),
    text: "import * as timers from 'node:timers/promises'",
    says: 'imports node:timers/promises',
  },
  { path: core('gate/a'), text: 'export let count = 0', says: 'a let at its top level' },
  {
    path: core('gate/a'),
    text: 'const seen = new Map<string, number>()',
    says: 'a collection that can change',
  },
  {
    path: core('gate/a'),
    text: 'const seen: Set<string> = new Set()',
    says: 'a collection that can change',
  },
  { path: 'packages/pkcs11/src/key.ts', text: 'const used = new Map()', says: 'a collection' },
  { path: core('gate/a'), text: 'const it = { f: () => 1, seen: new Set() }', says: 'a collection' },
  { path: core('gate/a'), text: 'class A {\n  static count = 0\n}', says: 'a static field that can change' },
]

describe('a planted violation is found:', () => {
  for (const { path, text, says } of planted)
    test(`${text.slice(0, 60).replaceAll('\n', ' ')} in ${path}`, () => {
      const all = found(path, text)
      expect(all).toHaveLength(1)
      expect(all[0]).toContain(path)
      expect(all[0]).toContain(says)
    })

  test('a ring of three files', () => {
    const ring = [
      { path: core('gate/a'), text: "import './b.ts'" },
      { path: core('gate/b'), text: "import type { C } from './c.ts'" },
      { path: core('gate/c'), text: "export * from './a.ts'" },
    ]
    expect(cycles(ring)).toEqual([[...ring, ring[0]].map((source) => source?.path).join(' -> ')])
  })
})

describe('what only looks like a violation is let through:', () => {
  const innocent: Readonly<Record<string, string>> = {
    'words in comments': "// any console, import x from '../memory/store.ts', let x\n/* setTimeout( */",
    'words in texts': "const x = 'any' + \"import '../memory/store.ts'\" + `enum console process.env`",
    'a regular expression with quotes': "const x = /['\"`/*]|[/'] any/.test(y) ? a / b / c : 'z'",
    'a template in a template': `const x = \`a\${f(\`b\${'}'}\`)}c\`\nconst y = (): number => 1`,
    'the name of a member': 'const x = Promise.any(y?.enum, z.console)',
    'a method of a library': 'const x = ipaddr.process(y)',
    'what this module is': 'const x = new URL(import.meta.url)',
    'an export with a local name': "export { a, b }\nexport const from = 'x'",
    'timers that are let go': 'const t = setTimeout(f, 5).unref()\nlet u\nu = setInterval(g, 1)\nu.unref()',
    'the type of a timer': 'const f = (t: ReturnType<typeof setTimeout>) => t',
    'state of a function': 'const make = () => new Map()\nexport function f() {\n  let x = new Set()\n}',
    'state of an object': 'class A {\n  static readonly limit = 5\n  readonly seen = new Map()\n}',
    'a collection of data': "const names: ReadonlySet<string> = new Set(['a'])",
    '250 lines': 'x\n'.repeat(250),
  }
  for (const [name, text] of Object.entries(innocent))
    test(name, () => {
      const declared = name === 'timers that are let go' ? `() => {${text}}` : text
      expect(found(core('gate/a'), declared)).toEqual([])
    })

  test('the composition root reads NODE_ENV', () => {
    expect(found(core('sallyport'), 'parse(process.env.NODE_ENV)\nprocess.emitWarning(x)')).toEqual([])
  })
})

describe('imports are read:', () => {
  const forms: readonly (readonly [source: string, from: string, typesOnly: boolean])[] = [
    ["import a from './a.ts'", './a.ts', false],
    ["import type A from './a.ts'", './a.ts', true],
    ["import type from './a.ts'", './a.ts', false],
    ["import { type A, type B } from './a.ts'", './a.ts', true],
    ["import { type A, b as c } from './a.ts'", './a.ts', false],
    ["import a, { type B } from './a.ts'", './a.ts', false],
    ["import * as a from './a.ts'", './a.ts', false],
    ["import data from './a.json' with { type: 'json' }", './a.json', false],
    ["export type * from './a.ts'", './a.ts', true],
    ["export * as a from './a.ts'", './a.ts', false],
    ["export type { A } from './a.ts'", './a.ts', true],
    ["export {\n  a, // 'b'\n} from './a.ts'", './a.ts', false],
    ['const a = await import(`./a.ts`)', './a.ts', false],
  ]
  for (const [source, from, typesOnly] of forms)
    test(source.replaceAll('\n', ' '), () => {
      expect(importsOf(tokensOf(source))).toEqual([{ from, typesOnly, line: 1 }])
    })
})
