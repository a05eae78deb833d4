import type { Ref } from '../model/ref.ts'
import { Due } from './core-state.ts'
import type { LookReport } from './looks.ts'
import type { Parts } from './parts.ts'
import type { PingReport } from './ping-service.ts'
import type { Millis } from './time.ts'

/** Takes what became of pings and looks to those who wanted to know. */
export class Reports {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  deliver(now: Millis): void {
    const { looks, pings, state } = this.#parts
    if ((state.due & Due.Reports) === 0) return
    state.due &= ~Due.Reports
    // One may lead to another, which then stands behind it.
    const ended = pings.reports
    for (let i = 0; i < ended.length; i++) this.#onPing(ended[i]!, now)
    while (ended.length > 0) ended.pop()
    const looked = looks.reports
    for (let i = 0; i < looked.length; i++) this.#onLook(looked[i]!, now)
    while (looked.length > 0) looked.pop()
  }

  /** Pings a member for an operation; it ends with the report. */
  ping(operation: number, ref: Ref, path: 'direct' | 'stream', now: Millis): void {
    const { outbox, pings, state } = this.#parts
    const { probeTimeout } = state.settings
    const seq = pings.member(ref, path, undefined, probeTimeout, 'operation', operation, now)
    if (seq < 0) outbox.result(operation, { kind: 'ping-failed', code: 'busy' })
  }

  #onPing(report: PingReport, now: Millis): void {
    const { detection, introductions, looks, paths } = this.#parts
    paths.onPing(report, now)
    switch (report.owner) {
      case 'look':
        return looks.onPing(report, now)
      case 'detector':
        return detection.onPing(report, now)
      case 'path':
        return
      case 'operation':
        return this.#onOperation(report, now)
      case 'conflict':
      case 'admission':
        return introductions.onPing(report, now)
    }
  }

  #onLook(look: LookReport, now: Millis): void {
    const { detection, paths, witness } = this.#parts
    if (look.outcome === 'reached' && look.path !== 'direct') paths.suspect(look.seen.ref, 'packets', now)
    if (look.owner === 'witness') witness.onLook(look, now)
    else detection.onLook(look, now)
  }

  #onOperation({ arg: operation, outcome, path, payload, ref, rtt }: PingReport, now: Millis): void {
    const { outbox, state } = this.#parts
    if (path === 'indirect' || outcome === 'nack') return
    if (outcome === 'ack') outbox.result(operation, { kind: 'pong', rtt, path, payload })
    else if (path === 'direct' && state.streams && ref !== undefined && state.table.has(ref)) {
      this.ping(operation, ref, 'stream', now)
    } else outbox.result(operation, { kind: 'ping-failed', code: outcome })
  }
}
