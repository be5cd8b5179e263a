import { safe } from '../../terminal/safe.ts'
import type { Choices } from './choices.ts'

const STORES: Readonly<Record<Choices['store'], string>> = {
  memory: '',
  redis: '# Redis must run where REDIS_URL in .env says\n  ',
  postgres: '# PostgreSQL must run where DATABASE_URL in .env says\n  ',
}

/** What to type next: all that the server does, once. */
export function nextSteps(folder: string, written: readonly string[], { store, language }: Choices): string {
  const enter = folder === '.' ? '' : `cd ${safe(folder)}\n  `
  return `Wrote ${written.join(', ')}.

Start it:

  ${enter}${STORES[store]}npm install
  npm run dev

Sign in from another terminal in this folder, as "demo" with the DEMO_PASSWORD of .env. Use the token, get the next one, and sign out:

  curl -c cookies.txt localhost:3000/auth/login -H 'Content-Type: application/json' -d '{"username":"demo","password":"…"}'
  curl localhost:3000/api/me -H 'Authorization: Bearer <access_token>'
  curl -b cookies.txt -c cookies.txt -X POST localhost:3000/auth/refresh
  curl -b cookies.txt -c cookies.txt -X POST localhost:3000/auth/logout

From then on, the API refuses every access token of that session.

Then put your own users into ${language === 'ts' ? 'src/users.ts' : 'users.js'}. ${
    store === 'memory'
      ? 'With Redis or PostgreSQL, "npm run sallyport -- --help" looks after it.'
      : '"npm run sallyport -- --help" looks after it.'
  }
`
}
