export type Child = Node | string | undefined
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Makes an element. An attribute that is `true` is there, and one that is `false` or `undefined` is not. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  set(made, attributes)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

const SVG = 'http://www.w3.org/2000/svg'

/** The same for what is drawn. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag)
  set(made, attributes)
  made.append(...children)
  return made
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
}

export interface ButtonLook {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly type?: 'button' | 'submit'
  /** What it says to those who do not see where it stands. */
  readonly label?: string
}

export function button(
  text: string,
  press: (() => void) | undefined,
  { kind = 'plain', type = 'button', label }: ButtonLook = {},
): HTMLButtonElement {
  const made = make('button', { type, class: `button ${kind}`, 'aria-label': label }, text)
  if (press !== undefined) made.addEventListener('click', press)
  return made
}

/** A heading that takes the focus when what it heads is shown. */
export function heading(level: 'h1' | 'h2', text: string, id?: string): HTMLHeadingElement {
  return make(level, { tabindex: -1, id }, text)
}
