import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, held, nodeAt, REFUSED, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'a signing key has leaked',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-signing-key.md')
    const alice = await signIn(stage, 'alice')
    expect(await answersNow(stage, alice)).toEqual(SERVED)
    await stage.file('token.txt', alice.access)

    const [listed = ''] = await book.play('First', stage)
    const KID = /^(\S{43}) /m.exec(listed)?.[1] ?? ''
    await book.play('Stop it', stage, { KID })
    expect(await answersTo(stage, alice)).toEqual(REFUSED)
    const [published] = await book.play('See that it worked', stage, { KID })
    expect(published).toBe('')
    await book.play('Look for what was done with it', stage)

    // Nobody has to sign in again.
    const again = held(await nodeAt(stage, 1).refresh(alice.cookie))
    expect(await answersNow(stage, again)).toEqual(SERVED)
    // The option alone keeps the key out, once the store has forgotten it.
    await stage.redis.restartEmpty()
    await stage.restart({ COMPROMISED_KEYS: KID })
    expect(await answersNow(stage, alice)).toEqual(REFUSED)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
