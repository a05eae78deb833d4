import { isIP, Socket } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import { type Address, DialError, formatAddress, type Millis, unmapIpv4 } from '@swimkit/core'
import { dialError } from './dial-error.ts'

/** Whether an address can be connected to by its form. */
export function isReachable({ host, port }: Address): boolean {
  return isIP(host) !== 0 && Number.isInteger(port) && port >= 1 && port <= 65_535
}

/**
 * A connected socket. `opened` is told of it before it is connected, so that it can be destroyed from elsewhere.
 * Rejects with a DialError, or with the signal's reason.
 */
export function connect(
  to: Address,
  timeout: Millis,
  signal: AbortSignal,
  opened: (socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    if (!isReachable(to)) {
      return reject(
        new DialError(
          'unreachable',
          `cannot connect to ${formatAddress(to)}: it takes an IP address and a port of 1..65535`,
        ),
      )
    }
    const socket = new Socket({ allowHalfOpen: true })
    opened(socket)

    const fail = (error: unknown): void => {
      release()
      socket.destroy()
      reject(error)
    }
    const connected = (): void => {
      release()
      if (isSelfConnected(socket)) {
        fail(
          new DialError(
            'refused',
            `cannot connect to ${formatAddress(to)}: nobody listens, the socket met itself`,
          ),
        )
      } else resolve(socket.setNoDelay())
    }
    const failed = (error: Error): void => fail(dialError(to, error))
    const closed = (): void =>
      fail(new DialError('reset', `cannot connect to ${formatAddress(to)}: the socket was closed`))
    const aborted = (): void => fail(signal.reason)
    const timer = setTimeout(
      () =>
        fail(new DialError('timeout', `cannot connect to ${formatAddress(to)}: no answer in ${timeout} ms`)),
      timeout,
    ).unref()
    const release = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('connect', connected).off('error', failed).off('close', closed)
    }
    socket.on('connect', connected).on('error', failed).on('close', closed)
    signal.addEventListener('abort', aborted)
    try {
      socket.connect({ host: to.host, port: to.port })
    } catch (error) {
      failed(error as Error) // such as Deno's for a permission it was not given
    }
  })
}

/**
 * A connect to a free port of this machine can be given that very port as its own, and then TCP's simultaneous open
 * succeeds with oneself: a closed port would seem open.
 */
export function isSelfConnected(socket: Socket): boolean {
  return (
    socket.localPort === socket.remotePort &&
    unmapIpv4(socket.localAddress ?? '') === unmapIpv4(socket.remoteAddress ?? '')
  )
}
