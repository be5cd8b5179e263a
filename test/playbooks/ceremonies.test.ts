import { join } from 'node:path'
import { readKeyFile } from '@sallyport/core'
import { expect, onTestFinished, test } from 'vitest'
import { openPlaybook } from './page.ts'
import { answersNow, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, type Stage, startStage, type Variables } from './stage.ts'

const book = openPlaybook('key-ceremonies.md')

/** Starts the servers with the keys of a file, which the example servers take as a JWK Set. */
async function deploy(stage: Stage, name: string, more: Variables = {}): Promise<void> {
  const keys = await readKeyFile(join(stage.folder, name))
  await stage.file('keys.json', JSON.stringify({ keys }))
  await stage.restart({ SIGNING_KEYS: join(stage.folder, 'keys.json'), KEY_FILE: name, ...more })
}

test(
  'a key in a file is made, published, used and retired, and no token is refused before that',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const [, print] = await book.play('The secret, in two halves', stage)
    expect(print).toMatch(/^[0-9a-f]{16}\n$/)
    const { stdout: secret } = await stage.type('cat secret.txt')
    expect(secret).toMatch(/^[0-9a-f]{128}$/)

    await book.play('A key in a file', stage, { KEY_FILE: 'keys.pem' })
    await deploy(stage, 'keys.pem', { SALLYPORT_SECRET: secret })
    const early = await signIn(stage, 'alice')

    await book.play('Rotate a key in a file', stage)
    await deploy(stage, 'published.pem')
    expect(await answersNow(stage, early)).toEqual(SERVED)
    await deploy(stage, 'signing.pem')
    const late = await signIn(stage, 'bob')
    for (const one of [early, late]) expect(await answersNow(stage, one)).toEqual(SERVED)
    await deploy(stage, 'next.pem')
    expect(await answersNow(stage, late)).toEqual(SERVED)
    expect(await answersNow(stage, early)).toEqual(REFUSED)
    expect(await refreshed(stage, early, 1)).toBe(200)
    await book.play('What servers publish', stage)
  },
  2 * PLAY_MS,
)

test(
  'a key in the store is rotated by hand',
  async () => {
    const stage = await startStage()
    onTestFinished(() => stage.close())
    const alice = await signIn(stage, 'alice')
    await book.play('Rotate a key in the store', stage)
    expect(await answersNow(stage, alice)).toEqual(SERVED)
    expect(book.unplayed()).toEqual([])
  },
  PLAY_MS,
)
