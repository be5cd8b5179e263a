import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

const peerWith = (certificate: string) => ({ address: '10.0.0.7', certificate: Buffer.from(certificate) })

test('tokens.verify accepts a token that is bound to a certificate only with that certificate', async () => {
  const sallyport = await createSallyport({ store: memoryStore(), mtls: 'accepted' })
  const signedIn = await gateOf(sallyport).signIn(viewOf({ peer: peerWith('one') }), { subject: 'user-1' })
  const { access_token: token } = JSON.parse(textIn(signedIn.body)) as { access_token: string }

  const verdictFor = async (sender: Parameters<typeof sallyport.tokens.verify>[1]) =>
    (await sallyport.tokens.verify(token, sender)).kind
  expect(await verdictFor({ peer: peerWith('one') })).toBe('valid')
  expect(await verdictFor({ peer: peerWith('another') })).toBe('refused')
  expect(await verdictFor({})).toBe('refused')
  await sallyport.close()
})
