import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'the secret has leaked',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-secret.md')
    const alice = await signIn(stage, 'alice')
    await stage.file('token.txt', alice.access)

    const [listed = ''] = await book.play('First', stage)
    const COMPROMISED_KEYS = listed.trim().split('\n').join(',')
    expect(COMPROMISED_KEYS).toMatch(/^\S{43}$/)
    const { stdout } = await stage.type('cat new-secret.txt')
    await stage.restart({ SALLYPORT_SECRET: stdout.trim(), COMPROMISED_KEYS })

    const printed = await book.play('See that it worked', stage)
    expect(printed[1]).toBe('')
    expect(await answersNow(stage, alice)).toEqual(REFUSED)
    expect(await refreshed(stage, alice, 1)).toBe(401)
    expect(await answersNow(stage, await signIn(stage, 'alice', 2))).toEqual(SERVED)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
