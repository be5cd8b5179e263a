import { make } from './dom.ts'

/** One of the views between which a signed-in user chooses. */
export interface View {
  /** In the address, behind `#`. */
  readonly name: string
  readonly title: string
  /** Shows it. What follows the name in the address is `detail`. */
  open(detail: string): OpenView
}

export interface OpenView {
  readonly element: HTMLElement
  /** Gets anew what it shows. */
  reload?(): void
  close?(): void
}

export interface Views {
  readonly element: HTMLElement
  reload(): void
  close(): void
}

/**
 * Shows the view that the address names, or else the first one, and changes it with the address.
 *
 * @param label what the views are about, for those who do not see that they belong together
 * @param page the name of the page, behind that of the view
 */
export function createViews(label: string, page: string, views: readonly [View, ...View[]]): Views {
  const links = new Map(
    views.map(({ name, title }) => [name, make('a', { href: `#${name}` }, title)] as const),
  )
  const place = make('div', { class: 'view-body' })
  let opened: OpenView | undefined

  function show(): void {
    const [name = '', ...details] = location.hash.slice(1).split('/')
    const view = views.find((one) => one.name === name) ?? views[0]
    opened?.close?.()
    opened = view.open(decoded(details.join('/')))
    for (const [other, link] of links)
      if (other === view.name) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    place.replaceChildren(opened.element)
    document.title = `${view.title} – ${page}`
  }

  function change(): void {
    show()
    place.querySelector<HTMLElement>('h1, h2')?.focus()
  }

  window.addEventListener('hashchange', change)
  show()
  return {
    element: make('div', {}, make('nav', { class: 'tabs', 'aria-label': label }, ...links.values()), place),
    reload: () => opened?.reload?.(),
    close() {
      window.removeEventListener('hashchange', change)
      opened?.close?.()
    },
  }
}

/** An address that somebody mistyped names nothing. */
function decoded(detail: string): string {
  try {
    return decodeURIComponent(detail)
  } catch {
    return ''
  }
}
