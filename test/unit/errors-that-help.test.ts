import { createSallyport } from '@sallyport/core'
import { afterAll, expect, test } from 'vitest'
import { GATEWAY, oauthSite } from './oauth-site.ts'

// What a newcomer's first mistakes are answered.

const site = await oauthSite()
afterAll(() => site.sallyport.close())

test('a service that only verifies the tokens of a deployment without an issuer is told what to change', async () => {
  const introspection = {
    url: 'http://localhost:3000/auth/introspect',
    clientId: 'a',
    clientSecret: 'a secret',
  }
  const issuers = [{ issuer: 'http://localhost', audience: 'http://localhost', introspection }]
  await expect(createSallyport({ issuers })).rejects.toThrow(
    /or give one of the two .* an "issuer" of its own/,
  )
})

test('a listener of one event of the guide is told where all of them come', () => {
  expect(() => site.sallyport.on('session.ended' as 'event', () => {})).toThrow(
    /^on: unknown event "session\.ended".* is told to listeners of "event"$/,
  )
})

test('a question without a token is told that a parameter is missing', async () => {
  expect(await site.ask('introspect', { tokens: 'x' }, GATEWAY)).toMatchObject({
    ...{ status: 400, body: { error_description: 'the body is malformed, or lacks a parameter' } },
  })
})
