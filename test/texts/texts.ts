import { readFileSync } from 'node:fs'

/** A figure of a specification, word for word. */
export interface Example {
  readonly section: string
  readonly title: string
  readonly anchor: string
  readonly kind: string
  readonly text: string
}

/** Of shared signals. */
export type TextName =
  | 'ssf'
  | 'caep'
  | 'caep-interoperability'
  | 'risc'
  | 'rfc8417'
  | 'rfc8935'
  | 'rfc8936'
  | 'rfc9493'

/** Of OAuth. */
export type OAuthTextName = 'rfc7009' | 'rfc7662' | 'rfc9701'

export function examplesOf(name: TextName | OAuthTextName): readonly Example[] {
  const { examples }: { readonly examples: readonly Example[] } = JSON.parse(
    readFileSync(new URL(`./data/${name}.json`, import.meta.url), 'utf8'),
  )
  return examples
}

export function exampleOf(name: TextName | OAuthTextName, anchor: string): Example {
  const found = examplesOf(name).find((one) => one.anchor === anchor)
  if (found === undefined) throw new RangeError(`${name} has no example ${anchor}`)
  return found
}

/** A value as a figure shows it. Section 2.3 of RISC 1.0 has a comma too many, which is left out here. */
export function valueIn({ text }: Example): unknown {
  const json = text.replaceAll(/,(?=\s*})/g, '')
  // Some figures show the name of the claim as well.
  return json.startsWith('"sub_id"') ? JSON.parse(`{${json}}`).sub_id : JSON.parse(json)
}

/** A request or an answer of HTTP, as a figure shows it. */
export interface Message {
  /** Such as `POST /Events HTTP/1.1`. */
  readonly start: string
  readonly headers: Readonly<Record<string, string>>
  /** Without the white space of the figure, which is not part of a body that is a JWT. */
  readonly body: string
}

export function messageIn({ text }: Example): Message {
  const [head = '', body = ''] = text.split(/\n\s*\n/)
  const [start = '', ...fields] = head.split('\n').map((line) => line.trim())
  const headers = fields.map((field): [string, string] => {
    const [name = '', value = ''] = field.split(/:\s*(.*)/)
    return [name.toLowerCase(), value]
  })
  return { start, headers: Object.fromEntries(headers), body: body.trim() }
}

/** RFCs wrap the lines of JWTs. */
export const joined = (text: string): string => text.replaceAll(/\s/g, '')
