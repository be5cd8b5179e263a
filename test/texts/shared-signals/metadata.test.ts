import { createSallyport, memoryStore } from '@sallyport/core'
import type { Route } from '@sallyport/core/adapter'
import { createSignals } from '@sallyport/signals'
import { describe, expect, test } from 'vitest'
import { textIn } from '../../support/text-in.ts'
import { viewOf } from '../../unit/view.ts'
import { exampleOf, messageIn, valueIn } from '../texts.ts'

/** The metadata of a transmitter with this issuer, and where it is. */
async function metadataOf(issuer: string) {
  const secret = 'a secret of the tests, of 32 bytes'
  const sallyport = await createSallyport({ issuer, secret, store: memoryStore(), outbox: {} })
  const receivers = [{ audience: 'b', push: { url: 'https://b.example.com/events' } }]
  const { wellKnown, close } = await createSignals(sallyport, { send: { receivers } })
  const [route] = wellKnown as readonly [Route]
  const answer = await route.handle(viewOf({ method: 'GET' }))
  close()
  await sallyport.close()
  if ('kind' in answer) throw new TypeError('the route passes on')
  return { path: route.path, answer, metadata: JSON.parse(textIn(answer.body)) as Record<string, unknown> }
}

describe('the metadata of SSF 1.0, section 7, is', () => {
  test.each([
    ['figdiscoveryrequest', ''],
    ['figdiscoveryrequestpath', '/issuer1'],
    ['figdiscoveryrequestpath', '/issuer1/'],
  ])('where %s asks for it, for an issuer with the path "%s"', async (anchor, path) => {
    const { start, headers } = messageIn(exampleOf('ssf', anchor))
    const found = await metadataOf(`https://${headers.host}${path}`)
    expect(`GET ${found.path} HTTP/1.1`).toBe(start)
  })

  test('not where RISC had it, which new services should not use', async () => {
    const { start, headers } = messageIn(exampleOf('ssf', 'figolddiscoveryrequest'))
    const found = await metadataOf(`https://${headers.host}`)
    expect(start).toBe(`GET ${found.path.replace('ssf', 'risc')} HTTP/1.1`)
  })

  test('answered in the form of the text', async () => {
    const { start, headers, body } = messageIn(exampleOf('ssf', 'figdiscoveryresponse'))
    const { answer, metadata } = await metadataOf('https://tr.example.com')
    expect(`HTTP/1.1 ${answer.status} OK`).toBe(start)
    expect(answer.headers['Content-Type']?.split(';')[0]).toBe(headers['content-type'])
    const said = JSON.parse(body) as Record<string, unknown>
    expect(metadata.issuer).toBe(said.issuer)
    for (const [name, value] of Object.entries(metadata)) {
      const form = typeof value
      expect({ name, form, isArray: Array.isArray(value) }).toEqual({
        ...{ name, form: typeof (said[name] ?? ''), isArray: Array.isArray(said[name]) },
      })
    }
  })

  test('of the version, and with the scheme of authorization, that the texts have', async () => {
    const { metadata } = await metadataOf('https://tr.example.com')
    expect(metadata).toMatchObject(valueIn(exampleOf('ssf', 'figspecversionfinal')) as object)
    for (const scheme of [exampleOf('ssf', 'figspecurn'), exampleOf('caep-interoperability', '2.3.7-1')])
      expect(metadata.authorization_schemes).toContainEqual(valueIn(scheme))
  })
})
