import { expect, test } from 'vitest'
import { live } from './lives.ts'
import { stale, wronged } from './notes.ts'
import { rig, setUp, tabs } from './setting.ts'
import { ask, signedInAs, signIn } from './tabs.ts'

const seconds = Number(process.env.TABS_SECONDS ?? 20)
const seed = Number(process.env.TABS_SEED ?? Date.now() % 1_000_000)
/** In a long run, one refresh in twenty is lost, one is late, and one closes its tab; in a short one, more of each. */
const refreshesToDeal = seconds < 60 ? 10 : 40
const ACCESS_SECONDS = 2
/** On a slow machine, the tabs live on until there were as many. */
const refreshes = seconds / ACCESS_SECONDS
/** How long the news of a token may take to a tab of a busy machine. */
const NEWS_MILLISECONDS = 500

setUp({ accessSeconds: ACCESS_SECONDS })

test(
  `ten tabs keep one session for ${seconds} s, whatever becomes of them and of their refreshes`,
  async () => {
    console.log(`TABS_SEED=${seed} TABS_SECONDS=${seconds}`)
    const first = await tabs.open('/?tab=first')
    await signIn(first, 'alice')
    const [session] = await rig.sallyport.sessions.list('alice')
    const { pages, tally } = await live({ rig, tabs, seed, seconds, refreshes, refreshesToDeal, count: 10 })
    const { flights } = rig.wire
    console.log(Object.fromEntries(tally), `${flights.length} refreshes, ${rig.notes.length} requests`)

    expect(rig.faults()).toEqual([])
    for (const page of [...pages, first]) expect(await ask(page)).toEqual(signedInAs('alice'))
    expect((await rig.sallyport.sessions.list('alice')).map(({ id }) => id)).toEqual([session?.id])
    expect(rig.faults()).toEqual([])
    expect(rig.wire.overlaps()).toBe(0)
    expect(stale(rig.notes, NEWS_MILLISECONDS)).toEqual([])
    expect(rig.notes.filter(({ token }) => token === undefined)).toEqual([])

    // All of that was put to the test.
    expect(flights.length).toBeGreaterThan(refreshes)
    expect([...tally.keys()]).toEqual(expect.arrayContaining(['200', 'reloaded', 'left', 'offline']))
    expect([...tally.keys()]).toEqual(expect.arrayContaining(['lost', 'cut', 'late', 'closed']))
    // `exp` counts whole seconds, so a token may be over after one, and so may the next one on the way of a request.
    expect([...tally.keys()].filter((what) => /^\d+$/.test(what) && what !== '401')).toEqual(['200'])
    expect(wronged(rig.notes)).toEqual([])
  },
  seconds * 1000 + 150_000,
)
