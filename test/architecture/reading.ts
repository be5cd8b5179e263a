/** A piece of TypeScript source. Of strings and templates the text is what stands between the quotes. */
export interface Token {
  readonly kind: 'word' | 'text' | 'regex' | 'mark' | 'comment'
  readonly text: string
  readonly line: number
  /** How many brackets are open around it. */
  readonly depth: number
}

export interface Import {
  /** What stands in the quotes; empty where it is computed. */
  readonly from: string
  /** Nothing of it is left when the program runs. */
  readonly typesOnly: boolean
  readonly line: number
}

const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const TEXT = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*/uy
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const MARK = /=>|\?\.|\.\.\.|[^\s\w'"`]/uy
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y
/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_VALUE = new Set(['return', 'typeof', 'case', 'in', 'of', 'void', 'throw', 'else', 'do', 'await'])

/** Cuts a source into its pieces; comments are kept, white space is not. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  const open: string[] = []
  let at = 0
  let line = 1

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const take = (kind: Token['kind'], lexeme: string, text: string = lexeme): void => {
    tokens.push({ kind, text, line, depth: open.length })
    skip(lexeme)
  }
  const skip = (lexeme: string): void => {
    at += lexeme.length
    line += lexeme.split('\n').length - 1
  }
  /** The part of a template up to its end or its next hole; the hole is code. */
  const takeTemplate = (): void => {
    const part = match(TEMPLATE) ?? fail()
    const isHole = part.endsWith('${')
    take('text', part, part.slice(0, isHole ? -2 : -1))
    if (isHole) open.push('${')
  }
  const takeMark = (mark: string): void => {
    const closes = mark === ')' || mark === ']' || mark === '}'
    const hole = closes && open.pop() === '${'
    take('mark', mark)
    if (mark === '(' || mark === '[' || mark === '{') open.push(mark)
    if (hole) takeTemplate()
  }
  const fail = (): never => {
    throw new SyntaxError(`line ${line} can't be read`)
  }

  while (at < source.length) {
    const space = match(SPACE)
    const comment = match(COMMENT)
    const text = match(TEXT)
    const regex = beginsValue(tokens) ? match(REGEX) : undefined
    const word = match(WORD)
    if (space !== undefined) skip(space)
    else if (comment !== undefined) take('comment', comment)
    else if (text !== undefined) take('text', text, text.slice(1, -1))
    else if (regex !== undefined) take('regex', regex)
    else if (word !== undefined) take('word', word)
    else if (source[at] === '`') {
      skip('`')
      takeTemplate()
    } else takeMark(match(MARK) ?? fail())
  }
  return tokens
}

/** Whether a value can begin here, and so a regular expression. */
function beginsValue(tokens: readonly Token[]): boolean {
  const last = tokens.findLast((token) => token.kind !== 'comment')
  if (last === undefined) return true
  if (last.kind === 'word') return BEFORE_VALUE.has(last.text)
  return last.kind === 'mark' && !')]}'.includes(last.text)
}

/** All imports of a source: statements, re-exports, `import()` of values and of types, `require()`. */
export function importsOf(source: readonly Token[]): Import[] {
  const tokens = source.filter((token) => token.kind !== 'comment')
  return tokens.flatMap((token, index): Import[] => {
    const next = tokens[index + 1]
    if (token.kind !== 'word' || isMark(tokens[index - 1], '.') || next === undefined) return []
    const called = isMark(next, '(')
    if (called && (token.text === 'import' || token.text === 'require'))
      return [{ from: soleText(tokens, index + 2), typesOnly: false, line: token.line }]
    const isStatement = token.text === 'import' ? !isMark(next, '.') : reExports(tokens, index)
    return isStatement ? [statement(tokens, index)] : []
  })
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text
}

/** The text that is the whole first argument of a call. */
function soleText(tokens: readonly Token[], index: number): string {
  const after = tokens[index + 1]
  const isWhole = isMark(after, ')') || isMark(after, ',')
  return tokens[index]?.kind === 'text' && isWhole ? (tokens[index]?.text ?? '') : ''
}

function reExports(tokens: readonly Token[], index: number): boolean {
  const [word, ...rest] = tokens.slice(index, index + 3)
  const first = rest[0]?.kind === 'word' && rest[0].text === 'type' ? rest[1] : rest[0]
  if (word?.text !== 'export' || word.depth > 0) return false
  if (isMark(first, '*')) return true
  const end = tokens.findIndex((token, at) => at > index && isMark(token, '}') && token.depth === 0)
  return isMark(first, '{') && tokens[end + 1]?.text === 'from' && tokens[end + 2]?.kind === 'text'
}

/** An import or re-export that begins at `index` and ends with its text. */
function statement(tokens: readonly Token[], index: number): Import {
  const end = tokens.findIndex((token, at) => at > index && token.kind === 'text')
  const clause = tokens.slice(index + 1, end - 1)
  const whole = clause[0]?.text === 'type' && clause[1] !== undefined && !isMark(clause[1], ',')
  return {
    from: tokens[end]?.text ?? '',
    typesOnly: whole || eachIsType(clause),
    line: tokens[index]?.line ?? 0,
  }
}

/** `{ type A, type B }` and nothing besides. */
function eachIsType(clause: readonly Token[]): boolean {
  if (!isMark(clause[0], '{')) return false
  return clause.every(
    (token, at) => !(isMark(token, '{') || isMark(token, ',')) || isTypeName(clause, at + 1),
  )
}

function isTypeName(clause: readonly Token[], at: number): boolean {
  const [first, second] = clause.slice(at, at + 2)
  return isMark(first, '}') || (first?.text === 'type' && second?.kind === 'word' && second.text !== 'as')
}
