import { createHash, randomBytes } from 'node:crypto'
import {
  isSessionId,
  randomPart,
  type SubjectTag,
  sessionIdFrom,
  tagOf,
  tagOfSession,
} from '@sallyport/core/store'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newSessionId } from '../../packages/core/src/ports/ids.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const tag = tagOf('alice')
const sample = newSessionId(tag, randomBytes)

describe('the tag of a subject', () => {
  test('is the same today and tomorrow, in this process and in others', () => {
    const digest = createHash('sha256').update('sallyport subject\0alice').digest()
    expect(tag).toBe(digest.subarray(0, 12).toString('base64url'))
  })

  test('is 16 characters for whatever the subject is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (subject) => {
        expect(tagOf(subject)).toMatch(/^[A-Za-z0-9_-]{16}$/)
      }),
    )
  })

  test('tells subjects apart, however alike they are', () => {
    const alike = ['alice', 'Alice', 'alice ', ' alice', 'alice\0', 'alicé', 'alice\u0301', 'al ice', '']
    expect(new Set(alike.map(tagOf)).size).toBe(alike.length)
  })
})

describe('a session id', () => {
  test('begins with the tag of its subject and ends with 128 random bits of its own', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => index + 1)
    const asked: number[] = []
    const id = newSessionId(tag, (count) => {
      asked.push(count)
      return bytes
    })
    expect(asked).toEqual([16])
    expect(id).toBe(tag + Buffer.from(bytes).toString('base64url'))
    expect(tagOfSession(id)).toBe(tag)
    expect(randomPart(id)).toBe(Buffer.from(bytes).toString('base64url'))
    expect(sessionIdFrom(tagOfSession(id), randomPart(id))).toBe(id)
  })

  test('is known as one, whatever its bytes are', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(bytes(12), bytes(16), (subject, own) => {
        const id = newSessionId(Buffer.from(subject).toString('base64url') as SubjectTag, () => own)
        expect(isSessionId(id)).toBe(true)
        expect(Buffer.from(id, 'base64url')).toEqual(Buffer.concat([subject, own]))
      }),
    )
  })

  test('has one spelling', () => {
    for (const last of [0, 1, 2, 3]) {
      const id = newSessionId(tag, () => Buffer.alloc(16, last))
      const bytes = Buffer.from(id, 'base64url')
      const spellings = [...LETTERS]
        .map((letter) => id.slice(0, -1) + letter)
        .filter((text) => Buffer.from(text, 'base64url').equals(bytes))
      expect(spellings).toHaveLength(16)
      expect(spellings.filter(isSessionId)).toEqual([id])
    }
  })

  test.each([
    ['empty', ''],
    ['a character short', sample.slice(0, -1)],
    ['a character long', `${sample}A`],
    ['padded', `${sample}==`],
    ['with a line break', `${sample}\n`],
    ['with a line break for a character', `${sample.slice(0, -1)}\n`],
    ['in the other alphabet', `+/${sample.slice(2)}`],
    ['with a space', ` ${sample.slice(1)}`],
    ['a UUID', '0d1f4f5e-2f0c-4c27-9a4b-3f6f8a1b2c3d'],
    ['of letters that only look alike', `а${sample.slice(1)}`],
  ])('is not what is %s', (_how, text) => {
    expect(isSessionId(text)).toBe(false)
  })
})
