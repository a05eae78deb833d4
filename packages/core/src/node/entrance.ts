import type { Address } from '../model/address.ts'
import type { AllowList } from '../model/allow-list.ts'
import type { Logger } from './api.ts'
import type { Driver } from './driver.ts'
import type { PacketLoss } from './packet-loss.ts'
import type { Refusals } from './refusals.ts'
import type { Streams } from './streams.ts'
import type { Connection, TransportHandlers } from './transport.ts'

/** What an entrance is given. */
export interface EntranceOptions {
  /** Who may speak to this node; undefined: anybody. */
  readonly allow: AllowList | undefined
  readonly loss: PacketLoss
  readonly refusals: Refusals
  readonly streams: Streams
  readonly logger: Logger | undefined
  /** Undefined before the node has started, and after it has ended. */
  readonly driver: () => Driver | undefined
  /** The transport no longer works. */
  readonly onFatal: (error: Error) => void
}

/** Where all comes in from the transport: looks at who it is from before anything of it is read, and takes it to the engine. */
export class Entrance implements TransportHandlers {
  readonly #with: EntranceOptions
  readonly #allow: AllowList | undefined
  #packetsNotAllowed = 0
  #connectionsNotAllowed = 0
  #faults = 0

  constructor(options: EntranceOptions) {
    this.#with = options
    this.#allow = options.allow
  }

  stats() {
    return {
      packetsNotAllowed: this.#packetsNotAllowed,
      connectionsNotAllowed: this.#connectionsNotAllowed,
      transportFaults: this.#faults,
    }
  }

  packet(from: Address, bytes: Uint8Array): void {
    if (this.#allow?.allows(from.host) === false) {
      this.#packetsNotAllowed++
      this.#with.refusals.stranger(from)
      return
    }
    if (!this.#with.loss.in()) this.#with.driver()?.packet(from, bytes)
  }

  connection(connection: Connection): void {
    const { driver, logger, refusals, streams } = this.#with
    const { remote } = connection
    if (this.#allow?.allows(remote.host) === false) {
      this.#connectionsNotAllowed++
      refusals.stranger(remote)
      connection.destroy()
      return
    }
    void streams.serve(
      connection,
      (request) => driver()?.request(remote, request) ?? [],
      (error) => logger?.log('error', 'a stream could not be answered', { error: String(error) }),
    )
  }

  fault(error: Error, fatal: boolean): void {
    const { logger, onFatal } = this.#with
    this.#faults++
    if (fatal) {
      logger?.log('error', 'the transport failed', { error: error.message })
      onFatal(error)
    } else if (logger?.enabled('debug')) logger.log('debug', 'socket error', { error: error.message })
  }
}
