import { type Claim, isBroken } from './rotation-histories.claims.ts'
import { type Move, movesFrom } from './rotation-histories.moves.ts'
import { nameOf, type Rule, type Setting, signedIn, type World } from './rotation-histories.world.ts'

export interface Search {
  /** A shortest history that breaks one of the claims. */
  readonly finding?: { readonly claim: Claim; readonly history: readonly string[] }
  readonly states: readonly State[]
}

/** All worlds that have the same future count as one state. */
export interface State {
  readonly world: World
  readonly reachedBy?: { readonly from: State; readonly step: string }
  /** The states one step later, each as often as steps lead to it; absent for an end of the session. */
  readonly next: (State | undefined)[]
}

/**
 * Goes through all histories of a setting, the short ones first, until one breaks one of the claims. It ends, because
 * there are few states: a long history only leads to those that a shorter one has reached.
 */
export function searchHistories(rule: Rule, setting: Setting, claims: readonly Claim[]): Search {
  const first: State = { world: signedIn(setting), next: [] }
  const states = new Map([[nameOf(first.world), first]])

  const stateOf = (world: World, from: State, step: string): State => {
    const name = nameOf(world)
    const known = states.get(name)
    if (known !== undefined) return known
    const state: State = { world, reachedBy: { from, step }, next: [] }
    states.set(name, state)
    return state
  }

  // The loop reaches the states that are added meanwhile, since a map keeps the order of insertion.
  for (const state of states.values()) {
    for (const move of movesFrom(state.world, setting, rule)) {
      const claim = brokenBy(move, claims)
      if (claim !== undefined) {
        const history = [...historyOf(state), move.step]
        return { finding: { claim, history }, states: [...states.values()] }
      }
      state.next.push(move.to && stateOf(move.to, state, move.step))
    }
  }
  return { states: [...states.values()] }
}

function brokenBy({ refresh }: Move, claims: readonly Claim[]): Claim | undefined {
  return refresh === undefined ? undefined : claims.find((claim) => isBroken(claim, refresh))
}

function historyOf({ reachedBy }: State): readonly string[] {
  return reachedBy === undefined ? [] : [...historyOf(reachedBy.from), reachedBy.step]
}

/** How many histories have this many steps, or fewer because the session ended. */
export function countHistories({ states: [first] }: Search, steps: number): number {
  let reached = new Map(first === undefined ? [] : [[first, 1]])
  let ended = 0
  for (let step = 0; step < steps; step++) {
    const later = new Map<State, number>()
    for (const [state, histories] of reached)
      for (const next of state.next) {
        if (next === undefined) ended += histories
        else later.set(next, (later.get(next) ?? 0) + histories)
      }
    reached = later
  }
  return [...reached.values()].reduce((sum, histories) => sum + histories, ended)
}
