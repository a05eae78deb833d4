import type { Ref } from '../model/ref.ts'
import type { ForceLeaveOptions, PingOutcome, RttResult } from './api.ts'
import type { Driver } from './driver.ts'
import { ForceLeaveError, PayloadError, PingError, RttError } from './errors.ts'
import type { Snapshots } from './snapshots.ts'

interface Running {
  readonly driver: Driver
  readonly snapshots: Snapshots
}

/** What is asked of one member, or of what is known of it: each ends with an answer, or an error that says why there is none. */
export class Questions {
  readonly #running: () => Running
  readonly #coordinates: boolean

  /** `running` throws where the node does not run; `coordinates`: whether it takes part in those. */
  constructor(running: () => Running, coordinates: boolean) {
    this.#running = running
    this.#coordinates = coordinates
  }

  async ping(name: string, signal: AbortSignal | undefined): Promise<PingOutcome> {
    const { driver } = this.#running()
    const ref = driver.engine.members.find(name)
    if (ref === undefined) {
      throw new PingError('unknown-member', `cannot ping ${JSON.stringify(name)}: no member has that name`)
    }
    const result = await driver.run((engine, now) => engine.ping(ref, now), signal)
    if (result.kind === 'pong') {
      return { name, rtt: result.rtt, path: result.path, payload: result.payload }
    }
    const code = result.kind === 'ping-failed' ? result.code : 'unreachable'
    throw new PingError(code, `cannot ping ${JSON.stringify(name)}: ${code}, by packet and by stream`)
  }

  rtt(a: string, b: string): RttResult {
    const { engine } = this.#running().driver
    const { members } = engine
    const fail = `no round trip from ${JSON.stringify(a)} to ${JSON.stringify(b)}`
    const refOf = (name: string): Ref => {
      const ref = members.find(name)
      if (ref !== undefined) return ref
      throw new RttError('unknown-member', `${fail}: no member is called ${JSON.stringify(name)}`)
    }
    const known = engine.rtt(refOf(a), refOf(b))
    if ('rtt' in known) return { a, b, rtt: known.rtt, source: known.kind }
    const reason = this.#coordinates
      ? `no coordinate of ${JSON.stringify(members.name(known.ref))} has come here yet`
      : 'it was not measured, and coordinates are turned off here'
    throw new RttError('no-coordinate', `${fail}: ${reason}`)
  }

  async payload(member: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { driver, snapshots } = this.#running()
    const fail = `no payload of ${JSON.stringify(member)}`
    const known = snapshots.member(member)
    const ref = driver.engine.members.find(member)
    if (known === undefined || ref === undefined) {
      throw new PayloadError('unknown-member', `${fail}: no member has that name`)
    }
    if (known.largePayload?.here !== false) return known.payload
    const result = await driver.run((engine, now) => engine.fetchPayload(ref, now), signal)
    if (result.kind === 'fetched') return result.payload
    const code = result.kind === 'fetch-failed' ? result.code : 'unreachable'
    throw new PayloadError(code, `${fail}: ${payloadFailures[code] ?? code}`)
  }

  async forceLeave(name: string, { prune = false, signal }: ForceLeaveOptions): Promise<void> {
    const { driver } = this.#running()
    const { members } = driver.engine
    const ref = members.find(name)
    const fail = `cannot force ${JSON.stringify(name)} out`
    if (ref === undefined) throw new ForceLeaveError('unknown-member', `${fail}: no member has that name`)
    if (ref === members.self)
      throw new ForceLeaveError('self', `${fail}: it is this node, which has to leave`)
    await driver.run((engine, now) => engine.forceLeave(ref, prune, now), signal)
  }
}

const payloadFailures: Readonly<Record<string, string>> = {
  changed: 'it has another by now',
  unreachable: 'its owner cannot be reached',
  'too-large': "it is larger than this node's maxPayloadBytes",
}
