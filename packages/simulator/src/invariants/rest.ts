import { type Ref, Status } from '@swimkit/core'
import { isGreater, showConfig } from './configurations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'
import { showClaim } from './show.ts'

/** Where a node's table differs from what is so; undefined where it does not. */
export function disagreement(truth: GroundTruth): { at: Process; about: string; what: string } | undefined {
  const standing = truth.standing()
  const digests = new Map<string, Process>()
  for (const at of standing) {
    const { engine } = at.node
    const { members } = engine
    for (const other of standing) {
      const ref = members.find(other.name)
      const what = wrongAbout(at, other, ref)
      if (what !== undefined) return { at, about: other.name, what }
    }
    for (let i = 0; i < members.active; i++) {
      const name = members.name(members.activeAt(i))
      if (standing.some((other) => other.name === name)) continue
      const ref = members.activeAt(i)
      // It runs no more, or has left.
      return {
        at,
        about: name,
        what: `holds ${showClaim(members.status(ref), members.incarnation(ref))}, and it is gone`,
      }
    }
    digests.set(engine.digest, at)
  }
  const [first, ...rest] = standing
  const other = rest.find(
    ({ node }) =>
      first !== undefined &&
      isGreater(node.engine.config, first.node.engine.config) !==
        isGreater(first.node.engine.config, node.engine.config),
  )
  if (first !== undefined && other !== undefined) {
    const { config } = other.node.engine
    return {
      at: first,
      about: other.name,
      what: `runs ${showConfig(first.node.engine.config)}, and ${other.name} runs ${showConfig(config)}`,
    }
  }
  if (digests.size > 1) {
    const [one, other] = [...digests]
    return {
      at: one![1],
      about: other![1].name,
      what: `has the digest ${one![0]}, and ${other![1].name} has ${other![0]}`,
    }
  }
  return undefined
}

function wrongAbout(at: Process, other: Process, ref: Ref | undefined): string | undefined {
  if (ref === undefined) return 'does not know it, and it lives'
  const { members } = at.node.engine
  const status = members.status(ref)
  const incarnation = members.incarnation(ref)
  if (status !== Status.Alive) return `holds ${showClaim(status, incarnation)}, and it lives`
  if (members.record(ref).boot !== other.boot) return 'holds another process alive under its name'
  const own = other.node.engine.members
  if (incarnation === own.incarnation(own.self)) return undefined
  return `holds ${showClaim(status, incarnation)}, and it is at ${own.incarnation(own.self)}`
}

/**
 * At rest all that live agree, and are right: each holds those that run and have not left alive, as the processes and at the
 * incarnations that they are, and nobody else. A member that lives and can be reached is failed nowhere.
 */
export const allAgreeAtRest: Invariant = {
  name: 'all-agree-at-rest',
  rule: 'within the stated bound after the last fault all that run hold the same members: those that run and have not left',
  watch: (truth) => ({
    atRest() {
      const found = disagreement(truth)
      if (found === undefined) return
      throw new InvariantViolation(allAgreeAtRest, found.what, found.at.node, found.about)
    },
  }),
}
