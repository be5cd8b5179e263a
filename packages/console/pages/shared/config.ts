/** What the server tells a page, in its `<meta name="sallyport">`. */
export interface Config {
  readonly title: string
  readonly authPath: string
  readonly signIn: string
  /** `false`: there is no such route. */
  readonly password: string | false
  readonly stepUp: string | false
  readonly accountPath: string
  /** `null`: there is none. */
  readonly operatorPath: string | null
  readonly demo?: { readonly users: readonly string[]; readonly password: string }
  /** Whether the cookie that came with the page is that of a live session. */
  readonly session?: boolean
}

export function readConfig(): Config {
  const content = document.querySelector('meta[name=sallyport]')?.getAttribute('content')
  return JSON.parse(content ?? '{}') as Config
}
