import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type Argument = string | number | Buffer
/** An argument may be made only when the script is sent, and again if it is sent again. */
export type LateArgument = Argument | (() => Argument)

const NAMES = [
  'open',
  'rotate',
  'elevate',
  'bind-key',
  'confirm',
  'end',
  'end-some',
  'end-subject',
  'end-next',
  'keep',
  'list',
  'survey',
  'renew',
  'renew-next',
  'reseal',
  'revoke',
  'revoke-all',
  'marks',
  'pull',
  'claim',
  'assert',
  'swap-keys',
  'attempt',
  'take-back',
  'block',
  'forget',
  'append',
  'subject-key',
  'note',
  'create-key',
  'list-keys',
  'revoke-keys',
  'touch-key',
  'erase',
  'outbox-enroll',
  'outbox-dismiss',
  'outbox-append',
  'outbox-heads',
  'outbox-read',
  'outbox-settle',
  'outbox-release',
  'outbox-forget',
  'swap-document',
  'change-member',
  'probe',
  'ping',
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

/** What all scripts share, in the order in which the parts need each other. */
const SHARED = ['layout', 'records', 'outbox', 'feed', 'subjects', 'counters', 'api-keys', 'documents']

/** Reads the scripts, and puts before each what they share. */
export function loadScripts(): Readonly<Record<ScriptName, Script>> {
  const read = (name: string): string => readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8')
  const shared = SHARED.map((name) => read(`shared/${name}`)).join('\n')
  const load = (name: string): Script => {
    const text = `${shared}\n${read(name)}`
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

export function rendered(args: readonly LateArgument[]): readonly Argument[] {
  return args.map((argument) => (typeof argument === 'function' ? argument() : argument))
}

/** Whether a script did nothing, because it was carried out after the instant until which its caller waits. */
export function isLate(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('LATE')
}

export function isScriptMissing(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}
