import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'what a quiet hour tries works, and people who were concerned are counted',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbooks.md')
    for (const [index, name] of ['alice', 'bob', 'alice'].entries()) await signIn(stage, name, index)

    const tried = await book.play('Before the night', stage)
    for (const { url } of stage.nodes) expect(tried.join('')).toContain(`${url} 200\n`)
    expect(await book.play('Whom to tell', stage)).toEqual(['2\n'])
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
