import { realpath } from 'node:fs/promises'
import { ConfigError, describeValue } from '@sallyport/core/signer'
import { type Cryptoki, newCryptoki } from './binding.ts'
import { CKF_OS_LOCKING_OK } from './constants.ts'
import { returnedBy } from './errors.ts'

/** A PKCS#11 library, loaded and initialised. */
export interface Library {
  readonly cryptoki: Cryptoki
  /** Initialises it again if it was finalised by other code. */
  initialize(): void
  /** Call this once, when no call of the library is in progress. The last user to do so finalises it. */
  release(): void
}

interface Loaded {
  readonly cryptoki: Cryptoki
  users: number
  /** Whether we initialised it, and so may finalise it. */
  ours: boolean
}

/**
 * A library is initialised once for the whole process (PKCS #11, C_Initialize), so its users are counted for the
 * whole process too. It stays loaded: it may have threads, whose code must not be unloaded.
 */
const libraries = new Map<string, Loaded>()

/** Loads and initialises a library. Throws a `ConfigError` if that does not work. */
export async function openLibrary(path: string): Promise<Library> {
  const name = await realpath(path).catch(() => {
    throw wrongModule(path, 'there is no such file')
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
    throw wrongModule(path, cause instanceof Error ? cause.message : 'it does not load')
  }
  return cryptoki
}

function initialize(loaded: Loaded, path: string): void {
  try {
    // Signatures are made on other threads, so the library must lock.
    loaded.cryptoki.C_Initialize({ flags: CKF_OS_LOCKING_OK })
    loaded.ours = true
  } catch (cause) {
    const returned = returnedBy(cause)
    if (returned !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
      throw wrongModule(path, `C_Initialize returned ${returned ?? 'an unknown error'}`)
  }
}

function finalize(cryptoki: Cryptoki): void {
  try {
    cryptoki.C_Finalize()
  } catch (cause) {
    if (returnedBy(cause) === undefined) throw cause
  }
}

function wrongModule(path: string, reason: string): ConfigError {
  return new ConfigError('pkcs11.module', 'a PKCS#11 library', `${describeValue(path)} (${reason})`)
}
