import type { Host } from '@swimkit/core'

/** Resolves after so many milliseconds, or at once when the signal is aborted. */
export function sleep(host: Pick<Host, 'now' | 'wake'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = host.wake(host.now() + ms, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
