import { number, percent, section, table, wrap } from '../report.ts'
import { quantile } from '../stats.ts'
import type { Answer } from './attacks/attack.ts'
import { NODES } from './fleet.ts'
import { AGAIN, ALARMS, COUNTED, MISSED, NOT_SIMULATED, SETTING } from './prose.ts'
import { type Conditions, type DayFigures, MOST_ALARMED, PATIENCE_MS, SEED } from './run.ts'
import { type Moment, type Verdict, verdictsOn } from './verdict.ts'

const whole = new Intl.NumberFormat('en')
const format = (value: number): string => whole.format(value)

export function pageOf(days: readonly DayFigures[]): string {
  const attacked = days.filter(({ played }) => played.length > 0)
  const verdicts = attacked.flatMap(({ played }) => verdictsOn(played))
  const parts = [
    '# A day with attackers',
    wrap(
      `What the rules of the option \`anomalies\` and the lockout find on a day with ${format(days[0]?.conditions.sessions ?? 0)} honest sessions, on ${NODES} real processes that share a real Redis, with a clock that the simulation turns. A program writes this page.`,
    ),
    section('Attacks', attackTable(verdicts), ...COUNTED.map(wrap)),
    section(
      'What they do',
      verdicts.map(({ attack }) => wrap(`- **${attack.name}** ${attack.story}.`)).join('\n'),
    ),
    section('Honest people', honestTable(days), ...ALARMS.map(wrap), ruleTable(days)),
    section('What is simulated', ...SETTING.map(wrap)),
    section('What is not simulated', ...NOT_SIMULATED.map(wrap)),
    section('What is not found', MISSED.map(wrap).join('\n')),
    section('Again', wrap(`The seed is ${SEED}. ${AGAIN}`), '```sh\nnpm run day\n```', wrap(FAILS)),
  ]
  return `${parts.join('\n\n')}\n`
}

const FAILS = `The program fails if an attack is not raised and answered within ${PATIENCE_MS / 1000} s each time, or if more than ${percent(MOST_ALARMED)} of the honest sessions have a false alarm.`

export function attackTable(verdicts: readonly Verdict[]): string {
  return table(
    [
      'attack',
      'alert',
      'raised',
      'ms: median',
      'worst',
      'attempts',
      'answer',
      'given',
      'ms: worst',
      'attempts',
    ],
    verdicts.map(({ attack, times, raised, answered }) => [
      attack.name,
      attack.rules.map((rule) => `\`${rule}\``).join(', '),
      `${raised.length} of ${times}`,
      ...[quantileOf(raised, 0.5), quantileOf(raised, 1), attemptsIn(raised)],
      sayOf(attack.answer),
      `${answered.length} of ${times}`,
      ...[quantileOf(answered, 1), attemptsIn(answered)],
    ]),
  )
}

export function honestTable(days: readonly DayFigures[]): string {
  return table(
    [
      'day',
      'people',
      'sessions',
      'requests',
      'refreshes',
      'answers lost',
      'false alarms',
      'share',
      'notices',
      'ended',
      'sign-ins refused',
    ],
    days.map((day) => [
      nameOf(day.conditions),
      ...[day.people, day.conditions.sessions, day.requests, day.tally.refreshes, day.tally.lost].map(format),
      format(day.honest.alarmed),
      shareOf(day),
      ...[day.honest.noticed, day.honest.ended, day.honest.refused].map(format),
    ]),
  )
}

/** By rule, the sessions that it alarmed about on each day. */
export function ruleTable(days: readonly DayFigures[]): string {
  const severities = new Map(
    days.flatMap(({ honest }) => honest.rules.map(({ rule, severity }) => [rule, severity] as const)),
  )
  return table(
    ['rule', 'severity', ...days.map(({ conditions }) => nameOf(conditions))],
    [...severities]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([rule, severity]) => [
        `\`${rule}\``,
        severity,
        ...days.map(({ honest }) => format(honest.rules.find((one) => one.rule === rule)?.sessions ?? 0)),
      ]),
  )
}

export function nameOf({ keyed, repetitions }: Conditions): string {
  return `${repetitions === 0 ? 'honest' : 'attacked'}, browsers ${keyed ? 'with' : 'without'} keys`
}

function shareOf({ honest, conditions }: DayFigures): string {
  return `${((honest.alarmed / conditions.sessions) * 100).toFixed(2)} %`
}

function sayOf(answer: Answer): string {
  return answer.kind === 'told' ? 'operator told' : answer.says
}

function quantileOf(moments: readonly Moment[], share: number): string {
  return moments.length === 0
    ? '–'
    : number(
        quantile(
          moments.map(({ delayMs }) => delayMs),
          share,
        ),
      )
}

/** As `6`, or `5–7` where that differs from time to time. */
function attemptsIn(moments: readonly Moment[]): string {
  if (moments.length === 0) return '–'
  const all = moments.map(({ attempts }) => attempts)
  const [least, most] = [Math.min(...all), Math.max(...all)]
  return least === most ? format(least) : `${format(least)}–${format(most)}`
}
