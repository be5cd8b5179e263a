import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../faults/client.ts'
import { expectUnavailable } from '../faults/unavailable.ts'
import { startServer } from '../support/processes.ts'
import { openPlaybook } from './page.ts'
import { answersNow, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'a server was broken into',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-server.md')
    const alice = await signIn(stage, 'alice')
    await stage.file('token.txt', alice.access)
    await stage.type('npx sallyport audit heads "$AUDIT_FILE" > heads.json')
    // The attacker runs a server of their own with all that the one knew.
    const taken = await startServer('koa', stage.environment)
    onTestFinished(async () => {
      await taken.stop()
    })
    const attacker = createClient(taken.url)
    expect((await attacker.me(alice.access)).status).toBe(200)

    await book.play('First', stage)
    await book.play('Stop it', stage)
    expectUnavailable(await attacker.refresh(alice.cookie))
    const { stdout } = await stage.type(
      'cat new-secret.txt new-audit-key.txt new-password.txt compromised.txt',
    )
    const [secret = '', key = '', word = '', ...kids] = stdout.trim().split('\n')
    const { host } = new URL(stage.redis.url)
    await stage.restart({
      SALLYPORT_SECRET: secret,
      COMPROMISED_KEYS: kids.join(','),
      REDIS_URL: `redis://sallyport:${word}@${host}/0`,
      AUDIT_KEY: key.replaceAll('+', '-').replaceAll('/', '_'),
      AUDIT_FILE: stage.environment.AUDIT_FILE.replace('audit.jsonl', 'audit-2.jsonl'),
    })

    const printed = await book.play('See that it worked', stage)
    expect(printed.at(-1)).toContain('addr=127.0.0.1')
    expect(await answersNow(stage, alice)).toEqual(REFUSED)
    expect(await refreshed(stage, alice, 2)).toBe(401)
    expectUnavailable(await attacker.refresh(alice.cookie))
    await book.play('End what the attacker changed', stage)
    expect(await answersNow(stage, await signIn(stage, 'alice'))).toEqual(SERVED)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
