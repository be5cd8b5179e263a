import type { Target } from '../target.ts'

/** A fault that only an input with three certain bytes shows: chance finds it in 16 million. */
export const threeBytes: Target = {
  name: 'three-bytes',
  async open() {
    return {
      seeds: ['abc'],
      run(input) {
        const first = input[0]
        const second = input[1]
        const third = input[2]
        if (first === FIRST) {
          if (second === SECOND) {
            if (third === THIRD) throw new RangeError('the planted fault')
          }
        }
      },
    }
  },
}

// No literals, so that nothing but the branches that were taken shows the way.
const [FIRST, SECOND, THIRD] = Buffer.from('\xc3S\x07', 'latin1')
