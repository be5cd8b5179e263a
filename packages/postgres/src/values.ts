import type { CustomTypesConfig } from 'pg'

type Parser = (text: string) => unknown

const asNumber: Parser = (text) => Number(text)
/** In the format `hex`, or in `escape` where the server is set to it: there, every backslash stands before another or a number. */
const asBytes: Parser = (text) => {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  const plain = text.replace(/\\(\\|[0-7]{3})/g, (_, one: string) =>
    one === '\\' ? one : String.fromCharCode(Number.parseInt(one, 8)),
  )
  return Buffer.from(plain, 'latin1')
}
/** By the number of their type. All other values stay text. */
const byType: ReadonlyMap<number, Parser> = new Map([
  [16, (text) => text === 't'],
  [17, asBytes],
  [20, asNumber],
  [21, asNumber],
  [23, asNumber],
  [114, (text) => JSON.parse(text)],
  [3802, (text) => JSON.parse(text)],
])
const asText: Parser = (text) => text

/** The application may have set parsers for the whole process, so the store brings its own along. */
export const parsers: CustomTypesConfig = {
  getTypeParser: (type: number) => byType.get(type) ?? asText,
}
