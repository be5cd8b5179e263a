import type { Source } from './directions.ts'
import { importsOf, type Token, tokensOf } from './reading.ts'

const MAX_LINES = 250
const COMPOSITION_ROOT = 'packages/core/src/sallyport.ts'
/** Counts who uses what is initialised once for the whole process, whoever in it does so. */
const PROCESS_WIDE = 'packages/pkcs11/src/library.ts'
const COLLECTIONS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array', 'LRUCache'])
const READONLY: ReadonlySet<string> = new Set(['ReadonlyMap', 'ReadonlySet', 'Readonly', 'readonly'])
const STATEMENTS: ReadonlySet<string> = new Set(
  'export const let var function async class interface type declare import abstract enum if for'.split(' '),
)

type Rule = (tokens: readonly Token[], path: string) => readonly Fault[]
interface Fault {
  readonly line: number
  readonly says: string
}

/** How the code of the packages is written; each rule by what it forbids. */
export const habits: Readonly<Record<string, (sources: readonly Source[]) => string[]>> = {
  'files of more than 250 lines': (sources) =>
    sources.filter(({ text }) => linesOf(text) > MAX_LINES).map((source) => `${source.path} is too long`),
  'any, enum and console': over((tokens) => wordsIn(tokens, ['any', 'enum', 'console'])),
  'comments that silence the compiler': over((tokens) =>
    tokens
      .filter((one) => one.kind === 'comment' && /@ts-(ignore|expect-error|nocheck)/.test(one.text))
      .map(({ line }) => ({ line, says: 'silences the compiler' })),
  ),
  'reading the environment': over((tokens, path) => [
    ...environmentReads(codeOf(tokens), path),
    ...importsFrom(tokens, ['process', 'node:process']),
  ]),
  'timers that keep a process alive': over((tokens) => [
    ...heldTimers(codeOf(tokens)),
    ...importsFrom(tokens, ['timers', 'node:timers', 'timers/promises', 'node:timers/promises']),
  ]),
  'state of a module': over((tokens, path) => (path === PROCESS_WIDE ? [] : moduleState(codeOf(tokens)))),
}

function over(rule: Rule): (sources: readonly Source[]) => string[] {
  return (sources) =>
    sources.flatMap(({ path, text }) =>
      rule(tokensOf(text), path).map(({ line, says }) => `${path}:${line} ${says}`),
    )
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function codeOf(tokens: readonly Token[]): Token[] {
  return tokens.filter((token) => token.kind !== 'comment')
}

function is(token: Token | undefined, kind: Token['kind'], text: string): boolean {
  return token?.kind === kind && token.text === text
}

/** A dot before a word makes it the name of a member. */
function isMember(tokens: readonly Token[], at: number): boolean {
  return is(tokens[at - 1], 'mark', '.') || is(tokens[at - 1], 'mark', '?.')
}

function wordsIn(tokens: readonly Token[], words: readonly string[]): Fault[] {
  const code = codeOf(tokens)
  return code
    .filter((one, at) => one.kind === 'word' && words.includes(one.text) && !isMember(code, at))
    .map(({ line, text }) => ({ line, says: `says ${text}` }))
}

function importsFrom(tokens: readonly Token[], names: readonly string[]): Fault[] {
  return importsOf(tokens)
    .filter(({ from }) => names.includes(from))
    .map(({ line, from }) => ({ line, says: `imports ${from}` }))
}

/** The composition root reads NODE_ENV, once; `process` is otherwise used by its members only. */
function environmentReads(code: readonly Token[], path: string): Fault[] {
  const faults: Fault[] = []
  let allowed = path === COMPOSITION_ROOT ? 1 : 0
  for (const [at, token] of code.entries()) {
    const { line } = token
    if (is(token, 'word', 'process') && !isMember(code, at) && !is(code[at + 1], 'mark', '.'))
      faults.push({ line, says: 'uses process as a whole' })
    if (!is(token, 'word', 'env') || !isMember(code, at)) continue
    const isMode = is(code[at - 2], 'word', 'process') && is(code[at + 2], 'word', 'NODE_ENV')
    if (isMode && allowed-- > 0) continue
    faults.push({ line, says: 'reads the environment' })
  }
  return faults
}

function heldTimers(code: readonly Token[]): Fault[] {
  return code.flatMap((token, at) => {
    const isTimer = is(token, 'word', 'setTimeout') || is(token, 'word', 'setInterval')
    if (!isTimer || is(code[at - 1], 'word', 'typeof') || isReleased(code, at)) return []
    return [{ line: token.line, says: `holds the process by ${token.text}` }]
  })
}

/** `unref` is called on the timer itself, or later on the name that it was given. */
function isReleased(code: readonly Token[], at: number): boolean {
  const depth = code[at]?.depth
  const end = code.findIndex((one, index) => index > at && is(one, 'mark', ')') && one.depth === depth)
  if (!is(code[at + 1], 'mark', '(')) return false
  if (isMember(code, end + 2) && is(code[end + 2], 'word', 'unref')) return true
  const name = is(code[at - 1], 'mark', '=') ? nameBefore(code, at - 1) : undefined
  return code.some(
    (one, index) =>
      index > end && is(one, 'word', 'unref') && isMember(code, index) && code[index - 2]?.text === name,
  )
}

/** What an `=` gives a value to; a type may stand between the name and it. */
function nameBefore(code: readonly Token[], equals: number): string | undefined {
  const line = code.slice(0, equals).findLastIndex(({ text }) => text === 'const' || text === 'let')
  const declared = code[line + 1]
  const isTyped = declared?.line === code[equals]?.line && is(code[line + 2], 'mark', ':')
  return isTyped ? declared?.text : code[equals - 1]?.text
}

function moduleState(code: readonly Token[]): Fault[] {
  return code.flatMap((token, at) => {
    const { line, text, depth } = token
    if (token.kind !== 'word' || isMember(code, at)) return []
    if (text === 'static' && !is(code[at + 1], 'word', 'readonly') && isField(code[at + 2]))
      return [{ line, says: 'has a static field that can change' }]
    if (depth > 0) return []
    if (text === 'let' || text === 'var') return [{ line, says: `has a ${text} at its top level` }]
    return text === 'const' && holdsCollection(code, at)
      ? [{ line, says: 'has a collection that can change at its top level' }]
      : []
  })
}

function isField(token: Token | undefined): boolean {
  return token?.kind === 'mark' && ['=', ':', '!', '?', ';'].includes(token.text)
}

/** Whether a constant of the module is, or has in it, a collection that its type does not protect. */
function holdsCollection(code: readonly Token[], start: number): boolean {
  const next = code.findIndex(
    (one, at) => at > start && one.depth === 0 && STATEMENTS.has(one.text) && one.line > lineOf(code[at - 1]),
  )
  const declaration = code.slice(start, next === -1 ? undefined : next)
  const equals = declaration.findIndex((one) => is(one, 'mark', '=') && one.depth === 0)
  const isTyped = is(declaration[2], 'mark', ':') && READONLY.has(declaration[3]?.text ?? '')
  if (equals === -1 || isTyped) return false
  const value = withoutFunctions(declaration.slice(equals + 1))
  return value.some((one, at) => is(one, 'word', 'new') && COLLECTIONS.has(value[at + 1]?.text ?? ''))
}

function lineOf(token: Token | undefined): number {
  return token?.line ?? 0
}

/** What runs when the module is loaded: functions and classes run later. */
function withoutFunctions(value: readonly Token[]): Token[] {
  const running: Token[] = []
  let skipped: number | undefined
  for (const token of value) {
    const { depth } = token
    if (skipped !== undefined && (depth < skipped || (depth === skipped && is(token, 'mark', ','))))
      skipped = undefined
    if (skipped !== undefined) continue
    running.push(token)
    if (is(token, 'mark', '=>') || ['function', 'class'].includes(token.text)) skipped = depth
  }
  return running
}
