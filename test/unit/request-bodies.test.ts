import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES, readForm, readJsonObject, readText } from '../../packages/core/src/gate/body.ts'
import type { BodySource, HeaderFields, RequestView } from '../../packages/core/src/seam/http.ts'
import { viewOf } from './view.ts'

const FORM = 'application/x-www-form-urlencoded'
const refused = (problem: string) => ({ kind: 'refused', problem })

const parsed = (value: unknown): RequestView => viewOf({ body: { kind: 'parsed', value } })
/** The same body, not yet read and read by the application. */
function sent(body: string | Uint8Array, headers: HeaderFields): readonly RequestView[] {
  const bytes = Buffer.from(body)
  const sources: readonly BodySource[] = [
    { kind: 'bytes', bytes },
    { kind: 'stream', stream: Readable.from(bytes.length === 0 ? [] : [bytes]) },
  ]
  return sources.map((source) => viewOf({ headers, body: source }))
}

async function each<T>(
  views: readonly RequestView[],
  read: (view: RequestView) => Promise<T>,
  expected: unknown,
) {
  for (const view of views) expect(await read(view)).toEqual(expected)
}

describe('a form', () => {
  const read = (value: object) => ({ kind: 'read', value: new Map(Object.entries(value)) })

  // biome-ignore format: one row, one line
  test.each([
    ['nothing', '', {}],
    ['fields', 'a=1&b=2', { a: '1', b: '2' }],
    ['what is encoded', 'a+b=%C3%A4%26', { 'a b': 'ä&' }],
    ['a field without a value', 'a&b=', { a: '', b: '' }],
  ])('is read from %s', async (_what, body, fields) => {
    await each(sent(body, { 'content-type': FORM }), readForm, read(fields))
  })

  test('is malformed if a field comes twice', async () => {
    await each(sent('a=1&b=2&a=1', { 'content-type': FORM }), readForm, refused('body_malformed'))
  })

  test('is read from what a parser left, if every field is a string', async () => {
    expect(await readForm(parsed({ a: '1', b: '' }))).toEqual(read({ a: '1', b: '' }))
    for (const value of [{ a: '1', b: ['2'] }, { a: 1 }, { a: undefined }, [], 'a=1', null, undefined])
      expect(await readForm(parsed(value))).toEqual(refused('body_malformed'))
  })

  test('is not read from another type', async () => {
    await each(sent('a=1', { 'content-type': 'application/json' }), readForm, refused('body_type'))
  })
})

describe('a JSON object', () => {
  const typed = { 'content-type': 'application/json' }

  test('is read as it is', async () => {
    await each(sent('{"a":[1,null]}', typed), readJsonObject, { kind: 'read', value: { a: [1, null] } })
  })

  test.each(['', '{', '[]', '"x"', 'null', '5', 'true', '\u{feff}5'])('is malformed as %s', async (body) => {
    await each(sent(body, typed), readJsonObject, refused('body_malformed'))
  })

  test('is malformed if it is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}')])
    await each(sent(bytes, typed), readJsonObject, refused('body_malformed'))
  })

  test('is copied from what a parser left', async () => {
    const value = { a: 1 }
    const reading = await readJsonObject(parsed(value))
    expect(reading).toEqual({ kind: 'read', value })
    expect('value' in reading && reading.value).not.toBe(value)
    for (const none of [[], 'x', 5, null, undefined])
      expect(await readJsonObject(parsed(none))).toEqual(refused('body_malformed'))
  })

  test('is not read from another type', async () => {
    await each(sent('{}', { 'content-type': FORM }), readJsonObject, refused('body_type'))
  })
})

describe('a text', () => {
  const TYPE = 'application/secevent+jwt'
  const read = (view: RequestView) => readText(view, TYPE)

  // biome-ignore format: one row, one line
  test.each([
    [{ 'content-type': TYPE }],
    [{ 'content-type': 'Application/SecEvent+JWT' }],
    [{ 'content-type': `${TYPE}; charset=UTF-8` }],
    [{ 'content-type': `${TYPE}; charset=utf8` }],
    [{ 'content-type': `${TYPE}; x=y` }],
    [{ 'content-type': TYPE, 'content-encoding': 'identity' }],
    [{ 'content-type': TYPE, 'content-length': '4' }],
  ])('is read with %o', async (headers) => {
    await each(sent('text', headers), read, { kind: 'read', value: 'text' })
  })

  // biome-ignore format: one row, one line
  test.each([
    [{}],
    [{ 'content-type': '' }],
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': [TYPE] }],
    [{ 'content-type': `${TYPE}; charset=latin1` }],
    [{ 'content-type': TYPE, 'content-encoding': 'gzip' }],
    [{ 'content-type': TYPE, 'content-encoding': '' }],
  ])('is of the wrong type with %o', async (headers) => {
    await each(sent('text', headers), read, refused('body_type'))
  })

  test('is read from what a parser left, if that is a string', async () => {
    const left = (value: unknown) =>
      viewOf({ headers: { 'content-type': TYPE }, body: { kind: 'parsed', value } })
    expect(await read(left('text'))).toEqual({ kind: 'read', value: 'text' })
    for (const value of [{}, 5, undefined]) expect(await read(left(value))).toEqual(refused('body_type'))
    expect(await read(parsed('text'))).toEqual(refused('body_type'))
  })

  test('may have 16 KiB, and no more', async () => {
    const headers = { 'content-type': TYPE }
    const most = 'x'.repeat(MAX_BODY_BYTES)
    expect(MAX_BODY_BYTES).toBe(16_384)
    await each(sent(most, headers), read, { kind: 'read', value: most })
    await each(sent(`${most}x`, headers), read, refused('body_too_large'))
  })

  test('is malformed if it ends early, or its length is wrong', async () => {
    const headers = { 'content-type': TYPE, 'content-length': '5' }
    const [, stream] = sent('text', headers)
    expect(stream && (await read(stream))).toEqual(refused('body_malformed'))
    const broken = Readable.from([Buffer.from('te')])
    queueMicrotask(() => broken.destroy(new Error('reset')))
    expect(
      await read(viewOf({ headers: { 'content-type': TYPE }, body: { kind: 'stream', stream: broken } })),
    ).toEqual(refused('body_malformed'))
  })

  test('is refused by its announced length before it is read', async () => {
    const headers = { 'content-type': TYPE, 'content-length': String(MAX_BODY_BYTES + 1) }
    const stream = new Readable({ read() {} })
    expect(await read(viewOf({ headers, body: { kind: 'stream', stream } }))).toEqual(
      refused('body_too_large'),
    )
  })
})
