import type { Attack } from '../play/attack.ts'

const LEAKED_ELSEWHERE = ['123456', 'password', 'qwerty1', 'letmein', 'alice1', 'iloveyou', 'sunshine7']

/** Passwords that are tried. */
export const guessing: readonly Attack[] = [
  {
    name: 'stuffing',
    title: 'Passwords from another site’s leak',
    story:
      'Mallory has seven passwords that people called Alice had elsewhere. A program tries one after the other.',
    hole: 'Nobody counts.',
    defence:
      '`guardSignIn` lets five attempts at an account through, over all processes. Then strangers are refused for 15 minutes, even with the right password.',
    guide: 'lockout.md',
    async play(scene) {
      let status = 0
      for (const [index, password] of LEAKED_ELSEWHERE.entries()) {
        const body = { username: 'alice', password }
        const sent = { method: 'POST', path: '/auth/login', body } as const
        status = (await scene.send(`Guess ${index + 1}: "${password}"`, sent)).status
      }
      return status === 200
    },
  },
]
