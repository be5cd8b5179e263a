import type { Needed } from './imports.ts'

/** What the server imports of the set-up itself. */
export const OWN_MODULES: readonly Needed[] = [
  { from: './sallyport.config.js', whole: 'options' },
  { from: './users.js', names: ['findUser', 'readCredentials'] },
]

/** What the servers of all frameworks say alike. */
export const COMMENTS = {
  routes: '// POST /auth/refresh and /auth/logout, the list of sessions, and the public keys.',
  cors: '// What lets pages of the allowed origins read the answers of your own routes.',
  signIn: '// You check who it is, and Sallyport opens the session. Whoever guesses has five attempts.',
  api: '// Everything below /api needs an access token.',
  stop: '// Requests that are under way are answered first.',
} as const

/** The end of the module, which starts the server. */
export const START = `
main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`
