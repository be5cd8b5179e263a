import type { BoundKeyName, KeyName, Presented, Rules, Seen } from './rotation.story.ts'

interface Line {
  generation: number
  base: number
  /** The attempt that made the current generation, unless it was one that nobody can repeat. */
  key: KeyName | undefined
  keyed: boolean
  inUse: boolean
  readonly began: number
  turned: number
  version: number
  bound: { readonly key: BoundKeyName; readonly at: number } | undefined
  readonly body: boolean
}

const BOUND_KEY_GRACE = 10_000

const DRIFT = { fit: 1, same: 2, known: 4, fell: 32768 } as const

const isSent = (key: KeyName | undefined): boolean => key === 'sent A' || key === 'sent B'

/** The sessions of one subject, as the design's table of section 4.2 has it: the least that can be said of them. */
export class Model {
  readonly lines = new Map<number, Line>()
  readonly revoked = new Set<number>()
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  open(name: number, line: Pick<Line, 'body' | 'version' | 'keyed'>, now: number): void {
    const fresh = { generation: 1, base: 0, key: undefined, inUse: false, bound: undefined }
    this.lines.set(name, { ...fresh, began: now, turned: now, ...line })
  }

  present(name: number, token: Presented, now: number): Seen {
    const line = this.lines.get(name)
    if (line === undefined) return { kind: 'unknown' }
    if (this.#isOver(line, now)) {
      this.lines.delete(name)
      return { kind: 'expired' }
    }
    if (!token.own) return { kind: 'wrong_client' }
    const { bound } = line
    const isAsked = bound !== undefined && token.proof !== 'unasked' && now - bound.at > BOUND_KEY_GRACE
    if (isAsked && token.proof !== bound.key) return { kind: 'unproven' }
    const fell = token.version !== 0 && token.version < line.version
    const drift =
      (token.fits ? 0 : DRIFT.fit) +
      (token.same ? 0 : DRIFT.same) +
      (token.known ? 0 : DRIFT.known) +
      (fell ? DRIFT.fell : 0)
    if (!token.fits) return this.#theft(name, { kind: 'mismatched', generation: line.generation, drift })

    const { generation } = line
    const strict = this.#rules.graceMs === 0
    const challenged = token.known ? undefined : { kind: 'challenged', generation, drift }
    const ahead = token.generation > generation
    if (ahead && strict) return this.#theft(name, { kind: 'reused', generation, rolledBack: true })
    if (ahead || token.generation === generation) {
      if (challenged) return challenged
      this.#goOn(line, token.generation + 1, token.generation, token, now)
      return { kind: 'rotated', generation: line.generation, drift, rolledBack: ahead }
    }
    if (token.generation === line.base) {
      const repeats = token.key !== 'none' && token.key !== 'new' && token.key === line.key
      const races = !strict && now - line.turned <= this.#rules.graceMs && !line.keyed && !isSent(token.key)
      if (repeats || races) return challenged ?? { kind: 'converged', generation, drift }
      if (!strict && !line.inUse && !isSent(line.key)) {
        if (challenged) return challenged
        this.#goOn(line, generation + 1, line.base, token, now)
        return { kind: 'contested', generation: line.generation, drift }
      }
    }
    return this.#theft(name, { kind: 'reused', generation, rolledBack: false })
  }

  bindKey(name: number, key: BoundKeyName, now: number): Seen {
    const line = this.lines.get(name)
    if (line === undefined || this.#isOver(line, now)) return { kind: 'unknown' }
    if (line.bound !== undefined) return { kind: 'taken' }
    line.bound = { key, at: now }
    return { kind: 'bound', generation: line.generation }
  }

  seeInUse(name: number, generation: number): void {
    const line = this.lines.get(name)
    if (line?.generation === generation) line.inUse = true
  }

  end(name: number): Seen {
    const known = this.lines.has(name)
    if (known) this.#theft(name, { kind: 'ended' })
    return { kind: known ? 'ended' : 'absent' }
  }

  /** Answers the generation of the session that is kept. */
  endAllBut(kept: number | undefined, now: number): number | undefined {
    for (const name of this.live(now)) if (name !== kept) this.#theft(name, { kind: 'ended' })
    const line = kept === undefined ? undefined : this.lines.get(kept)
    if (line === undefined || line.body) return line?.generation
    const generation = line.generation + 2
    Object.assign(line, { generation, base: generation - 1, key: undefined, inUse: false, turned: now })
    return generation
  }

  /** Whoever looks at them all drops what is over. */
  live(now: number): number[] {
    for (const [name, line] of this.lines) if (this.#isOver(line, now)) this.lines.delete(name)
    return [...this.lines.keys()]
  }

  #goOn(line: Line, generation: number, base: number, { key, version }: Presented, now: number): void {
    Object.assign(line, { generation, base, key, inUse: false, turned: now })
    line.keyed ||= isSent(key)
    line.version = Math.max(line.version, version)
  }

  #isOver(line: Line, now: number): boolean {
    return now - line.turned >= this.#rules.idleMs || now - line.began >= this.#rules.absoluteMs
  }

  #theft(name: number, seen: Seen): Seen {
    this.lines.delete(name)
    this.revoked.add(name)
    return seen
  }
}
