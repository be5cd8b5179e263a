import type { Answer, Attack, Played } from './attacks/attack.ts'
import type { Report } from './messages.ts'

/** When something was heard of an attack. */
export interface Moment {
  /** Real milliseconds after the request that made it possible. */
  readonly delayMs: number
  /** Of the attacker, up to and with that request. */
  readonly attempts: number
}

/** What came of an attack, each time that it was played. */
export interface Verdict {
  readonly attack: Attack
  readonly times: number
  /** When the last of its rules had raised an alert, each time that all have. */
  readonly raised: readonly Moment[]
  readonly answered: readonly Moment[]
}

export function verdictsOn(played: readonly Played[]): readonly Verdict[] {
  const all = [...new Set(played.map(({ attack }) => attack))]
  return all.map((attack) => {
    const own = played.filter((one) => one.attack === attack)
    return {
      attack,
      times: own.length,
      raised: own.flatMap((one) => raisedIn(one) ?? []),
      answered: own.flatMap((one) => answeredIn(one) ?? []),
    }
  })
}

/** Whether nothing more has to be waited for. */
export function isOver(one: Played): boolean {
  return raisedIn(one) !== undefined && answeredIn(one) !== undefined
}

function raisedIn({ attack, heard }: Played): Moment | undefined {
  const moments = attack.rules.map((rule) =>
    heard.find(({ report }) => report.kind === 'alert' && report.rule === rule),
  )
  return moments.includes(undefined) ? undefined : moments.at(-1)
}

function answeredIn(played: Played): Moment | undefined {
  const { attack, heard } = played
  if (attack.answer.kind === 'told') return raisedIn(played)
  return heard.find(({ report }) => isAnswer(attack.answer, report))
}

function isAnswer(answer: Answer, report: Report): boolean {
  return (
    answer.kind === 'event' &&
    report.kind === 'event' &&
    report.event === answer.event &&
    report.reason === answer.reason
  )
}
