import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type Argument = string | number | Buffer

const NAMES = [
  'open',
  'rotate',
  'confirm',
  'end',
  'end-subject',
  'list',
  'renew',
  'revoke',
  'pull',
  'assert',
  'swap-keys',
  'probe',
] as const
export type ScriptName = (typeof NAMES)[number]

export interface Script {
  readonly text: string
  readonly sha: string
}

/**
 * How a script is named: `evalsha` by its digest, `eval` by its whole text, for a server that does not know it yet.
 */
export type Verb = 'evalsha' | 'eval'

/** Reads the scripts and puts the prelude that they share before each. */
export function loadScripts(): Readonly<Record<ScriptName, Script>> {
  const read = (name: string): string => readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8')
  const prelude = read('prelude')
  const load = (name: string): Script => {
    const text = `${prelude}\n${read(name)}`
    return { text, sha: createHash('sha1').update(text).digest('hex') }
  }
  return Object.fromEntries(NAMES.map((name) => [name, load(name)])) as Record<ScriptName, Script>
}

/** All arguments of an `evalsha` or `eval` command. */
export function argumentsOf(
  script: Script,
  verb: Verb,
  keys: readonly string[],
  args: readonly Argument[],
): Argument[] {
  return [verb === 'evalsha' ? script.sha : script.text, keys.length, ...keys, ...args]
}

export function isScriptMissing(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}
