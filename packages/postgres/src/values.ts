import type { CustomTypesConfig } from 'pg'

type Parser = (text: string) => unknown

const asNumber: Parser = (text) => Number(text)
/** By the number of their type. All other values stay text. */
const byType: ReadonlyMap<number, Parser> = new Map([
  [16, (text) => text === 't'],
  [17, (text) => Buffer.from(text.slice(2), 'hex')],
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
