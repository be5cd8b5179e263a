/** Who signed in here last, as this browser remembers it. No token. */
export interface KnownUser {
  /** Whether there may be a session: to ask for one in vain is an error in the browser's console. */
  mayBeSignedIn(): boolean
  /** The name that was typed, until it is known whose session it is. */
  signedIn(name?: string): void
  /** The name of the user of this session; `undefined`: somebody signed in elsewhere. */
  nameOf(session: string): string | undefined
  signedOut(): void
}

interface Kept {
  readonly name?: string
  /** The id of the session, so that no name is shown to somebody else. */
  readonly session?: string
}

const KEPT = 'sallyport user'

export function knownUser(): KnownUser {
  return {
    mayBeSignedIn: () => read() !== undefined,
    signedIn(name) {
      if (name !== undefined) write({ name })
      else if (read() === undefined) write({})
    },
    nameOf(session) {
      const kept = read()
      if (kept?.name === undefined) return undefined
      if (kept.session === undefined) write({ ...kept, session })
      return kept.session === undefined || kept.session === session ? kept.name : undefined
    },
    signedOut: () => write(undefined),
  }
}

function read(): Kept | undefined {
  try {
    const text = localStorage.getItem(KEPT)
    return text === null ? undefined : (Object(JSON.parse(text)) as Kept)
  } catch {
    return undefined
  }
}

function write(kept: Kept | undefined): void {
  try {
    if (kept === undefined) localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, JSON.stringify(kept))
  } catch {
    // Storage is blocked: the name is not known after a reload.
  }
}
