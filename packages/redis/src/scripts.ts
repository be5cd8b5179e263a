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

/** Reads the scripts, each behind the prelude that they share. */
export function loadScripts(): Readonly<Record<ScriptName, Script>> {
  const read = (name: string): string => readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8')
  const prelude = read('prelude')
  const load = (name: string): Script => {
    const text = `${prelude}\n${read(name)}`
    return { text, sha: createHash('sha1').update(text).digest('hex') }
  }
  return Object.fromEntries(NAMES.map((name) => [name, load(name)])) as Record<ScriptName, Script>
}
