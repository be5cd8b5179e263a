// The demo page: signs in, keeps the access token in memory, shows the devices and signs them out.

/** What the server refused, by its status; 0 where it could not be asked. */
class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

const TIMEOUT_MS = 10_000
const RETRY_MS = 5000
/** How often the page asks whether its token is still good: another device may have signed this one out. */
const WATCH_MS = 2000
/** The token is renewed this long before its end, or in the last quarter of a shorter life. */
const EARLY_SECONDS = 30

/** The access token is nowhere but here; a reload gets a new one by the refresh cookie, which scripts can't read. */
let access
let refreshing
let retryAt = 0
let busy = false
let watching = false

/**
 * What this browser keeps: whether there may be a session, since asking for one in vain is an error in its console, and
 * the name behind each subject, which is opaque. No token.
 */
const session = {
  mayExist: () => localStorage.getItem('session') !== null,
  started: () => localStorage.setItem('session', 'started'),
  ended: () => localStorage.removeItem('session'),
  nameOf: (subject) => localStorage.getItem(`name of ${subject}`) ?? subject,
  name: (subject, name) => localStorage.setItem(`name of ${subject}`, name),
}
const ENDED = 'This device was signed out: somebody ended its session elsewhere, or it has expired.'

const element = (id) => document.getElementById(id)
const make = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

/** One request. Rejects with a `Refusal` for every answer that is no success. */
async function send(method, path, { token, body } = {}) {
  const headers = new Headers({ Accept: 'application/json' })
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(path, {
    method,
    headers,
    signal,
    body: body && JSON.stringify(body),
    cache: 'no-store',
  }).catch(() => {
    throw new Refusal(0, 'The server can’t be reached.')
  })
  const answer = await response.json().catch(() => ({}))
  if (response.ok) return answer
  const why = String(answer.error_description ?? `the server answered ${response.status}`)
  throw new Refusal(response.status, `${why.charAt(0).toUpperCase()}${why.slice(1)}.`)
}

function keep({ access_token, expires_in }) {
  access = { token: access_token, expiresAt: Date.now() + expires_in * 1000, seconds: expires_in }
  session.started()
}

/** Gets a new access token by the refresh cookie, one request at a time. Resolves to whether anybody is signed in. */
function refresh() {
  refreshing ??= inTurn(async () => {
    try {
      keep(await send('POST', '/auth/refresh'))
    } catch (fault) {
      if (fault.status !== 401) throw fault
      access = undefined
      session.ended()
    }
    return access !== undefined
  }).finally(() => {
    refreshing = undefined
  })
  return refreshing
}

/** Tabs share the cookie, so they take turns where the browser can do it. */
async function inTurn(work) {
  return navigator.locks ? navigator.locks.request('sallyport', work) : work()
}

/** A request with the access token. When that is refused, it is renewed and the request sent once more. */
async function call(method, path) {
  const used = access
  try {
    return await send(method, path, { token: used?.token })
  } catch (fault) {
    if (fault.status !== 401) throw fault
    // Another call may have renewed it meanwhile.
    if (access === used && !(await refresh())) throw fault
    return send(method, path, { token: access?.token })
  }
}

/** Asks who is signed in and on which devices, and shows it. The name is known at sign-in only. */
async function load(name) {
  const [me, { sessions }] = await Promise.all([call('GET', '/api/me'), call('GET', '/auth/sessions')])
  if (name !== undefined) session.name(me.sub, name)
  element('name').textContent = session.nameOf(me.sub)
  element('subject').textContent = me.sub
  element('scope').textContent = me.scope || 'none'
  const focused = document.activeElement.id
  element('devices').replaceChildren(...sessions.map(row))
  // The button that had the focus was replaced by its like.
  if (focused) element(focused)?.focus()
  show('signed-in')
  tick()
}

function row(device) {
  const badge = device.current ? [make('span', { className: 'here', textContent: 'this device' })] : []
  const about = make(
    'p',
    { className: 'quiet' },
    make('span', {}, 'Signed in ', time(device.created_at)),
    make('span', {}, 'Last seen ', time(device.last_seen_at), ` from ${device.ip ?? 'an unknown address'}`),
  )
  const item = make('li', {}, make('div', {}, make('p', {}, `${device.device} `, ...badge), about))
  if (device.current) return item
  const button = make('button', {
    type: 'button',
    id: `end-${device.id}`,
    textContent: 'Sign out',
    ariaLabel: `Sign out ${device.device}, signed in ${moment(device.created_at)}`,
  })
  button.addEventListener('click', () => act(() => endDevice(device)))
  item.append(button)
  return item
}

const time = (instant) => make('time', { dateTime: instant, textContent: moment(instant) })
const moment = (instant) =>
  new Date(instant).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })

async function endDevice(device) {
  await call('DELETE', `/auth/sessions/${encodeURIComponent(device.id)}`).catch((fault) => {
    // Somebody else was quicker: the list will show it.
    if (fault.status !== 404) throw fault
  })
  element('devices-title').focus()
  await load()
  say(`${device.device} is signed out.`)
}

function show(section) {
  for (const id of ['signed-in', 'signed-out']) element(id).hidden = id !== section
}

function say(text, tone = 'good') {
  Object.assign(element('message'), { className: tone, textContent: text })
}

function showSignIn(text, tone) {
  access = undefined
  session.ended()
  show('signed-out')
  say(text, tone)
  element('sign-in-title').focus()
}

/** Does something for the user, one thing at a time, and shows what went wrong. */
async function act(work) {
  if (busy) return
  busy = true
  document.body.ariaBusy = 'true'
  if (element('message').className === 'bad') say('')
  try {
    await work()
  } catch (fault) {
    if (access === undefined && !element('signed-in').hidden) showSignIn(ENDED, 'note')
    else say(fault.message, 'bad')
  } finally {
    busy = false
    document.body.ariaBusy = 'false'
  }
}

/** Shows how long the token lives, and renews it in time. */
function tick() {
  if (access === undefined) return
  const left = Math.max(0, Math.ceil((access.expiresAt - Date.now()) / 1000))
  Object.assign(element('life'), { max: access.seconds, value: left })
  element('left').textContent = `${Math.floor(left / 60)} min ${String(left % 60).padStart(2, '0')} s left`
  if (busy || left > Math.min(EARLY_SECONDS, access.seconds / 4) || Date.now() < retryAt) return
  retryAt = Date.now() + RETRY_MS
  act(async () => {
    if (await refresh()) await load()
    else showSignIn(ENDED, 'note')
  })
}

/** Asks whether the token is still good, so that a sign-out from another device is seen here without a click. */
async function watch() {
  if (busy || watching || access === undefined || document.hidden) return
  watching = true
  try {
    await call('GET', '/api/me')
  } catch (fault) {
    // Any other fault says nothing of the session. The next call that somebody waits for will show it.
    if (fault.status === 401 && access === undefined && !busy) showSignIn(ENDED, 'note')
  } finally {
    watching = false
  }
}

/** Ends the session that is shown: cookie and token are both sent, and must be of one session. */
async function signOut() {
  try {
    await send('POST', '/auth/logout', { token: access?.token })
    showSignIn('You are signed out.')
  } catch (fault) {
    if (fault.status !== 400) throw fault
    if (await refresh()) await load()
    say('Another tab has signed in meanwhile. This is its session now.', 'bad')
  }
}

const form = element('sign-in')
async function signIn(username, password) {
  keep(await send('POST', '/auth/login', { body: { username, password } }))
  await load(username)
  form.reset()
  say('')
  element('who-title').focus()
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const { username, password } = Object.fromEntries(new FormData(form))
  act(() => signIn(username, password))
})
for (const button of document.querySelectorAll('[data-user]'))
  button.addEventListener('click', () =>
    act(() => signIn(button.dataset.user, element('demo-password').textContent)),
  )
element('sign-out').addEventListener('click', () => act(signOut))
element('sign-out-all').addEventListener('click', () =>
  act(async () => {
    await call('POST', '/auth/logout-all')
    showSignIn('You are signed out on all devices.')
  }),
)
element('reload').addEventListener('click', () =>
  act(async () => {
    await load()
    say('The list is up to date.')
  }),
)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && access !== undefined) act(load)
})
setInterval(tick, 1000)
setInterval(watch, WATCH_MS)

if (session.mayExist())
  await act(async () => {
    if (await refresh()) await load()
  })
show(access === undefined ? 'signed-out' : 'signed-in')
