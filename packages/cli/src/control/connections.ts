import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { limits } from './limits.ts'
import type { Refusals } from './refusals.ts'

/**
 * Counts the connections of one or several servers, and closes each beyond the bounds as it comes. A source has only a
 * part of all, so that one script which never closes any leaves room for others, probes among them. (A server's own
 * `maxConnections` has no part for each, and Deno's tells nobody of those that it closes.)
 */
export class Connections {
  readonly #perSource: number
  readonly #refusals: Refusals
  readonly #open = new Set<Socket>()
  readonly #openOf = new Map<string, number>()

  constructor(perSource: number, refusals: Refusals) {
    this.#perSource = perSource
    this.#refusals = refusals
  }

  watch(server: Server, sourceOf: (remoteAddress: string | undefined) => string): void {
    server.on('connection', (socket: Socket) => this.#admit(socket, sourceOf(socket.remoteAddress)))
  }

  /** Cuts all that are open: a server knows nothing of those that have not come to their first request, as in a TLS handshake. */
  end(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #admit(socket: Socket, source: string): void {
    const open = this.#openOf.get(source) ?? 0
    if (this.#open.size >= limits.connections || open >= this.#perSource) {
      this.#refusals.note('connections', source)
      socket.destroy()
      return
    }
    this.#open.add(socket)
    this.#openOf.set(source, open + 1)
    socket.once('close', () => {
      this.#open.delete(socket)
      const left = (this.#openOf.get(source) ?? 1) - 1
      if (left > 0) this.#openOf.set(source, left)
      else this.#openOf.delete(source)
    })
  }
}
