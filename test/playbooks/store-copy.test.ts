import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, startStage } from './stage.ts'

test(
  'the store was copied',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const book = openPlaybook('playbook-store-copy.md')
    const alice = await signIn(stage, 'alice')
    const { stdout: folder } = await stage.type(
      'redis-cli -u "$REDIS_ADMIN_URL" --rdb copy.rdb > said.txt; pwd',
    )
    const copy = await readFile(`${folder.trim()}/copy.rdb`, 'latin1')
    expect(copy).toContain(alice.subject)
    for (const token of [alice.access, alice.cookie]) expect(copy).not.toContain(token)

    const connected = (await book.play('First', stage))[0] ?? ''
    expect(connected).toContain('user=sallyport')
    await book.play('Stop it', stage)
    expect(await answersNow(stage, alice)).toEqual(SERVED)
    const { stdout: word } = await stage.type('cat new-password.txt')
    const { host } = new URL(stage.redis.url)
    const before = stage.environment.REDIS_URL
    await stage.restart({ REDIS_URL: `redis://sallyport:${word.trim()}@${host}/0` })
    await book.play('Remove the old password', stage)
    const thief = await stage.type(`redis-cli -u ${before} --no-auth-warning ping`)
    expect(thief.stdout + thief.stderr).toMatch(/WRONGPASS|NOAUTH/)

    expect(await answersNow(stage, alice)).toEqual(SERVED)
    await book.play('Make the copy worthless', stage)
    await book.play('See that it worked', stage)
    expect(await refreshed(stage, alice, 1)).toBe(200)
    const [users] = await book.play('Whom to tell', stage)
    expect(users?.trim()).toBe('1')
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
