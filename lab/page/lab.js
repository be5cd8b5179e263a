const SERVERS = /** @type {const} */ ([
  ['naive', 'Naive server', 'naive'],
  ['sallyport', 'With Sallyport', 'Sallyport'],
])
const list = document.querySelector('#attacks')
const main = document.querySelector('#attack')
const all = document.querySelector('#all')
const reports = new Map()
const attacks = await (await fetch('/attacks')).json()
let shownStep = 0

/** An element with a class, attributes and children. Text stays text, whatever it says. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/** What stands between backticks is code. */
function prose(text) {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : element('code', {}, part)))
}

function button(label, onClick, attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, label)
  made.addEventListener('click', onClick)
  return made
}

const chosen = () => attacks.find(({ name }) => `#${name}` === location.hash) ?? attacks[0]

function showList() {
  const items = attacks.map(({ name, title }) => {
    const link = element('a', { href: `#${name}` }, title)
    if (chosen().name === name) link.setAttribute('aria-current', 'page')
    const verdicts = reports.get(name)?.verdicts
    const badges = SERVERS.filter(() => verdicts !== undefined).map(([server, , name]) =>
      element('span', { class: `badge ${verdicts[server]}` }, `${name}: ${verdicts[server]}`),
    )
    return element(
      'li',
      {},
      link,
      ...(badges.length === 0 ? [] : [element('p', { class: 'badges' }, ...badges)]),
    )
  })
  list.replaceChildren(...items)
}

function showAttack() {
  const { name, title, story } = chosen()
  const report = reports.get(name)
  const again = report === undefined ? 'Play this attack' : 'Play it again'
  main.replaceChildren(
    element('h2', { tabindex: '-1' }, title),
    element('p', { class: 'story' }, ...prose(story)),
    button(again, () => playOne(name), { id: 'play' }),
    ...(report === undefined ? [] : [verdictsOf(report), stepsOf(report)]),
  )
}

function verdictsOf({ verdicts, hole, defence, guide }) {
  const cards = SERVERS.map(([server, label]) =>
    element(
      'section',
      { class: `verdict ${verdicts[server]}`, 'aria-label': label },
      element('h3', {}, `${label}: the attack ${verdicts[server]}`),
      element('p', {}, ...prose(server === 'naive' ? hole : defence)),
      ...(server === 'naive' ? [] : [element('p', { class: 'guide' }, `docs/guide/${guide}`)]),
    ),
  )
  return element('div', { class: 'pair', role: 'status' }, ...cards)
}

function stepsOf({ steps }) {
  const step = steps[shownStep]
  const move = (by, focus) => () => {
    shownStep += by
    showAttack()
    const target = document.querySelector(focus)
    const other = document.querySelector('.steps button:not([disabled])')
    ;(target.disabled ? other : target)?.focus()
  }
  const back = button('Previous step', move(-1, '#back'), { id: 'back' })
  const next = button('Next step', move(1, '#next'), { id: 'next' })
  back.disabled = shownStep === 0
  next.disabled = shownStep === steps.length - 1
  return element(
    'section',
    { class: 'steps', 'aria-label': 'Step by step' },
    element(
      'div',
      { class: 'bar' },
      element('p', {}, `Step ${shownStep + 1} of ${steps.length}`),
      back,
      next,
    ),
    element('h3', { 'aria-live': 'polite' }, step.says),
    element('div', { class: 'pair' }, ...SERVERS.map(([server, label]) => exchangeOf(label, step[server]))),
  )
}

function exchangeOf(label, { request, status, answer }) {
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

async function fetchReport(name) {
  const answer = await fetch(`/attacks/${name}`, { method: 'POST' })
  if (!answer.ok) throw new Error(`the lab answered ${answer.status}`)
  reports.set(name, await answer.json())
}

/** Plays attacks one after the other. What went wrong is said on the page, and the buttons work again. */
async function playEach(names) {
  for (const control of document.querySelectorAll('#play, #all')) control.disabled = true
  let alert
  try {
    for (const name of names) {
      await fetchReport(name)
      showList()
    }
  } catch (cause) {
    alert = element('p', { role: 'alert' }, `The attack was not played: ${cause.message}`)
  }
  all.disabled = false
  shownStep = 0
  showAttack()
  if (alert !== undefined) main.append(alert)
}

async function playOne(name) {
  await playEach([name])
  document.querySelector('#play').focus()
}

all.addEventListener('click', () => playEach(attacks.map(({ name }) => name)))
window.addEventListener('hashchange', () => {
  shownStep = 0
  showList()
  showAttack()
  main.querySelector('h2').focus()
})
showList()
showAttack()
