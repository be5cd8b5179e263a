import type { BrowserContext, Page } from 'playwright-core'
import { type Chances, createChances } from '../../support/chances.ts'
import type { Rig } from './rig.ts'
import { type Asked, pause, type Tabs } from './tabs.ts'
import type { Fault } from './wire.ts'

export interface LivesOptions {
  readonly rig: Rig
  readonly tabs: Tabs
  readonly seed: number
  readonly seconds: number
  /** They live on until there were more refreshes than so many. */
  readonly refreshes: number
  readonly count: number
  /** Of so many refreshes, six come to harm. */
  readonly refreshesToDeal: number
}

/** What happened, and how often: steps of the tabs, harm to refreshes, and what requests came to. */
export type Tally = ReadonlyMap<string, number>

const BURST = 6
const READY = `typeof ask === 'function'`
const AGAIN_MILLISECONDS = 100

/** Lets tabs live at random, each at its own address. Resolves to those that are there at the end, online. */
export async function live(options: LivesOptions): Promise<{ pages: readonly Page[]; tally: Tally }> {
  const { rig, tabs, seed, count } = options
  const tally = new Map<string, number>()
  const add = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1)
  const until = Date.now() + options.seconds * 1000
  const pages = new Map<string, Page>()
  const isOn = (): boolean => Date.now() < until || (tally.get('dealt') ?? 0) <= options.refreshes
  const world = { ...options, pages, add, isOn }
  const names = Array.from({ length: count }, (_, index) => `${index}`)

  rig.wire.choose(harm(world, createChances(seed)))
  await Promise.all([
    ...names.map((name, index) => liveOne(world, name, createChances(seed + 1 + index))),
    goOffline(world, createChances(seed - 1)),
  ])
  rig.wire.choose(undefined)
  await setOffline(tabs.context, false)
  return { pages: await Promise.all(names.map((name) => ready(world, name))), tally }
}

interface World extends LivesOptions {
  readonly pages: Map<string, Page>
  isOn(): boolean
  add(what: string): void
}

async function liveOne(world: World, name: string, chances: Chances): Promise<void> {
  while (world.isOn()) {
    try {
      await step(world, await ready(world, name), chances)
    } catch {
      // The tab was closed under it, or the browser is offline.
      world.add('interrupted')
      await pause(AGAIN_MILLISECONDS)
    }
    await pause(chances.below(400))
  }
}

async function step({ add }: World, page: Page, chances: Chances): Promise<void> {
  const kind = chances.below(20)
  if (kind < 14) {
    const calls = `Array.from({ length: ${1 + chances.below(BURST)} }, () => ask('/api/me'))`
    for (const { status, failed } of await page.evaluate<Asked[]>(`Promise.all(${calls})`))
      add(failed ?? `${status}`)
  } else if (kind < 16) {
    await pause(chances.below(3000))
  } else if (kind < 18) {
    await page.reload()
    add('reloaded')
  } else {
    await page.close()
    add('left')
  }
}

/** The page of a tab: opened anew if it is gone, and loaded anew if that failed before. */
async function ready({ tabs, pages, rig, isOn }: World, name: string): Promise<Page> {
  const patient = Date.now() + 10_000
  for (;;) {
    try {
      let page = pages.get(name)
      if (page === undefined || page.isClosed()) {
        page = await tabs.context.newPage()
        pages.set(name, page)
      }
      if (!(await page.evaluate<boolean>(READY))) await page.goto(`${rig.url}/?tab=${name}`)
      if (await page.evaluate<boolean>(READY)) return page
    } catch (cause) {
      if (!isOn() && Date.now() > patient) throw cause
    }
    await pause(AGAIN_MILLISECONDS)
  }
}

async function goOffline({ tabs: { context }, isOn, add }: World, chances: Chances): Promise<void> {
  while (isOn()) {
    await pause(2000 + chances.below(4000))
    await setOffline(context, true)
    add('offline')
    await pause(100 + chances.below(800))
    await setOffline(context, false)
  }
}

/** It is done for each tab, and fails for one that is closed meanwhile. */
async function setOffline(context: BrowserContext, isOffline: boolean): Promise<void> {
  const done = await context.setOffline(isOffline).then(
    () => true,
    () => false,
  )
  if (done) return
  await pause(AGAIN_MILLISECONDS)
  await setOffline(context, isOffline)
}

const HARM = ['lost', 'cut', 'late', 'late', 'closed', 'closed'] as const

/** Deals the harm like cards, so that a short run has some of each. */
function harm(world: World, chances: Chances): (tab: string | undefined) => Fault | undefined {
  const spared = new Array<undefined>(world.refreshesToDeal - HARM.length).fill(undefined)
  let cards: ((typeof HARM)[number] | undefined)[] = []
  return (tab = '') => {
    if (cards.length === 0) cards = chances.shuffled([...HARM, ...spared])
    const card = cards.pop()
    world.add('dealt')
    if (card === undefined) return undefined
    world.add(card)
    switch (card) {
      case 'late':
        return { kind: 'held', until: pause(chances.below(1000)) }
      case 'closed':
        // First the server handles it.
        return { kind: 'held', until: pause(20).then(() => world.pages.get(tab)?.close()) }
      default:
        return { kind: card }
    }
  }
}
