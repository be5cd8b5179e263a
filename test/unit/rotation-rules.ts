import type { RetryKey } from '../../packages/core/src/ports/session.ts'
import type { Rotation } from '../../packages/core/src/ports/steps/rotating.ts'
import {
  judgeRotation,
  type RotationState,
  type RotationVerdict,
} from '../../packages/core/src/sessions/rotate.ts'
import type { Claim } from './rotation-histories.claims.ts'
import type { Rule } from './rotation-histories.world.ts'

export interface WrongRule {
  readonly name: string
  /** The claims that the rule breaks in some history. */
  readonly breaks: readonly Claim[]
  readonly rule: Rule
}

const REUSE: RotationVerdict = { kind: 'reuse', rolledBack: false }

/** Each makes one mistake. */
export const wrongRules: readonly WrongRule[] = [
  {
    name: 'the previous token converges until its successor is seen in use, and within the grace',
    breaks: ['nothing is shared beyond the grace', 'at most one party goes on'],
    rule: (state, window, presented) => {
      if (presented.generation >= state.generation) return judgeRotation(state, window, presented)
      const isPrevious = presented.generation === state.generation - 1
      return isPrevious && (!state.confirmed || isRacing(state, presented)) ? converge(state) : REUSE
    },
  },
  {
    name: 'a contested refresh burns nothing, and converges',
    breaks: ['nothing is shared beyond the grace', 'at most one party goes on'],
    rule: onContest((_verdict, state) => converge(state)),
  },
  {
    name: 'a contested refresh goes on from the generation that it burns',
    breaks: ['there is one line of tokens'],
    rule: onContest((verdict, state) => ({ ...verdict, base: state.generation })),
  },
  {
    name: 'a contested refresh hands out the generation that it burns',
    breaks: ['there is one line of tokens', 'nothing is shared beyond the grace'],
    rule: onContest((verdict, state) => ({ ...verdict, generation: state.generation })),
  },
  {
    name: 'a contested refresh is theft',
    breaks: ['a careful client stays signed in'],
    rule: onContest(() => REUSE),
  },
  {
    name: 'a refresh is contested although its successor was seen in use',
    breaks: ['a second use is found at once'],
    rule: (state, window, presented) => judgeRotation({ ...state, confirmed: false }, window, presented),
  },
  {
    name: 'a refresh is contested although its successor was made with a key',
    breaks: ['a second use is found at once'],
    rule: (state, window, presented) => {
      const verdict = judgeRotation(state, window, presented)
      const { key, ...withoutKey } = state
      return verdict.kind === 'reuse' && key?.sent ? judgeRotation(withoutKey, window, presented) : verdict
    },
  },
  {
    name: 'a refresh is contested although there is no grace',
    breaks: ['a second use is found at once'],
    rule: (state, window, presented) =>
      presented.graceMs === 0
        ? judgeRotation(state, window, { ...presented, graceMs: 1, at: presented.at + 2 })
        : judgeRotation(state, window, presented),
  },
  {
    name: 'a keyed session has the grace, too',
    breaks: ['nothing is shared beyond the grace', 'at most one party goes on'],
    rule: (state, window, presented) =>
      presented.generation === state.base && isRacing(state, presented)
        ? converge(state)
        : judgeRotation(state, window, presented),
  },
  {
    name: 'a session is keyed only while the client sends keys',
    breaks: ['nothing is shared beyond the grace'],
    rule: (state, window, presented) => judgeRotation({ ...state, keyed: false }, window, presented),
  },
  {
    name: 'the grace never ends',
    breaks: ['nothing is shared beyond the grace', 'at most one party goes on'],
    rule: (state, window, presented) =>
      judgeRotation({ ...state, rotatedAt: presented.at }, window, presented),
  },
  {
    name: 'any older token converges within the grace',
    breaks: ['there is one line of tokens'],
    rule: (state, window, presented) =>
      presented.generation < state.generation && isRacing(state, presented)
        ? converge(state)
        : judgeRotation(state, window, presented),
  },
  {
    name: 'a repetition with its key converges, whichever older token it presents',
    breaks: ['there is one line of tokens'],
    rule: (state, window, presented) =>
      presented.generation < state.generation && hasSameBytes(state.key, presented) && presented.key?.sent
        ? converge(state)
        : judgeRotation(state, window, presented),
  },
  {
    name: 'a repetition with its key converges only within the grace',
    breaks: ['a careful client stays signed in'],
    rule: (state, window, presented) => {
      const verdict = judgeRotation(state, window, presented)
      return verdict.kind === 'converge' && !isRacing(state, presented) ? REUSE : verdict
    },
  },
  {
    name: 'a key that a client sent is a repetition of one that the server made',
    breaks: ['nothing is shared beyond the grace'],
    rule: (state, window, presented) =>
      presented.generation === state.base && hasSameBytes(state.key, presented)
        ? converge(state)
        : judgeRotation(state, window, presented),
  },
  {
    name: 'requests without a key are repetitions of each other',
    breaks: ['nothing is shared beyond the grace', 'at most one party goes on'],
    rule: (state, window, presented) =>
      presented.generation === state.base && !state.key?.sent && !presented.key?.sent
        ? converge(state)
        : judgeRotation(state, window, presented),
  },
]

type Contest = Extract<RotationVerdict, { kind: 'contest' }>

function onContest(instead: (verdict: Contest, state: RotationState) => RotationVerdict): Rule {
  return (state, window, presented) => {
    const verdict = judgeRotation(state, window, presented)
    return verdict.kind === 'contest' ? instead(verdict, state) : verdict
  }
}

function converge({ converged }: RotationState): RotationVerdict {
  return { kind: 'converge', converged: converged + 1, drift: 0 }
}

function isRacing({ rotatedAt }: RotationState, { at, graceMs }: Rotation): boolean {
  return graceMs > 0 && at - rotatedAt <= graceMs
}

function hasSameBytes(one: RetryKey | undefined, { key: other }: Rotation): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one.bytes, other.bytes) === 0
}
