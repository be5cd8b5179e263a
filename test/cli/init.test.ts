import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'
import { command } from './commands.ts'
import { compile, createFolder, drive, generate, nameOf, setUps } from './generated.ts'

let place: Awaited<ReturnType<typeof createFolder>>
let redis: RedisServer
beforeAll(async () => {
  place = await createFolder()
  redis = await startRedis()
  await settle(redis)
})
afterAll(async () => {
  await redis.stop()
  await place.remove()
})

describe('a set-up', () => {
  beforeAll(async () => {
    for (const wanted of setUps)
      expect(await generate(place.folder, wanted)).toMatchObject({ code: 0, stderr: '' })
    expect(await compile(place.folder, setUps)).toBe('')
  })

  // Those on PostgreSQL run in test/postgres, which has a real one.
  test.each(setUps.filter(({ store }) => store !== 'postgres').map((one) => [nameOf(one), one] as const))(
    '%s signs in, verifies, refreshes and revokes',
    async (_name, wanted) => drive(place.folder, wanted, { REDIS_URL: redis.url }),
  )

  test('has secrets of its own, which neither the repository nor others can see', async () => {
    const [one = '', other = ''] = setUps.map((wanted) => join(place.folder, nameOf(wanted)))
    const secretIn = async (folder: string, file = '.env'): Promise<string | undefined> =>
      /^SALLYPORT_SECRET=(.*)$/m.exec(await readFile(join(folder, file), 'utf8'))?.[1]
    expect(await secretIn(one)).toMatch(/^[\w+/]{43}=$/)
    expect(await secretIn(one)).not.toBe(await secretIn(other))
    expect(await secretIn(one, '.env.example')).toBe('')
    expect((await stat(join(one, '.env'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(one, '.gitignore'), 'utf8')).toBe('.env\nnode_modules\ndist\ncookies.txt\n')
  })

  test.each(setUps.map((one) => [nameOf(one), one] as const))(
    '%s asks npm for what its modules import, in versions that the packages accept',
    async (_name, wanted) => {
      const project = join(place.folder, nameOf(wanted))
      const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
      const sources = wanted.language === 'ts' ? join(project, 'src') : project
      const names = (await readdir(sources)).filter((name) => /\.[jt]s$/.test(name))
      const code = (await Promise.all(names.map((name) => readFile(join(sources, name), 'utf8')))).join('\n')
      const imported = [...code.matchAll(/(?:from |require\()'([@a-z][\w@/-]*)'/g)].map(([, name]) => name)
      // The drivers of the stores are their peers.
      const drivers = { memory: [], redis: ['ioredis'], postgres: ['pg'] }[wanted.store]
      expect(Object.keys(dependencies).sort()).toEqual([...new Set([...imported, ...drivers])].sort())

      for (const name of [wanted.framework, wanted.store].filter((one) => one !== 'memory')) {
        const path = join(import.meta.dirname, `../../packages/${name}/package.json`)
        const { peerDependencies } = JSON.parse(await readFile(path, 'utf8'))
        for (const [peer, range] of Object.entries<string>(peerDependencies))
          expect(range.split(' || ')).toContain(dependencies[peer])
      }
    },
  )
})

describe('what is there', () => {
  const flags = ['--framework', 'express', '--store', 'redis', '--language', 'js']
  const init = (folder: string, ...further: string[]) =>
    command(['init', folder, ...flags, ...further], { cwd: place.folder })

  test('is not overwritten, and then nothing is written', async () => {
    await init('twice')
    const before = await readdir(join(place.folder, 'twice'))
    await writeFile(join(place.folder, 'twice/server.js'), 'mine')
    const { code, stdout, stderr } = await init('twice')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('sallyport.config.js, server.js, users.js, .env, .env.example exist already')
    expect(await readFile(join(place.folder, 'twice/server.js'), 'utf8')).toBe('mine')
    expect(await readdir(join(place.folder, 'twice'))).toEqual(before)
  })

  test('of package.json and .gitignore stays, and what is missing is added', async () => {
    const folder = join(place.folder, 'mine')
    await mkdir(folder)
    const mine = {
      ...{ name: 'mine', type: 'commonjs', license: 'MIT', scripts: { test: 'exit 1', lint: 'lint' } },
      dependencies: { express: '^5.2.0' },
    }
    await writeFile(join(folder, 'package.json'), JSON.stringify(mine))
    await writeFile(join(folder, '.gitignore'), '/node_modules/\n*.log')
    const wrong = await init('mine', '--modules', 'esm')
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('pass --modules cjs') })
    expect(await init('mine')).toMatchObject({ code: 0 })
    expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({
      ...{ name: 'mine', type: 'commonjs', license: 'MIT' },
      scripts: { test: 'exit 1', lint: 'lint', start: 'node server.js' },
      dependencies: { express: '^5.2.0', '@sallyport/express': expect.any(String) },
    })
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe(
      '/node_modules/\n*.log\n.env\ndist\ncookies.txt\n',
    )
  })

  test('of a script with the same name is not replaced', async () => {
    await mkdir(join(place.folder, 'scripts'))
    await writeFile(join(place.folder, 'scripts/package.json'), '{"scripts":{"start":"node other.js"}}')
    const { code, stderr } = await init('scripts')
    expect(code).toBe(2)
    expect(stderr).toContain('package.json has a script "start" already')
    expect(await readdir(join(place.folder, 'scripts'))).toEqual(['package.json'])
  })
})

describe('the questions', () => {
  test('are asked one by one, and again for a wrong answer', async () => {
    const typed = ['exprss', 'express', 'redis', '', '', 'localhost', 'http://localhost:5173']
    const { code, stdout, stderr } = await command(['init', 'asked'], { cwd: place.folder, typed })
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Wrote src\//) })
    expect(stderr).toContain('Framework (express, koa, fastify): ')
    expect(stderr).toContain('Type one of express, koa, fastify.')
    expect(stderr).toContain('It must be scheme, host and port')
    const env = await readFile(join(place.folder, 'asked/.env'), 'utf8')
    expect(env).toContain('\nALLOWED_ORIGINS=http://localhost:5173\n')
  })

  test.each([
    [['--store', 'redis'], 'pass --framework: express, koa, fastify'],
    [['--framework', 'koa'], 'pass --store: memory, redis, postgres'],
    [['--framework', 'hono', '--store', 'redis'], 'Allowed choices are express, koa, fastify'],
    [
      ['--framework', 'koa', '--store', 'redis', '--origin', 'localhost:5173'],
      'It must be scheme, host and port',
    ],
  ])('need an answer where there is no terminal: %j', async (args, says) => {
    const { code, stderr } = await command(['init', 'unasked', ...args], { cwd: place.folder })
    expect(code).toBe(2)
    expect(stderr).toContain(says)
    expect(await readdir(place.folder)).not.toContain('unasked')
  })
})
