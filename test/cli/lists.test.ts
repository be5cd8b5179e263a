import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const USERS = ['alice', 'bob', 'carol']
/** As editors on Windows and spreadsheets write it. */
const LIST = '\ufeffalice\r\nbob \r\n\r\n\tcarol\r\n'

async function signedIn(): Promise<string[]> {
  const lists = await Promise.all(USERS.map((user) => world.sallyport.sessions.list(user)))
  return USERS.filter((_, index) => (lists[index]?.length ?? 0) > 0)
}

describe('a list of users', () => {
  beforeAll(async () => {
    for (const user of USERS) await world.signIn(user)
  })

  test.each([
    {
      what: 'a name that is too long',
      name: 'x'.repeat(256),
      says: 'an id of a user has 1 to 255 characters, without zero characters or halves of surrogate pairs',
    },
    {
      what: 'a name of another issuer',
      name: 'https://issuer.example dave',
      says: 'an id of a user does not begin with a URL and a space: only names from other issuers do',
    },
  ])('with $what is refused before anybody is signed out, and its line is named', async ({ name, says }) => {
    const good = Array.from({ length: 200 }, (_, index) => `nobody-${index}`)
    const text = [...USERS, '', ...good, name].join('\n')
    const args = ['users', 'revoke', '--yes', '--api-keys', '--from']
    const refusedAt = (place: string) => ({
      ...{ code: 2, stdout: '' },
      stderr: expect.stringContaining(`sallyport: ${place}: ${says}. Nobody was signed out.\n`),
    })
    expect(await world.sallyportCommand([...args, '-'], { input: text })).toEqual(
      refusedAt('line 205 of standard input'),
    )
    await world.file('users.txt', text)
    expect(await world.sallyportCommand([...args, 'users.txt'])).toEqual(refusedAt('line 205 of users.txt'))
    expect(await world.sallyportCommand(['users', 'revoke', 'alice', name, '--yes'])).toEqual(
      refusedAt('argument 2'),
    )
    expect(await signedIn()).toEqual(USERS)
  })

  test('that is not in UTF-8 is refused', async () => {
    const file = await world.file('utf-16.txt', Buffer.from('\ufeffalice\n', 'utf16le'))
    const { code, stdout, stderr } = await world.sallyportCommand([
      'users',
      'revoke',
      '--from',
      file,
      '--yes',
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('sallyport: the file of --from is not in UTF-8: save it in that encoding\n')
    expect(await signedIn()).toEqual(USERS)
  })

  test('typed on a terminal leaves nothing to answer the question with', async () => {
    const given = { input: LIST, isTerminal: true } as const
    const { code, stdout, stderr } = await world.sallyportCommand(['users', 'revoke', '--from', '-'], given)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('pass --yes')
    expect(await signedIn()).toEqual(USERS)
  })

  test.each(['-', 'listed.txt'])(
    'with a byte order mark and stray spaces names all of them: %s',
    async (from) => {
      for (const user of USERS) await world.signIn(user)
      await world.file('listed.txt', LIST)
      const args = ['users', 'revoke', '--from', from, '--yes', '--json']
      const { code, stdout } = await world.sallyportCommand(args, { input: LIST })
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ users: 3, failed: [], remaining: [] })
      expect(await signedIn()).toEqual([])
    },
  )
})

test('a token with a byte order mark is inspected', async () => {
  const { token } = await world.signIn('dave')
  const { code, stdout } = await world.sallyportCommand(['token', 'inspect'], { input: `\ufeff${token}\r\n` })
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('The token is good.') })
})
