import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'everybody is signed out',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-everybody.md')
    const people = [
      await signIn(stage, 'alice'),
      await signIn(stage, 'bob', 1),
      await signIn(stage, 'admin', 2),
    ]
    await stage.file('token.txt', people[0]?.access ?? '')

    await book.play('First', stage)
    await book.play('Stop it', stage)
    for (const one of people) {
      expect(await answersTo(stage, one)).toEqual(REFUSED)
      expect(await refreshed(stage, one)).toBe(401)
    }
    await book.play('See that it worked', stage)
    const later = await signIn(stage, 'alice', 1)
    expect(await answersNow(stage, later)).toEqual(SERVED)

    await book.play('Services that verify by themselves', stage)
    expect(await answersTo(stage, later)).toEqual(REFUSED)
    expect(await refreshed(stage, later)).toBe(200)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
