import { realpath } from 'node:fs/promises'
import { ConfigError, describeValue } from '@sallyport/core/signer'
import { type Cryptoki, newCryptoki } from './binding.ts'
import { CKF_OS_LOCKING_OK } from './constants.ts'
import { returnedBy } from './errors.ts'

/** A PKCS#11 library, loaded and initialised. */
export interface Library {
  readonly cryptoki: Cryptoki
  /** Initialises it again if somebody finalised it. */
  initialize(): void
  /** To be called once, when no call of it is under way; the last one finalises it. */
  release(): void
}

interface Loaded {
  readonly cryptoki: Cryptoki
  users: number
  /** Whether it was us who initialised it, and so may finalise it. */
  ours: boolean
}

/**
 * A library is initialised once for the whole process (PKCS #11, C_Initialize), so who uses it is counted for
 * the process too. It stays loaded: it may have threads, which must not lose their code.
 */
const libraries = new Map<string, Loaded>()

/** Throws a `ConfigError` where there is no such library. */
export async function openLibrary(path: string): Promise<Library> {
  const name = await realpath(path).catch(() => {
    throw wrong(path, 'not there')
  })
  const loaded = libraries.get(name) ?? { cryptoki: load(name), users: 0, ours: false }
  initialize(loaded, name)
  libraries.set(name, loaded)
  loaded.users++
  return {
    cryptoki: loaded.cryptoki,
    initialize: () => initialize(loaded, name),
    release() {
      loaded.users--
      if (loaded.users > 0 || !loaded.ours) return
      loaded.ours = false
      finalize(loaded.cryptoki)
    },
  }
}

function load(path: string): Cryptoki {
  const cryptoki = newCryptoki()
  try {
    cryptoki.load(path)
  } catch (cause) {
    throw wrong(path, cause instanceof Error ? cause.message : 'not one')
  }
  return cryptoki
}

function initialize(loaded: Loaded, path: string): void {
  try {
    // Signatures are made on other threads.
    loaded.cryptoki.C_Initialize({ flags: CKF_OS_LOCKING_OK })
    loaded.ours = true
  } catch (cause) {
    const returned = returnedBy(cause)
    if (returned !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
      throw wrong(path, `one that does not start: ${returned ?? 'it does not say why'}`)
  }
}

function finalize(cryptoki: Cryptoki): void {
  try {
    cryptoki.C_Finalize()
  } catch (cause) {
    if (returnedBy(cause) === undefined) throw cause
  }
}

function wrong(path: string, why: string): ConfigError {
  return new ConfigError('pkcs11.module', 'a PKCS#11 library', `${describeValue(path)} (${why})`)
}
