import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'a session was stolen',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-stolen-session.md')
    const [phone, laptop] = [await signIn(stage, 'alice'), await signIn(stage, 'alice', 1)]
    const bob = await signIn(stage, 'bob', 2)
    await stage.file('token.txt', laptop.access)
    const given = { SUBJECT: phone.subject, SESSION: laptop.session }

    const [whose] = await book.play('First', stage, given)
    expect(whose).toBe(`${laptop.subject}\n${laptop.session}\n`)
    await book.play('Stop it', stage, given)
    for (const ended of [phone, laptop]) expect(await answersTo(stage, ended)).toEqual(REFUSED)
    await book.play('See that it worked', stage, given)
    const [did] = await book.play('What the thief did', stage, given)
    expect(did).toContain('stolen')

    const lost = await signIn(stage, 'alice')
    const kept = await signIn(stage, 'alice', 1)
    await book.play('One device alone', stage, { ...given, SESSION: lost.session })
    expect(await answersTo(stage, lost)).toEqual(REFUSED)
    expect(await refreshed(stage, lost, 2)).toBe(401)
    for (const other of [kept, bob]) expect(await answersNow(stage, other)).toEqual(SERVED)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
