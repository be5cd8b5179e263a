import { createSallyport, memoryStore } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { jwks, privateKey } from '../signals/transmitter.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from '../unit/view.ts'
import { exampleOf, valueIn } from './texts.ts'

/** The logout token that RFC 8417, section 2.1.2, has of OpenID Connect Back-Channel Logout 1.0. */
describe('the logout token of RFC 8417', () => {
  const claims = () => valueIn(exampleOf('rfc8417', 'figure-2')) as { iss: string; aud: string; iat: number }

  /** A user whom it means has signed in before; then it comes, in the form of section 2.5. */
  async function take(more: object) {
    const { iss, aud, iat } = claims()
    const clock = turnedClock(iat * 1000)
    const asked: unknown[] = []
    const sallyport = await createSallyport({
      ...{ clock, store: memoryStore(), secret: 'a secret of the test, with its 32 bytes' },
      backchannelLogout: {
        issuers: [
          {
            ...{ issuer: iss, audience: aud, jwks },
            sessions(named) {
              asked.push(named)
              return { subjects: ['user'] }
            },
          },
        ],
      },
    })
    const gate = gateOf(sallyport)
    await gate.signIn(viewOf({}), { subject: 'user' })
    const jwt = await new SignJWT({ ...claims(), ...more })
      .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'signals' })
      .sign(privateKey)
    const [route] = gate.routes(['backchannel-logout'])
    const body = { kind: 'bytes', bytes: Buffer.from(`logout_token=${jwt}`) } as const
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = (await route?.handle(viewOf({ headers, body }))) as Answer
    const { length } = await sallyport.sessions.list('user')
    await sallyport.close()
    return { status: answer.status, sessions: length, asked }
  }

  test('ends the sessions of its user, with the end that Back-Channel Logout 1.0 asks for since it is final', async () => {
    const { sub, sid } = valueIn(exampleOf('rfc8417', 'figure-2')) as { sub: string; sid: string }
    expect(await take({ exp: claims().iat + 120 })).toMatchObject({
      ...{ status: 200, sessions: 0, asked: [{ sub, sid }] },
    })
  })

  test('is refused without one, as it was written before', async () => {
    expect(await take({})).toEqual({ status: 400, sessions: 1, asked: [] })
  })
})
