import type { Presented, Rules, Seen } from './rotation.story.ts'

interface Line {
  generation: number
  inUse: boolean
  readonly began: number
  turned: number
  version: number
  readonly body: boolean
}

export const DRIFT = { fit: 1, same: 2, fell: 32768 } as const

/** The sessions of one subject, as the design's table of section 4.2 has it: the least that can be said of them. */
export class Model {
  readonly lines = new Map<number, Line>()
  readonly revoked = new Set<number>()
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  open(name: number, body: boolean, version: number, now: number): void {
    this.lines.set(name, { generation: 1, inUse: false, began: now, turned: now, version, body })
  }

  present(name: number, token: Presented, now: number): Seen {
    const line = this.lines.get(name)
    if (line === undefined) return { kind: 'unknown' }
    if (this.#isOver(line, now)) {
      this.lines.delete(name)
      return { kind: 'expired' }
    }
    if (!token.own) return { kind: 'wrong_client' }
    const fell = token.version !== 0 && token.version < line.version
    const drift = (token.fits ? 0 : DRIFT.fit) + (token.same ? 0 : DRIFT.same) + (fell ? DRIFT.fell : 0)
    if (!token.fits) return this.#theft(name, { kind: 'mismatched', generation: line.generation, drift })

    const { generation } = line
    const ahead = token.generation > generation
    const strict = this.#rules.graceMs === 0 && !this.#rules.recoverLost
    if (ahead && strict) return this.#theft(name, { kind: 'reused', generation, rolledBack: true })
    if (ahead || token.generation === generation) {
      Object.assign(line, { generation: token.generation + 1, inUse: false, turned: now })
      line.version = Math.max(line.version, token.version)
      return { kind: 'rotated', generation: line.generation, drift, rolledBack: ahead }
    }
    const lost = this.#rules.recoverLost && !line.inUse
    const racing = this.#rules.graceMs !== 0 && now - line.turned <= this.#rules.graceMs
    if (token.generation === generation - 1 && (lost || racing)) return { kind: 'converged', generation }
    return this.#theft(name, { kind: 'reused', generation, rolledBack: false })
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
    Object.assign(line, { generation: line.generation + 2, inUse: false, turned: now })
    return line.generation
  }

  /** Whoever looks at them all drops what is over. */
  live(now: number): number[] {
    for (const [name, line] of this.lines) if (this.#isOver(line, now)) this.lines.delete(name)
    return [...this.lines.keys()]
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
