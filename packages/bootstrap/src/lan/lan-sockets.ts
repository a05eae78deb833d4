import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Address } from '@swimkit/core'

/** Where a packet came in: at the port that all share, or at this process's own, to which answers go. */
export type LanPort = 'shared' | 'own'

export interface LanSocketHandlers {
  packet(bytes: Uint8Array, from: Address, port: LanPort): void
  /** A socket reported something that belongs to no send. */
  fault(error: Error): void
}

/** The two sockets of a process on the local network. */
export interface LanSockets {
  /** From the own port. Calls back with what went wrong, if anything. */
  send(bytes: Uint8Array, to: Address, done: (error: Error | undefined) => void): void
  close(): Promise<void>
}

export type OpenLanSockets = (port: number, handlers: LanSocketHandlers) => Promise<LanSockets>

/**
 * Binds them. All processes of a machine listen at `port`, and each is given every broadcast; a packet for one address would be given to one of
 * them alone, which is why each has a port of its own for what it asks. Rejects with the system's errors.
 */
export const openLanSockets: OpenLanSockets = async (port, { fault, packet }) => {
  const shared = await bound({ reuse: true, port })
  let own: Socket
  try {
    own = await bound({ reuse: false, port: 0 })
    own.setBroadcast(true)
  } catch (error) {
    await closed(shared)
    throw error
  }
  const hear = (socket: Socket, which: LanPort): void => {
    socket.on('message', (bytes: Uint8Array, { address: host, port: from }: RemoteInfo) =>
      packet(bytes, { host, port: from }, which),
    )
    socket.on('error', fault)
  }
  hear(shared, 'shared')
  hear(own, 'own')

  const send: LanSockets['send'] = (bytes, { host, port: to }, done) => {
    const once = (finished: (error: Error | null) => void): void => {
      try {
        own.send(bytes, to, host, finished)
      } catch (error) {
        queueMicrotask(() => finished(error as Error)) // node:dgram throws nothing but errors
      }
    }
    once((error) => {
      // Bun tells of an earlier packet that nobody took with the next one, which it drops: see the UDP transport.
      if (isRefusal(error)) once((again) => done(again ?? undefined))
      else done(error ?? undefined)
    })
  }
  return { send, close: async () => void (await Promise.all([closed(shared), closed(own)])) }
}

function bound({ port, reuse }: { readonly reuse: boolean; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: reuse })
    const failed = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', failed)
    socket.once('listening', () => {
      socket.off('error', failed)
      resolve(socket)
    })
    // exclusive: in a worker of node:cluster the parent would otherwise bind, and hand packets to one worker alone
    socket.bind({ address: '0.0.0.0', port, exclusive: true })
  })
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.close(() => resolve()))

const isRefusal = (error: (Error & { code?: string }) | null): boolean => error?.code === 'ECONNREFUSED'
