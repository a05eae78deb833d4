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
  readonly #open = new Map<string, number>()
  #all = 0

  constructor(perSource: number, refusals: Refusals) {
    this.#perSource = perSource
    this.#refusals = refusals
  }

  watch(server: Server, sourceOf: (remoteAddress: string | undefined) => string): void {
    server.on('connection', (socket: Socket) => this.#admit(socket, sourceOf(socket.remoteAddress)))
  }

  #admit(socket: Socket, source: string): void {
    const open = this.#open.get(source) ?? 0
    if (this.#all >= limits.connections || open >= this.#perSource) {
      this.#refusals.note('connections', source)
      socket.destroy()
      return
    }
    this.#all++
    this.#open.set(source, open + 1)
    socket.once('close', () => {
      this.#all--
      const left = (this.#open.get(source) ?? 1) - 1
      if (left > 0) this.#open.set(source, left)
      else this.#open.delete(source)
    })
  }
}
