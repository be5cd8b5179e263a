/** What a page of another origin does to an address of ours. */
export interface Attack {
  readonly name: string
  /** JavaScript over the tools of `hostile.html`, with the address as `url`. */
  readonly run: string
  /** The method by which it reaches us, if at all. `undefined`: the browser decides whether it is worth it. */
  readonly arrives: 'POST' | 'GET' | 'OPTIONS' | 'nothing' | undefined
  /** Whether the browser sends no cookie with it, not even from the same site. */
  readonly isAnonymous?: boolean
  /** Whether the browser says `Origin: null`. */
  readonly hidesOrigin?: boolean
}

const arriving =
  (arrives: Attack['arrives'], further: Partial<Attack> = {}) =>
  (runs: Readonly<Record<string, string>>): readonly Attack[] =>
    Object.entries(runs).map(([name, run]) => ({ name, run, arrives, ...further }))

const ENCTYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']
/** Each needs no leave of ours. */
const BODIES: Readonly<Record<string, string>> = {
  'no body': 'undefined',
  text: 'json',
  fields: 'fields()',
  parts: 'parts()',
  'a body without a type': `typed('')`,
}
const perBody = (name: string, run: (body: string) => string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(BODIES).map(([kind, body]) => [`${name} with ${kind}`, run(body)]))

const posts = arriving('POST')({
  ...Object.fromEntries(
    ENCTYPES.flatMap((enctype) => [
      [`a form of ${enctype} in a new tab`, `submit(url, '${enctype}', '_blank')`],
      [`a form of ${enctype} in a frame`, `framed({}, (name) => submit(url, '${enctype}', name))`],
    ]),
  ),
  ...perBody('fetch "cors"', (body) => `post(url, { mode: 'cors', body: ${body} })`),
  ...perBody('fetch "no-cors"', (body) => `post(url, { mode: 'no-cors', body: ${body} })`),
  'fetch "no-cors" with JSON, whose type is dropped': `post(url, { mode: 'no-cors', body: typed('application/json') })`,
  'fetch that outlives the page': `post(url, { mode: 'no-cors', keepalive: true })`,
  'XMLHttpRequest with text': `xhr(url, 'text/plain')`,
  'a beacon with text': 'void navigator.sendBeacon(url, json)',
  'a beacon with fields': 'void navigator.sendBeacon(url, fields())',
  'a beacon with parts': 'void navigator.sendBeacon(url, parts())',
  'a link with a ping': `click({ href: '#', ping: url })`,
  'a worker': 'postInWorker(url)',
  'their service worker': 'byServiceWorker(url)',
})

const redirectedPosts = arriving('POST', { hidesOrigin: true })({
  'a form that their server sends on with 307': `submit(redirected(url), 'text/plain', '_blank')`,
  'fetch that their server sends on with 307': `post(redirected(url), { mode: 'no-cors', body: json })`,
})

const anonymousPosts = [
  ...arriving('POST', { isAnonymous: true })({
    'fetch without credentials': `post(url, { mode: 'cors', credentials: 'omit' })`,
  }),
  ...arriving('POST', { isAnonymous: true, hidesOrigin: true })({
    'a form of a document without an origin': 'submitFromNowhere(url)',
  }),
]

const preflights = arriving('OPTIONS')({
  'fetch with JSON': `post(url, { body: typed('application/json') })`,
  'fetch with an Idempotency-Key': `post(url, { headers: { 'Idempotency-Key': 'abcdefghijklmnopqrstuvwx' } })`,
  'fetch with an access token': `post(url, { headers: { Authorization: 'Bearer x' } })`,
  'XMLHttpRequest with JSON': `xhr(url, 'application/json')`,
  'a beacon with JSON': `void navigator.sendBeacon(url, typed('application/json'))`,
})

const gets = arriving('GET')({
  'fetch of GET': `fetch(url, { credentials: 'include' }).then(textOf)`,
  'an image': `place('img', { src: url })`,
  'a script': `place('script', { src: url })`,
  'a module': `place('script', { type: 'module', crossOrigin: 'use-credentials', src: url })`,
  'a style sheet': `place('link', { rel: 'stylesheet', href: url })`,
  'a background': `place('p', { style: \`background: url(\${url})\` })`,
  'a video': `place('video', { src: url })`,
  'a frame': 'framed({ src: url })',
  'an object': `place('object', { data: url })`,
  'an embedded document': `place('embed', { src: url })`,
  'an event stream': 'void new EventSource(url, { withCredentials: true })',
  'a WebSocket': `void new WebSocket(url.replace('http', 'ws'))`,
  'a script of a worker': 'importInWorker(url)',
  'a prefetch': `place('link', { rel: 'prefetch', href: url })`,
  'a form of GET': 'submitGet(url)',
  'a link': `click({ href: url, target: '_blank' })`,
  'a new window': 'shown(open(url))',
  'a window that is sent away': `shown(Object.assign(open('about:blank'), { location: url }))`,
  'a page that sends its visitor away': 'void open(sentAway(url))',
  'a page that their server sends on with 307': 'void open(redirected(url))',
})

const kept = arriving('nothing')({
  'fetch "same-origin"': `post(url, { mode: 'same-origin' })`,
  'our address as a worker': 'void new Worker(url)',
  'our address as their service worker': 'navigator.serviceWorker.register(url)',
})

const unsure = arriving(undefined)({
  'a speculative prefetch': `speculate('prefetch', url)`,
  'a prerendered page': `speculate('prerender', url)`,
})

export const attacks: readonly Attack[] = [
  ...posts,
  ...redirectedPosts,
  ...anonymousPosts,
  ...preflights,
  ...kept,
  ...gets,
  ...unsure,
]
