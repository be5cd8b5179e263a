import { type Client, type ClientChange, ClientError, createClient } from '@sallyport/client'
import { watchSession } from '@sallyport/client/live'
import type { SharedWords } from '../words/en/shared.ts'
import { type Config, readConfig } from './config.ts'
import { button, make } from './dom.ts'
import { createFormat, type Format } from './format.ts'
import { createFrame, type Frame } from './frame.ts'
import { type KnownUser, knownUser } from './known-user.ts'
import { keepLanguage, type Language, preferredLanguage, tags } from './language.ts'
import { createMessage, type Message } from './message.ts'
import { explain } from './request.ts'
import { signInView } from './sign-in.ts'
import { askForPassword } from './step-up.ts'

/** What the views of a page work with. */
export interface Tools<Words extends SharedWords = SharedWords> {
  readonly client: Client
  readonly config: Config
  readonly user: KnownUser
  readonly message: Message
  readonly words: Words
  readonly format: Format
  /** Does what the user asked for, one thing at a time, and says what went wrong. */
  run(work: () => Promise<void>): Promise<void>
  /** Signs the user out, and says that it was done. */
  signOut(options: { readonly everywhere: boolean; readonly done: string }): Promise<void>
}

/** What somebody who is signed in sees. */
export interface Main {
  readonly element: HTMLElement
  reload(): void
  close(): void
}

export interface AppParts<Words extends SharedWords> {
  readonly words: Readonly<Record<Language, Words>>
  readonly isWide: boolean
  home(config: Config): string
  welcome(words: Words): string
  main(tools: Tools<Words>): Main
}

type State = 'checking' | 'unknown' | 'out' | 'in'

/** Starts a page: finds out who is signed in, and shows what there is for them. */
export async function startApp<Words extends SharedWords>(parts: AppParts<Words>): Promise<void> {
  const config = readConfig()
  const user = knownUser()
  const wasSignedIn = user.mayBeSignedIn()
  const client = createClient({
    authUrl: config.authPath,
    stepUp: config.stepUp === false ? undefined : stepUp(config.stepUp),
  })
  client.onChange(changed)

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) main?.reload()
  })

  let language = preferredLanguage()
  let state: State = 'checking'
  let tools = toolsIn(language)
  let frame = drawFrame()
  let main: Main | undefined
  let isWatched = false
  let isBusy = false
  /** What to say once this tab has signed out. */
  let farewell: string | undefined

  if (config.session === true || wasSignedIn) await check()
  else show('out')

  function stepUp(url: string): () => Promise<boolean> {
    // Before there is a token, there is nothing to step up: the user signs in.
    return async () =>
      state === 'in' && askForPassword({ client, url, words: tools.words, format: tools.format })
  }

  function toolsIn(spoken: Language): Tools<Words> {
    const words = parts.words[spoken]
    return {
      client,
      config,
      user,
      words,
      message: createMessage(),
      format: createFormat(spoken),
      run,
      signOut,
    }
  }

  function drawFrame(): Frame {
    const { words, message } = tools
    const drawn = createFrame({
      ...{ title: config.title, home: parts.home(config), isWide: parts.isWide },
      ...{ language, message, words, speak },
      signOut: () => run(() => signOut({ everywhere: false, done: tools.words.youSignedOut })),
    })
    document.documentElement.lang = tags[language]
    document.body.replaceChildren(drawn.element)
    return drawn
  }

  function speak(next: Language): void {
    keepLanguage(next)
    language = next
    tools = toolsIn(language)
    frame = drawFrame()
    show(state)
    // The button that was pressed is gone; the one that takes it back is in its place.
    document.querySelector<HTMLElement>('.languages button')?.focus()
  }

  async function check(): Promise<void> {
    show('checking')
    try {
      if ((await client.token()) === undefined && state === 'checking') show('out')
    } catch (fault) {
      // The server wants the user to authenticate again, on this device or from this network.
      if (fault instanceof ClientError && fault.status === 401) return show('out')
      show('unknown')
      tools.message.say('bad', explain(fault, tools.words, tools.format))
    }
  }

  function show(next: State): void {
    main?.close()
    main = undefined
    state = next
    const { words } = tools
    document.title = state === 'out' ? `${words.signIn} – ${config.title}` : config.title
    frame.show(viewOf(state), { isSignedIn: state === 'in' })
  }

  function viewOf(shown: State): HTMLElement {
    const { words } = tools
    switch (shown) {
      case 'checking':
        return make('p', { class: 'loading', role: 'status' }, words.loading)
      case 'unknown':
        return make(
          'div',
          { class: 'actions' },
          button(words.retry, () => void check(), { kind: 'primary' }),
        )
      case 'out':
        return signInView({ ...tools, title: parts.welcome(words) })
      case 'in':
        main = parts.main(tools)
        return main.element
    }
  }

  function changed({ state: now, by }: ClientChange): void {
    if (now === 'signed_in') {
      signedIn()
      return
    }
    const wasChecking = state === 'checking'
    user.signedOut()
    for (const dialog of document.querySelectorAll('dialog')) dialog.close()
    show('out')
    sayWhy(by, wasChecking)
  }

  function signedIn(): void {
    user.signedIn()
    watch()
    // A step-up, or somebody else who signed in in another tab.
    if (state === 'in') {
      main?.reload()
      return
    }
    const isFirst = state === 'checking'
    tools.message.clear()
    show('in')
    if (!isFirst) focusTitle()
  }

  function sayWhy(by: ClientChange['by'], wasChecking: boolean): void {
    const { message, words } = tools
    if (farewell !== undefined) message.say('good', farewell)
    else if (by === 'ended' || (wasChecking && wasSignedIn)) message.say('note', words.signedOutElsewhere)
    else if (by === 'elsewhere') message.say('note', words.signedOutInOtherTab)
    farewell = undefined
    if (!wasChecking) focusTitle()
  }

  function focusTitle(): void {
    document.querySelector<HTMLElement>('h1')?.focus()
  }

  function watch(): void {
    if (!isWatched) watchSession(client, { url: `${config.authPath}/live` })
    isWatched = true
  }

  async function run(work: () => Promise<void>): Promise<void> {
    if (isBusy) return
    isBusy = true
    const busy = document.querySelector('main')
    busy?.setAttribute('aria-busy', 'true')
    tools.message.clear()
    try {
      await work()
    } catch (fault) {
      // If the session is over, that has been said.
      if (state === 'in') tools.message.say('bad', explain(fault, tools.words, tools.format))
    } finally {
      isBusy = false
      busy?.removeAttribute('aria-busy')
    }
  }

  async function signOut({ everywhere, done }: { everywhere: boolean; done: string }): Promise<void> {
    farewell = done
    try {
      await client.signOut({ everywhere })
    } catch {
      tools.message.say('bad', tools.words.signOutFailed)
    } finally {
      farewell = undefined
    }
  }
}
