import { number, percent, section, table, wrap } from '../report.ts'
import { median } from '../stats.ts'
import { type HonestFigures, SEED, type TheftFigures } from './runs.ts'
import type { Conditions } from './service.ts'

const whole = new Intl.NumberFormat('en')

export function pageOf(honest: readonly HonestFigures[], thefts: readonly TheftFigures[]): string {
  const victims = thefts[0]?.stories.length ?? 0
  const keyed = thefts.filter(({ conditions }) => conditions.keyed)
  const keyless = thefts.filter(({ conditions }) => !conditions.keyed)
  const parts = [
    '# A month with thieves',
    wrap(
      'What the rule of rotation does to honest people, and to thieves, in thirty days. The library is the real one, with its store in memory and a clock that the simulation turns. A program writes this page.',
    ),
    section('What is simulated', ...SETTING.map(wrap), wrap(thievesOf(victims)), PACES.map(wrap).join('\n')),
    section('Honest people alone', honestTable(honest), wrap(HONEST)),
    section('Thieves of clients that send keys', theftTable(keyed), wrap(verdictOn(keyed))),
    section(
      'Thieves of clients without keys',
      theftTable(keyless),
      wrap(`${verdictOn(keyless)} ${WITHIN_THE_GRACE}`),
    ),
    section('How to read the thieves', ...readingOf(keyed).map(wrap)),
    section('Again', ...AGAIN),
  ]
  return `${parts.join('\n\n')}\n`
}

const SETTING: readonly string[] = [
  'People visit on most days, once or several times between 7 and 23 h, for half an hour on average. A page refreshes when it opens and whenever its access token expires, after 15 minutes. One refresh in ten is made by two tabs within two seconds, before either has its answer; they share the cookie and the key. Two in a hundred visits are followed by one to four days of absence.',
  'One answer in a hundred is lost: the server has refreshed, and the client does not know. It repeats after 1 to 15 seconds from the same network, and in one case of five after two minutes to six hours from another one. Of 1,000 refreshes by a single tab, three are cut short by closing the page, which comes back hours later; in half of those, the browser still stores the new cookie. A client with keys has stored its key before it sends.',
  'Where the API is "the library", each access token is verified by it as soon as it arrives, so the library knows that it is in use. Where the API has the "JWK Set", the library never hears of it. Limits are off, so that nothing but the rule decides.',
]

const thievesOf = (victims: number): string =>
  `Each thief has one victim out of ${victims}, who lives like everybody else. On the third day he copies the refresh cookie, once. He has the same User-Agent and an address of his own, his answers never get lost, and he uses each access token at once:`

const PACES: readonly string[] = [
  '- **naive**: refreshes at once, then every 15 minutes.',
  '- **30 s ahead**, **5 s ahead**: knows when the victim is going to refresh, even after days of absence, and comes before. He does not foresee a repetition.',
  '- **half a period ahead**: knows the period, and comes in the middle between two refreshes, seven and a half minutes before the victim.',
  '- **3 s behind**: knows the period, and comes within the grace after the victim, at first with the stolen cookie. He so gets the tokens that the victim has just got, and never refreshes in place of the victim.',
]

const HONEST =
  '"Signed out" are people whose session a theft alarm ended at least once, though nobody stole anything. "Contested" is how often `refresh.contested` was told: an answer was lost or stolen, and the library cannot know which.'

const WITHIN_THE_GRACE =
  'Without keys, nothing tells a thief who comes within the grace from a second tab. Only chance finds him, mostly an answer to the victim that gets lost.'

function readingOf(figures: readonly TheftFigures[]): readonly string[] {
  const withKey = figures.filter(({ thiefKeyed }) => thiefKeyed).length
  return [
    '"Found" are thieves whose session ended with `refresh.reused`. "His minutes" are those in which he had an access token that the API accepted: the library refuses it as soon as the session ends or its generation is burnt, while a service that has only the JWK Set accepts it until it expires. "Found after" is counted from the theft; most of it is the time until the victim comes back. "Signed out" are victims whose next refresh was refused, since the session ends for both.',
    `A thief sends no key to sessions without keys: it would make them keyed ones, and the next refresh of the victim would find him. To keyed sessions he came twice, without a key and with keys of his own, and the row has what served him better: more thieves not found, then more minutes. In ${withKey} of ${figures.length} rows that was with keys.`,
    'The rows of the naive thief show what no rule can change: while the victim is away, nobody contradicts him.',
  ]
}

const AGAIN: readonly string[] = [
  `The seed is ${SEED}. Everybody draws from dice of their own, so people have the same habits in every row.`,
  '```sh\nnpm run build && node bench/dist/month/main.js\n```',
  'It takes three to five minutes on one core. `--people`, `--victims` and `--out` make another page.',
]

function honestTable(figures: readonly HonestFigures[]): string {
  return table(
    [
      'client, API, grace',
      'people',
      'refreshes',
      'answers lost',
      'pages closed',
      'signed out',
      'contested',
      'sessions',
    ],
    figures.map((one) => [
      `${one.conditions.keyed ? 'keys' : 'no keys'}, ${apiOf(one.conditions)}, ${one.conditions.graceSeconds} s`,
      ...[one.people, one.refreshes, one.lost, one.closed].map(format),
      ...[one.signedOut, one.contested, one.sessions].map(format),
    ]),
  )
}

function theftTable(figures: readonly TheftFigures[]): string {
  return table(
    [
      'thief, API, grace',
      'found',
      'his minutes: median',
      'worst',
      'found after: median, h',
      'worst, h',
      'signed out',
    ],
    figures.map(({ kind, conditions, stories, signedOut }) => {
      const minutes = stories.map((story) => story.minutes)
      const hours = foundHours(stories)
      return [
        `${kind.name}, ${apiOf(conditions)}, ${conditions.graceSeconds} s`,
        percent(hours.length / stories.length),
        number(median(minutes)),
        number(Math.max(...minutes)),
        hours.length === 0 ? '–' : number(median(hours)),
        hours.length === 0 ? '–' : number(Math.max(...hours)),
        percent(signedOut / stories.length),
      ]
    }),
  )
}

/** One sentence on those who were not found, or on there being none. */
function verdictOn(figures: readonly TheftFigures[]): string {
  const rows = figures.flatMap(({ kind, conditions, stories }) => {
    const free = stories.length - foundHours(stories).length
    return free === 0
      ? []
      : [`${kind.name}, ${apiOf(conditions)}, ${conditions.graceSeconds} s: ${free} of ${stories.length}`]
  })
  return rows.length === 0
    ? 'Every thief was found.'
    : `Not found by the end of the month: ${rows.join('; ')}.`
}

function foundHours(stories: TheftFigures['stories']): number[] {
  return stories.flatMap(({ foundAfterMinutes: after }) => (after === undefined ? [] : [after / 60]))
}

const apiOf = ({ api }: Conditions): string => (api === 'library' ? 'library' : 'JWK Set')
const format = (value: number): string => whole.format(value)
