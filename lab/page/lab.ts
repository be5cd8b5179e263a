import type { Exchange, Listed, Report } from '#lab/play/attack.ts'
import { button, element, found, prose } from './dom.ts'

interface Server {
  readonly key: 'naive' | 'sallyport'
  readonly label: string
  readonly short: string
}

const SERVERS: readonly Server[] = [
  { key: 'naive', label: 'Naive server', short: 'naive' },
  { key: 'sallyport', label: 'With Sallyport', short: 'Sallyport' },
]
const list = found('#attacks', HTMLElement)
const main = found('#attack', HTMLElement)
const all = found('#all', HTMLButtonElement)
const PLAY_ALL = all.textContent
const reports = new Map<string, Report>()
const attacks: readonly Listed[] = await (await fetch('/attacks')).json()
let shownStep = 0

function chosen(): Listed {
  const attack = attacks.find(({ name }) => `#${name}` === location.hash) ?? attacks[0]
  if (attack === undefined) throw new Error('the lab has no attacks')
  return attack
}

function showList(): void {
  const current = chosen().name
  const items = attacks.map(({ name, title }) => {
    const link = element('a', { href: `#${name}` }, title)
    link.addEventListener('click', () => {
      // Where the address stays as it is, no event follows.
      if (location.hash === link.hash) showHeading()
    })
    if (current === name) link.setAttribute('aria-current', 'page')
    const report = reports.get(name)
    return element('li', {}, link, ...(report === undefined ? [] : [badgesOf(report)]))
  })
  list.replaceChildren(...items)
}

function badgesOf({ verdicts }: Report): Node {
  const badges = SERVERS.map(({ key, short }) =>
    element('span', { class: `badge ${verdicts[key]}` }, `${short}: ${verdicts[key]}`),
  )
  return element('p', { class: 'badges' }, ...badges)
}

function showAttack(): void {
  const { name, title, story } = chosen()
  const report = reports.get(name)
  const again = report === undefined ? 'Play this attack' : 'Play it again'
  main.replaceChildren(
    element('h2', { tabindex: '-1' }, title),
    element('p', { class: 'story' }, ...prose(story)),
    button(again, () => void playOne(name), { id: 'play' }),
    ...(report === undefined ? [] : [verdictsOf(report), stepsOf(report)]),
  )
}

function showHeading(): void {
  found('#attack h2', HTMLElement).focus()
}

function verdictsOf({ verdicts, hole, defence, guide }: Report): Node {
  const cards = SERVERS.map(({ key, label }) =>
    element(
      'section',
      { class: `verdict ${verdicts[key]}`, 'aria-label': label },
      element('h3', {}, `${label}: the attack ${verdicts[key]}`),
      element('p', {}, ...prose(key === 'naive' ? hole : defence)),
      ...(key === 'naive' ? [] : [element('p', { class: 'guide' }, `docs/guide/${guide}`)]),
    ),
  )
  return element('div', { class: 'pair', role: 'status' }, ...cards)
}

function stepsOf({ steps }: Report): Node {
  const step = steps[shownStep]
  if (step === undefined) throw new Error(`there is no step ${shownStep + 1}`)
  const back = button('Previous step', () => move(-1, '#back'), { id: 'back' })
  const next = button('Next step', () => move(1, '#next'), { id: 'next' })
  back.disabled = shownStep === 0
  next.disabled = shownStep === steps.length - 1
  const place = element('p', {}, `Step ${shownStep + 1} of ${steps.length}`)
  return element(
    'section',
    { class: 'steps', 'aria-label': 'Step by step' },
    element('div', { class: 'bar' }, place, back, next),
    element('h3', { 'aria-live': 'polite' }, step.says),
    element('div', { class: 'pair' }, ...SERVERS.map(({ key, label }) => exchangeOf(label, step[key]))),
  )
}

/** Shows another step. The focus stays with the button, or goes to the other one at either end. */
function move(by: 1 | -1, pressed: string): void {
  shownStep += by
  showAttack()
  const same = found(pressed, HTMLButtonElement)
  ;(same.disabled ? found('.steps button:not([disabled])', HTMLButtonElement) : same).focus()
}

function exchangeOf(label: string, { request, status, answer }: Exchange): Node {
  const kind = status < 400 ? 'accepted' : 'refused'
  return element(
    'section',
    { class: 'exchange', 'aria-label': label },
    element('h4', {}, label),
    element('pre', { tabindex: '0', 'aria-label': `Request to: ${label}` }, request.join('\n')),
    element('p', { class: kind }, `${status} ${kind}`),
    ...(answer.length === 0
      ? []
      : [element('pre', { tabindex: '0', 'aria-label': `Answer of: ${label}` }, answer.join('\n'))]),
  )
}

async function fetchReport(name: string): Promise<void> {
  const answer = await fetch(`/attacks/${name}`, { method: 'POST' })
  if (!answer.ok) throw new Error(`the lab answered ${answer.status}`)
  reports.set(name, await answer.json())
}

/** Plays attacks one after the other. What went wrong is said on the page, and the buttons work again. */
async function playEach(names: readonly string[]): Promise<void> {
  for (const control of [all, found('#play', HTMLButtonElement)]) control.disabled = true
  const alerts: Node[] = []
  try {
    for (const [index, name] of names.entries()) {
      if (names.length > 1) all.textContent = `Playing ${index + 1} of ${names.length} …`
      await fetchReport(name)
      showList()
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    alerts.push(element('p', { role: 'alert' }, `The attack was not played: ${why}`))
  }
  all.textContent = PLAY_ALL
  all.disabled = false
  shownStep = 0
  showAttack()
  main.append(...alerts)
}

async function playOne(name: string): Promise<void> {
  await playEach([name])
  found('#play', HTMLButtonElement).focus()
}

all.addEventListener('click', () => void playEach(attacks.map(({ name }) => name)))
window.addEventListener('hashchange', () => {
  shownStep = 0
  showList()
  showAttack()
  showHeading()
})
showList()
showAttack()
