import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'

/** A block of TypeScript that people copy from a page or a docstring. */
export interface Example {
  /** The file that it stands in, from the root of the repository. */
  readonly page: string
  readonly lines: readonly Line[]
}

interface Line {
  readonly text: string
  /** Where the line stands in the page. */
  readonly number: number
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}.cache/examples`

/** What the reader brings along. */
const YOURS = `
interface User { readonly id: string }
declare function checkPassword(body: unknown): Promise<User>
declare function findUser(body: unknown): Promise<User | undefined>
declare function userOf(subject: string | undefined): Promise<User>
declare function takeOldToken(token: unknown): Promise<User | undefined>
declare function sendLink(address: unknown, link: string, hash: string, seconds: number): Promise<void>
declare function takeLink(hash: string): Promise<User | undefined>
declare function subjectOf(email: string): Promise<string | undefined>
declare function changePassword(subject: string, body: unknown): Promise<User | undefined>
declare function sendMail(name: string, text: string): Promise<void>
declare function rolesOf(subject: string): Promise<readonly string[]>
declare function checkCode(subject: string, code: unknown): Promise<boolean>
declare function tenantOf(subject: string): Promise<string>
declare function emailOf(subject: string): Promise<string>
declare function mayRead(subject: string, file: string): Promise<boolean>
declare function pathOf(file: string): string
declare function accountPage(subject: string): Promise<string>
declare function endedSince(time: string): Promise<readonly string[]>
`

/** What the examples for browsers use of them. With the library "dom", examples for servers could use it all. */
const BROWSER = `
declare const localStorage: {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
}
declare const navigator: {
  readonly locks: { request<T>(name: string, holder: () => Promise<T>): Promise<T> }
}
`

/** What the examples use of packages that are not installed here. */
const PACKAGES = `
declare module 'react' {
  export function useSyncExternalStore<T>(subscribe: (changed: () => void) => () => void, snapshot: () => T): T
}
declare module 'cors' {
  import type { RequestHandler } from 'express'
  function cors(options: { origin: string; credentials?: boolean; exposedHeaders?: string[] }): RequestHandler
  export = cors
}
declare module 'maxmind' {
  interface CityResponse {
    readonly location?: { readonly latitude: number; readonly longitude: number }
  }
  interface Reader<T> {
    get(ip: string): T | null
  }
  function open<T>(path: string): Promise<Reader<T>>
}
declare module 'ws' {
  import type { IncomingMessage, Server } from 'node:http'
  interface WebSocket {
    on(event: 'message', listener: (data: Buffer) => void): this
    once(event: 'message', listener: (data: Buffer) => void): this
    once(event: 'close', listener: () => void): this
    send(text: string): void
    close(code: number, reason: string): void
  }
  class WebSocketServer {
    constructor(options: { server: Server; path: string; maxPayload: number })
    on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this
  }
}
`

/** The examples of a Markdown page. One without an import continues the first one of its page. */
export function examplesOfPage(page: string, text: string): Example[] {
  const blocks = blocksOf(text.split('\n').map((line, index) => ({ text: line, number: index + 1 })))
  const [first = []] = blocks
  return blocks.map((lines, index) => {
    const isContinued = index > 0 && !lines.some((line) => line.text.startsWith('import '))
    return { page, lines: isContinued ? [...first, ...lines] : lines }
  })
}

/** The examples in the docstrings of a source. Throws for an `@example` without a block of TypeScript. */
export function examplesOfSource(page: string, source: string): Example[] {
  const docstrings = parseSync(page, source).comments.filter(
    ({ type, value }) => type === 'Block' && value.startsWith('*'),
  )
  return docstrings.flatMap(({ value, start }) => {
    const firstLine = source.slice(0, start).split('\n').length
    const lines = value.split('\n').map((line, index) => ({
      text: line.replace(/^\s*\* ?/, ''),
      number: firstLine + index,
    }))
    const blocks = blocksOf(lines)
    if (blocks.length === 0 && value.includes('@example'))
      throw new SyntaxError(`${page}:${firstLine}: the @example has no block of ts`)
    return blocks.map((block) => ({ page, lines: block }))
  })
}

/** The blocks of `ts` among the lines of a page. */
function blocksOf(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = []
  let block: Line[] | undefined
  for (const line of lines) {
    const fence = /^```(\w*)\s*$/.exec(line.text)
    if (fence === null) block?.push(line)
    else if (block !== undefined) block = undefined
    else if (fence[1] === 'ts') {
      block = []
      blocks.push(block)
    } else block = []
  }
  return blocks
}

/** Compiles examples against the sources, and gives what the compiler says: `page:line: error`. */
export async function compile(examples: readonly Example[]): Promise<string[]> {
  await rm(folder, { recursive: true, force: true })
  // What such an example declares reaches all that is compiled with it.
  const apart = examples.filter(reachesOthers)
  const together = examples.filter((example) => !reachesOthers(example))
  const programs = [together, ...apart.map((example) => [example])].filter((program) => program.length > 0)
  const said = await Promise.all(
    programs.map((program, index) => compileProgram(program, `${folder}/${index}`)),
  )
  return said.flat()
}

function reachesOthers({ lines }: Example): boolean {
  return lines.some(({ text }) => /\bdeclare (?:module|global)\b|\/augment'/.test(text))
}

async function compileProgram(examples: readonly Example[], at: string): Promise<string[]> {
  await mkdir(at, { recursive: true })
  await writeFile(`${at}/yours.d.ts`, YOURS)
  await writeFile(`${at}/browser.d.ts`, BROWSER)
  await writeFile(`${at}/packages.d.ts`, PACKAGES)
  const config = {
    extends: `${root}test/tsconfig.json`,
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['.'],
  }
  await writeFile(`${at}/tsconfig.json`, JSON.stringify(config))
  for (const [index, { lines }] of examples.entries()) {
    const code = lines.map(({ text }) => text).join('\n')
    await writeFile(`${at}/example-${index}.ts`, `${code}\n${ending(code)}\n`)
  }
  // The sources, which need not compile with what an example adds to them, are checked elsewhere without it.
  const isApart = examples.some(reachesOthers)
  const tsc = `${root}node_modules/typescript/bin/tsc`
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', at, '--pretty', 'false'], {
    cwd: at,
  }).catch((cause: { readonly stdout: string }) => cause)
  return stdout
    .trimEnd()
    .split(/\n(?! )/)
    .filter((said) => said !== '' && !(isApart && said.startsWith('../')))
    .map((said) => inThePage(said, examples))
}

/**
 * Makes a module of every example: a script would share its names with all others. What an example augments, another
 * file of the reader's program imports.
 */
function ending(code: string): string {
  const augmented = [...code.matchAll(/\bdeclare module '([^']+)'/g)]
  return [...augmented.map(([, name]) => `import type {} from '${name}'`), 'export {}'].join('\n')
}

const SAID = /^example-(\d+)\.ts\((\d+),\d+\): (.*)$/s

/** What the compiler says of a file, said of the page that it comes from. */
function inThePage(said: string, examples: readonly Example[]): string {
  const [, index, line, message] = SAID.exec(said) ?? []
  const example = examples[Number(index)]
  const number = example?.lines[Number(line) - 1]?.number ?? example?.lines.at(-1)?.number
  return example === undefined ? said : `${example.page}:${number}: ${message}`
}
