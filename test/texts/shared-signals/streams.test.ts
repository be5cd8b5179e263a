import { describe, expect, test } from 'vitest'
import { streamExamples, subjectMatches } from '../../signals/stream-examples.ts'
import { exampleOf, messageIn, valueIn } from '../texts.ts'
import { uses } from './uses.ts'

describe('what test/signals has of the streams of SSF 1.0 is in the text', () => {
  const bodyOf = (body: string): unknown => (body === '' ? undefined : JSON.parse(body))

  test.each(streamExamples)('section $section: $request.method $request.target', ({ section, ...one }) => {
    const [asked, answered] = one.anchors.map((anchor) => exampleOf('ssf', anchor))
    expect([asked?.section, answered?.section]).toEqual([section, section])
    const request = messageIn(asked as NonNullable<typeof asked>)
    expect(request.start).toBe(`${one.request.method} ${one.request.target} HTTP/1.1`)
    expect(bodyOf(request.body)).toEqual(one.request.body)
    const answer = messageIn(answered as NonNullable<typeof answered>)
    expect(answer.start).toContain(`HTTP/1.1 ${one.answer.status} `)
    expect(bodyOf(answer.body)).toEqual(one.answer.body)
  })

  test.each(subjectMatches.map((one, at) => [at, one] as const))('section 8.1.3.1, pair %i', (at, one) => {
    const figure = (number: number) => valueIn(exampleOf('ssf', `8.1.3.1-${number}`))
    expect(figure(2 * at + 1)).toEqual({ format: 'complex', ...one.added })
    expect(figure(2 * at + 2)).toEqual({ format: 'complex', ...one.event })
  })

  test('and nothing of the text is left out but a drawing', () => {
    const had = new Set(streamExamples.flatMap(({ anchors }) => anchors))
    const left = Object.entries(uses.ssf).flatMap(([anchor, { as }]) =>
      as === 'management' && !had.has(anchor) && !anchor.startsWith('8.1.3.1-') ? [anchor] : [],
    )
    expect(left).toEqual(['figintro'])
  })
})
