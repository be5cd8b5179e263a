import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, nodeAt, REFUSED, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

const LOGOUT_ISSUER = 'https://login.example.com'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

test(
  'another issuer was broken into',
  async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-issuer-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const LOGOUT_JWKS = join(folder, 'jwks.json')
    const key = { ...(await exportJWK(publicKey)), kid: 'stolen', alg: 'ES256', use: 'sig' }
    await writeFile(LOGOUT_JWKS, JSON.stringify({ keys: [key] }))
    /** What somebody makes who has the issuer's key. */
    const logoutTokenOf = (sub: string) =>
      new SignJWT({ events: { [EVENT]: {} } })
        .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'stolen' })
        .setIssuer(LOGOUT_ISSUER)
        .setAudience('gateway')
        .setSubject(sub)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime('2m')
        .sign(privateKey)

    const stage = await startStage({ LOGOUT_ISSUER, LOGOUT_JWKS })
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-issuer.md')
    const forced = async (sub: string) =>
      nodeAt(stage, 1).call('POST', '/auth/backchannel-logout', {
        form: { logout_token: await logoutTokenOf(sub) },
      })
    const [alice, bob] = [await signIn(stage, 'alice'), await signIn(stage, 'bob')]
    expect((await forced(bob.subject)).status).toBe(200)
    expect(await answersTo(stage, bob)).toEqual(REFUSED)

    const [ended] = await book.play('First', stage)
    expect(ended).toMatch(/^ *1 backchannel_logout$/m)
    await stage.restart({ LOGOUT_ISSUER: '', LOGOUT_JWKS: '' })
    expect((await forced(alice.subject)).status).toBe(404)
    expect(await answersNow(stage, alice)).toEqual(SERVED)

    const again = await signIn(stage, 'bob')
    await stage.file('users.txt', `${alice.subject}\n${bob.subject}\n`)
    await book.play('Sign out whoever came from there', stage)
    for (const one of [alice, again]) expect(await answersTo(stage, one)).toEqual(REFUSED)
    await book.play('See that it worked', stage)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
