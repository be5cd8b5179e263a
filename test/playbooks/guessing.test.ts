import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, held, nodeAt, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

const ADDRESS = '203.0.113.7'

test(
  'passwords are being guessed',
  async () => {
    const stage = await startStage({ TRUST_PROXY: '1' })
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-guessing.md')
    const from = { 'x-forwarded-for': ADDRESS }
    const guess = (at: number, username: string) =>
      nodeAt(stage, at).call('POST', '/auth/login', {
        json: { username, password: 'guessed' },
        headers: from,
      })
    const alice = await signIn(stage, 'alice')
    const admin = await signIn(stage, 'admin')
    for (let at = 0; at < 6; at++) await guess(at, 'alice')
    expect((await guess(0, 'alice')).status).toBe(429)
    const opened = held(await nodeAt(stage, 1).login('bob', from))

    await book.play('First', stage)
    const [names] = await book.play('Sign out whoever was opened', stage, { ADDRESS })
    expect(names).toBe(`${opened.subject}\n`)
    expect(await answersTo(stage, opened)).toEqual(REFUSED)
    expect(await refreshed(stage, opened)).toBe(401)
    for (const other of [alice, admin]) expect(await answersNow(stage, other)).toEqual(SERVED)

    expect((await nodeAt(stage, 2).login('alice', { 'x-forwarded-for': '198.51.100.4' })).status).toBe(429)
    await book.play('Let an owner back in', stage, { ACCOUNT: 'alice', SUBJECT: alice.subject })
    expect((await nodeAt(stage, 2).login('alice', { 'x-forwarded-for': '198.51.100.4' })).status).toBe(200)

    await stage.restart({ LOCKOUT_ATTEMPTS: '3' })
    for (let at = 0; at < 3; at++) await guess(at, 'bob')
    expect((await guess(0, 'bob')).status).toBe(429)
    const [lately] = await book.play('See that it worked', stage)
    expect(Number(lately)).toBeGreaterThan(6)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
