import { button, make } from './dom.ts'
import { mark } from './icons.ts'
import { type Language, languages, names, tags } from './language.ts'
import type { Message } from './message.ts'

export interface FrameParts {
  readonly title: string
  readonly home: string
  readonly language: Language
  readonly message: Message
  readonly words: { readonly changeLanguage: string; readonly signOut: string }
  readonly isWide: boolean
  speak(language: Language): void
  signOut(): void
}

/** What stands around all views. */
export interface Frame {
  readonly element: HTMLElement
  /** Shows a view, and whether there is somebody to sign out. */
  show(view: HTMLElement, who: { readonly isSignedIn: boolean }): void
}

export function createFrame({ title, home, language, message, words, isWide, ...acts }: FrameParts): Frame {
  const place = make('div', { class: 'view' })
  const leave = button(words.signOut, acts.signOut, { kind: 'quiet' })
  const choices = languages
    .filter((one) => one !== language)
    .map((one) => {
      const choice = button(names[one], () => acts.speak(one), { kind: 'quiet' })
      choice.lang = tags[one]
      return choice
    })
  const others = make(
    'div',
    { class: 'languages', role: 'group', 'aria-label': words.changeLanguage },
    ...choices,
  )
  const header = make(
    'header',
    { class: 'top' },
    make('a', { class: 'brand', href: home }, mark(), make('span', {}, title)),
    make('div', { class: 'top-actions' }, others, leave),
  )
  return {
    element: make(
      'div',
      { class: isWide ? 'frame wide' : 'frame' },
      header,
      make('main', {}, message.element, place),
    ),
    show(view, { isSignedIn }) {
      leave.hidden = !isSignedIn
      place.replaceChildren(view)
    },
  }
}
