import { readFile, unlink, writeFile } from 'node:fs/promises'
import { readHeads, type TrailFault, verifyTrail } from '@sallyport/audit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chances, type Mutation, mutations } from './mutations.ts'
import { eventAt, filesOf, HOUR, key, trailPath, verify } from './trail.ts'
import { type Expected, type History, histories, play } from './world.ts'

test('whatever processes write, through rotation, restarts and crashes, verifies', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const path = await trailPath()
      const { records } = await play(path, history)
      const verdict = await verify(path)
      expect(verdict).toMatchObject(records === 0 ? { kind: 'none' } : { kind: 'whole', records })
    }),
    { numRuns: 60 },
  )
})

describe.each(mutations)('whoever $name', (mutation) => {
  test('is found, in the right place', async () => {
    await fc.assert(
      fc.asyncProperty(histories, chances, async (history, chance) => {
        await expectFound(history, mutation, chance)
      }),
      { numRuns: 80 },
    )
  })
})

type Saved = readonly { readonly file: string; readonly content: Buffer; readonly ending: string }[]

async function save(path: string, ending: string): Promise<Saved> {
  const files = await filesOf(path, ending)
  return Promise.all(files.map(async (file) => ({ file, content: await readFile(file), ending })))
}

async function restore(path: string, saved: Saved): Promise<void> {
  for (const file of await filesOf(path, saved[0]?.ending ?? '')) await unlink(file)
  for (const { file, content } of saved) await writeFile(file, content)
}

async function expectFound(
  history: History,
  mutation: Mutation,
  chance: Parameters<Mutation['apply']>[1],
): Promise<void> {
  const path = await trailPath()
  await play(path, history)
  const expected = await mutation.apply(path, chance)
  fc.pre(expected !== undefined)
  const verdict = await verify(path)
  expect(verdict.kind).toBe('broken')
  if (verdict.kind === 'broken') expectFault(verdict.fault, expected)
}

function expectFault(fault: TrailFault, { kinds, places, ...rest }: Expected): void {
  expect(fault).toMatchObject(rest)
  expect(fault).toHaveProperty('kind', expect.toBeOneOf([...kinds]))
  if (places !== undefined) expect(places).toContainEqual({ file: fault.file, line: fault.line })
}

describe('with heads that were kept elsewhere', () => {
  test('a head that was deleted is missed', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async (history, at) => {
        const path = await trailPath()
        await play(path, history)
        const { heads } = await readHeads(path)
        const files = await filesOf(path, '.head')
        fc.pre(files.length > 0)
        await unlink(files[at % files.length] ?? '')
        const verdict = await verifyTrail({ path, key, heads })
        expect(verdict).toMatchObject({ kind: 'broken', fault: { kind: 'head_missing' } })
      }),
      { numRuns: 40 },
    )
  })

  test('old heads are found, alone or together with the old trail', async () => {
    const lives = fc.record({
      history: histories,
      later: fc.integer({ min: 1, max: 5 }),
      isTrailOld: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(lives, async ({ history, later, isTrailOld }) => {
        const path = await trailPath()
        const { sinks } = await play(path, history)
        fc.pre(sinks.length > 0)
        const old = await save(path, isTrailOld ? '' : '.head')
        for (const sink of sinks) await sink.write([eventAt(100 * HOUR + later)])
        const { heads } = await readHeads(path)
        await restore(path, old)
        const kind = isTrailOld ? 'cut' : 'head_restored'
        expect(await verifyTrail({ path, key, heads })).toMatchObject({ kind: 'broken', fault: { kind } })
        // Without the heads that were kept, nobody could tell that time was turned back.
        expect(await verify(path)).toMatchObject({ kind: 'whole' })
      }),
      { numRuns: 40 },
    )
  })
})
