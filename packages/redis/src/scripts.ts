import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Unavailable } from '@sallyport/core'
import type { Redis } from 'ioredis'

export type Argument = string | number | Buffer
/** What a script returns: nested lists of bulk strings and integers. */
export type Reply = Buffer | number | null | Reply[]
export type Answered<T> = { readonly kind: 'answered'; readonly value: T } | Unavailable

const NAMES = [
  'open',
  'rotate',
  'confirm',
  'end',
  'end-subject',
  'list',
  'revoke',
  'pull',
  'assert',
  'add-keys',
  'probe',
] as const
export type ScriptName = (typeof NAMES)[number]

/** Runs commands and scripts. Whatever the server can't do counts as away, and is told once. */
export interface Commands {
  run(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<Answered<Reply>>
  call(command: string, ...args: (string | Buffer)[]): Promise<Answered<Reply>>
}

interface Script {
  readonly text: string
  readonly sha: string
}

export function createCommands(client: Redis, notice: (message: string) => void): Commands {
  const scripts = loadScripts()
  const told = new Set<string>()

  async function attempt(ask: () => Promise<unknown>): Promise<Answered<Reply>> {
    try {
      return { kind: 'answered', value: (await ask()) as Reply }
    } catch (cause) {
      tell(cause)
      return { kind: 'unavailable' }
    }
  }

  /** The server's message may repeat arguments, and so tokens: only its code is told. */
  function tell(cause: unknown): void {
    const code =
      cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined
    if (code === undefined || told.has(code)) return
    told.add(code)
    notice(`Redis refuses a command with ${code}: it counts as away until it accepts`)
  }

  return {
    call: (command, ...args) => attempt(() => client.callBuffer(command, args)),
    run: (name, keys, args) =>
      attempt(async () => {
        const { sha, text } = scripts[name]
        try {
          return await client.callBuffer('EVALSHA', [sha, keys.length, ...keys, ...args])
        } catch (cause) {
          if (!(cause instanceof Error && cause.message.startsWith('NOSCRIPT'))) throw cause
          return client.callBuffer('EVAL', [text, keys.length, ...keys, ...args])
        }
      }),
  }
}

function loadScripts(): Readonly<Record<ScriptName, Script>> {
  const read = (name: string): string => readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8')
  const prelude = read('prelude')
  const load = (name: string): Script => {
    const text = `${prelude}\n${read(name)}`
    return { text, sha: createHash('sha1').update(text).digest('hex') }
  }
  return Object.fromEntries(NAMES.map((name) => [name, load(name)])) as Record<ScriptName, Script>
}
