import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { examplesOfPage } from '../types/examples.ts'
import type { Setup } from './setups.ts'

/** The files of a project by their name. */
export type Files = Readonly<Record<string, string>>

export const frameworks = ['express', 'koa', 'fastify'] as const
export type Framework = (typeof frameworks)[number]

const read = (page: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8')
const pages: Readonly<Record<Framework, string>> = {
  express: 'README.md',
  koa: 'packages/koa/README.md',
  fastify: 'packages/fastify/README.md',
}

/** The first example of a page: its imports, and the rest. */
interface Example {
  readonly imports: string
  readonly body: string
}

function exampleOf(page: string): Example {
  const lines = examplesOfPage(page, read(page))[0]?.lines.map(({ text }) => text) ?? []
  const first = lines.findIndex((line) => line !== '' && !line.startsWith('import '))
  if (first < 1) throw new SyntaxError(`${page} does not begin with an example that imports`)
  return { imports: lines.slice(0, first).join('\n'), body: lines.slice(first).join('\n') }
}

/** Without a Redis, and so without what imports it. */
function inMemory(code: string, door: string): string {
  const replaced = code
    .replace(/^import \{ redisStore \} from '@sallyport\/redis'$/m, `import { memoryStore } from '${door}'`)
    .replace(
      /^const \{ redisStore \} = require\('@sallyport\/redis'\)$/m,
      `const { memoryStore } = require('${door}')`,
    )
    .replace(/\bredisStore\(\{ url: process\.env\.REDIS_URL \}\)/, 'memoryStore()')
  if (replaced.includes('edis'))
    throw new SyntaxError(`the store of this example is not replaced:\n${replaced}`)
  return replaced
}

/** A CommonJS module has no `await` outside of a function. */
const inFunction = ({ imports, body }: Example): string =>
  `${imports}\nasync function main(): Promise<void> {\n${body}\n}\nvoid main()\n`

/** What the reader brings along. */
const YOURS = 'declare function checkPassword(body: unknown): Promise<{ id: string }>\n'

/**
 * A program of all frameworks. For each it has the example of its page, as it stands in `example.ts`, and with the
 * sessions in memory, so that it runs, in `app.ts`; and what else an application says of types.
 */
export function programOf({ isModule }: Setup, doors: readonly string[]): Files {
  const files = frameworks.flatMap((framework) => {
    const example = exampleOf(pages[framework])
    const code = isModule ? `${example.imports}\n${example.body}\n` : inFunction(example)
    return [
      [`${framework}/example.ts`, code],
      [`${framework}/app.ts`, inMemory(code, `@sallyport/${framework}`)],
      [`${framework}/types.ts`, typesOf(framework)],
    ] as const
  })
  return { ...Object.fromEntries(files), 'yours.d.ts': YOURS, 'any.ts': ANY, 'doors.ts': importsOf(doors) }
}

/** The page of the package for a framework. */
export const pageOf = (framework: Framework): string => read(`packages/${framework}/README.md`)

/** What the page of the guide has a newcomer try: its example without options, and the stand-in of its section. */
export function firstTry(framework: Framework): string {
  const page = `docs/guide/${framework}.md`
  const [, standIn] = /^## Try it$.*?^```js$(.*?)^```$/ms.exec(read(page)) ?? []
  if (standIn === undefined) throw new SyntaxError(`${page} has no stand-in under "Try it"`)
  const { imports, body } = exampleOf(page)
  const withoutRedis = imports.replace(/^import .* from '@sallyport\/redis'$/m, '')
  return `${withoutRedis}\n${body.replace(/createSallyport\(\{.*?^\}\)$/ms, 'createSallyport()')}\n${standIn}`
}

/** The same in JavaScript, as the page of the package says that it is done in CommonJS. */
export function withRequire(framework: Framework): string {
  const [, block = ''] = /^## From CommonJS$.*?^```js$(.*?)^```$/ms.exec(pageOf(framework)) ?? []
  const [above, below, ...others] = block.split(/^ {2}\/\/ The example above.*$/m)
  if (above === undefined || below === undefined || others.length > 0)
    throw new SyntaxError(`the page of ${framework} has no place for the example, under "From CommonJS"`)
  const { body } = exampleOf(`packages/${framework}/README.md`)
  return inMemory(`${above}${body}${below}`, `@sallyport/${framework}`)
}

/** `AnyIn<T>` has the members of `T` that are `any`, or take or give it; it is `never` if there are none. */
const ANY = `
type IsAny<T> = 0 extends 1 & T ? true : false
type Keys<T> = Extract<keyof T, string>
type AnyOf<A extends readonly unknown[]> = { [I in keyof A]: IsAny<A[I]> }[number]
type Of<T> = T extends (...args: infer A) => infer R ? IsAny<Awaited<R>> | AnyOf<A> : false
export type AnyIn<T> = { [K in Keys<T>]-?: true extends IsAny<T[K]> | Of<T[K]> ? K : never }[Keys<T>]
export type None<T extends never> = T
`

/** Where the framework has the caller, with the door `augment`. */
const callers: Readonly<Record<Framework, { type: string; caller: string }>> = {
  express: { type: 'Request', caller: 'request.auth' },
  koa: { type: 'Context', caller: 'request.state.auth' },
  fastify: { type: 'FastifyRequest', caller: 'request.auth' },
}

function typesOf(framework: Framework): string {
  const { type, caller } = callers[framework]
  return `
import '@sallyport/${framework}/augment'
import * as adapter from '@sallyport/${framework}/adapter'
import * as door from '@sallyport/${framework}'
import type { ${type} } from '${framework}'
import type { AnyIn, None } from '../any.js'

declare module '@sallyport/${framework}' {
  interface Register { claims: { readonly tenant: string } }
}
export const callerOf = (request: ${type}) => ${caller}
export const caller: (request: ${type}) => door.Auth | null | undefined = callerOf
export const tenant = (request: ${type}): string => door.getAuth(request).claims.tenant
// What is inferred has to have a name in declarations.
export const make = () => door.createSallyport({ store: door.memoryStore() })
export class OwnError extends door.ConfigError {}
export const optionOf = (error: unknown): string => (error instanceof door.ConfigError ? error.option : '')
export type Checked = [
  None<AnyIn<typeof door>>,
  None<AnyIn<typeof adapter>>,
  None<AnyIn<Awaited<ReturnType<typeof make>>>>,
  None<AnyIn<Awaited<ReturnType<typeof make>>['sessions']>>,
  None<AnyIn<door.SallyportOptions>>,
  None<AnyIn<door.Auth>>,
  None<AnyIn<{ callerOf: typeof callerOf }>>,
]
`
}

/** Every door of every package, and what the core itself lets an application add. */
function importsOf(doors: readonly string[]): string {
  const imports = doors.map((door, index) => `import * as door${index} from '${door}'`)
  const checked = doors.map((_, index) => `None<AnyIn<typeof door${index}>>`)
  return `
${imports.join('\n')}
import type { AnyIn, None } from './any.js'

declare module '@sallyport/core' {
  interface Register { claims: { readonly tenant: string } }
}
export const tenant = (auth: import('@sallyport/core').Auth): string => auth.claims.tenant
export type Checked = [${checked.join(', ')}]
`
}
