import type { Client } from '@sallyport/client'
import type { SharedWords } from '../words/en/shared.ts'
import type { Config } from './config.ts'
import { button, heading, make } from './dom.ts'
import { field, onSubmit, revealBox } from './field.ts'
import type { Format } from './format.ts'
import type { KnownUser } from './known-user.ts'
import type { Message } from './message.ts'
import { explain, jsonInit, membersOf, Refusal } from './request.ts'

export interface SignInParts {
  readonly client: Client
  readonly config: Config
  readonly user: KnownUser
  readonly message: Message
  readonly words: SharedWords
  readonly format: Format
  readonly title: string
}

/** Where somebody signs in. What follows is for those who listen to the client. */
export function signInView(parts: SignInParts): HTMLElement {
  const { config, message, words, format, title } = parts
  const name = field(words.userName, {
    ...{ name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' },
  })
  const password = field(words.password, {
    ...{ name: 'password', type: 'password', autocomplete: 'current-password' },
  })
  const form = make(
    'form',
    { method: 'post' },
    name.element,
    password.element,
    revealBox(words.showPassword, password),
    button(words.signIn, undefined, { kind: 'primary', type: 'submit' }),
  )

  onSubmit(form, async () => {
    message.clear()
    name.clear()
    try {
      await send(parts, name.input.value, password.input.value)
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 401) password.fail(words.wrongCredentials)
      else message.say('bad', explain(fault, words, format))
    }
  })

  function demo({ users, password: common }: NonNullable<Config['demo']>): HTMLElement {
    const choices = users.map((user) =>
      button(
        user,
        () => {
          name.input.value = user
          password.input.value = common
          form.requestSubmit()
        },
        { label: words.signInAs(user) },
      ),
    )
    return make(
      'section',
      { class: 'demo', 'aria-label': words.demoTitle },
      make('p', {}, words.demoHint, ' ', make('code', {}, common)),
      make('div', { class: 'actions' }, ...choices),
    )
  }

  return make(
    'section',
    { class: 'card narrow', 'aria-labelledby': 'title' },
    heading('h1', title, 'title'),
    config.demo === undefined ? undefined : demo(config.demo),
    form,
  )
}

async function send(
  { client, config, user }: SignInParts,
  username: string,
  password: string,
): Promise<void> {
  const answer = await client.signIn(async () => {
    const given = await fetch(config.signIn, jsonInit('POST', { username, password }))
    // Before anybody is told that somebody is signed in.
    if (given.ok) user.signedIn(username)
    return given
  })
  await membersOf(answer)
}
