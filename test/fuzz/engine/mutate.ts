import type { Comparison } from './coverage.ts'
import { mutateJson } from './mutate-json.ts'
import type { Dice } from './random.ts'

/** What mutants are made of. */
export interface Material {
  /** Inputs that are worth keeping. */
  readonly corpus: readonly Buffer[]
  readonly words: readonly string[]
  readonly comparisons: readonly Comparison[]
  readonly maxBytes: number
}

type Mutation = (input: Buffer, dice: Dice, material: Material) => Buffer

const MOST_AT_ONCE = 6
const MOST_MOVED_BYTES = 64
const MOST_REPEATS = 400

/** Words that many parsers trip over. */
const WORDS: readonly string[] = [
  ...['0', '-1', '1e999', '-0', '9007199254740993', '1e-7', '0x10', 'NaN', '65536', '4294967296', '00'],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '__proto__',
    'constructor',
    'toString',
    '%00',
    '%ff',
    '%2',
    '\\u0000',
  ],
  ...[
    '\0',
    '\r\n',
    '\n',
    '\t',
    ' ',
    ';',
    ',',
    '=',
    '"',
    '\\',
    '.',
    ':',
    '/',
    '..',
    '&',
    '?',
    '#',
    '+',
    '-',
    '_',
  ],
  ...[
    '\ud7ff',
    '\uffff',
    '\ufeff',
    '\u202e',
    'ı',
    'K',
    'é',
    '𝟘',
    '😀',
    '://',
    '[::1]',
    '127.0.0.1',
    'a'.repeat(70),
  ],
]
const BYTES = ['\xff', '\x80', '\xc0\x80', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\x7f', '\x1b'].map((bytes) =>
  Buffer.from(bytes, 'latin1'),
)

const mutations: readonly Mutation[] = [
  (input, dice) => changed(input, dice, (byte) => byte ^ (1 << dice.below(8))),
  (input, dice) => changed(input, dice, () => dice.below(256)),
  (input, dice) => changed(input, dice, (byte) => byte + dice.pick([1, -1])),
  (input, dice) => spliced(input, dice, 0, Buffer.of(dice.below(256))),
  (input, dice) => spliced(input, dice, 1 + dice.below(MOST_MOVED_BYTES), Buffer.alloc(0)),
  (input, dice) => spliced(input, dice, dice.below(3), pieceOf(input, dice)),
  (input, dice, { corpus }) => spliced(input, dice, dice.below(9), pieceOf(dice.pick(corpus), dice)),
  (input, dice, { words }) => spliced(input, dice, dice.below(4), wordOf(dice, words)),
  (input, dice, { words }) => spliced(input, dice, 0, wordOf(dice, words)),
  (input, dice) => spliced(input, dice, 0, repeated(pieceOf(input, dice), dice)),
  compared,
  compared,
  mutateJson,
  mutateJson,
]

/** An input that is like the given one, and at most `maxBytes` long. */
export function mutate(input: Buffer, dice: Dice, material: Material): Buffer {
  let mutant = dice.pick(mutations)(input, dice, material)
  for (let times = 1; times < MOST_AT_ONCE && dice.oneIn(2); times++)
    mutant = dice.pick(mutations)(mutant, dice, material)
  return mutant.subarray(0, material.maxBytes)
}

function changed(input: Buffer, dice: Dice, change: (byte: number) => number): Buffer {
  if (input.length === 0) return input
  const mutant = Buffer.from(input)
  const at = dice.below(mutant.length)
  mutant[at] = change(mutant[at] ?? 0)
  return mutant
}

/** Puts something anywhere, instead of so many bytes. */
function spliced(input: Buffer, dice: Dice, removed: number, added: Buffer): Buffer {
  const at = dice.below(input.length + 1)
  return Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)])
}

function pieceOf(input: Buffer, dice: Dice): Buffer {
  const at = dice.below(input.length + 1)
  return input.subarray(at, at + 1 + dice.below(MOST_MOVED_BYTES))
}

function wordOf(dice: Dice, words: readonly string[]): Buffer {
  if (dice.oneIn(8)) return dice.pick(BYTES)
  return Buffer.from(dice.pick(words.length > 0 && dice.oneIn(2) ? words : WORDS))
}

function repeated(piece: Buffer, dice: Dice): Buffer {
  return Buffer.concat(Array.from({ length: 1 + dice.below(MOST_REPEATS) }, () => piece))
}

/** Puts in what the program wanted, where it found something else. */
function compared(input: Buffer, dice: Dice, { comparisons }: Material): Buffer {
  if (comparisons.length === 0) return input
  const { found, wanted } = dice.pick(comparisons)
  const at = found === '' ? -1 : input.indexOf(found)
  const added = Buffer.from(wanted)
  if (at < 0) return spliced(input, dice, 0, added)
  return Buffer.concat([input.subarray(0, at), added, input.subarray(at + Buffer.byteLength(found))])
}
