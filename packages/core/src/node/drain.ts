import type { Millis } from '../engine/time.ts'
import type { LeaveOptions, Logger } from './api.ts'
import type { Host } from './host.ts'

/** Waits for a promise, but no longer than so many milliseconds. Rejects where it does. */
export async function within(host: Host, limit: Millis, promise: Promise<unknown>): Promise<void> {
  let cancel: () => void = () => undefined
  const over = new Promise<void>((resolve) => {
    cancel = host.wake(host.now() + limit, resolve)
  })
  try {
    await Promise.race([promise, over])
  } finally {
    cancel()
  }
}

/** Calls a drain hook, and resolves when it is done, has failed or has had its time. Rejects only when the caller's signal is aborted, with its reason. */
export async function drained(
  host: Host,
  drain: NonNullable<LeaveOptions['drain']>,
  limit: Millis,
  logger: Logger | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  const abort = new AbortController()
  let over!: (why: 'late' | 'aborted') => void
  const ended = new Promise<'late' | 'aborted'>((resolve) => {
    over = resolve
  })
  const onAbort = (): void => over('aborted')
  signal?.addEventListener('abort', onAbort, { once: true })
  const cancel = host.wake(host.now() + limit, () => over('late'))
  try {
    const how = await Promise.race([ended, run(drain, abort.signal, logger)])
    if (how === 'late') logger?.log('warn', `what is under way was not drained within ${limit} ms`)
    if (how !== 'done') abort.abort()
    if (how === 'aborted') throw signal?.reason
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function run(
  drain: NonNullable<LeaveOptions['drain']>,
  signal: AbortSignal,
  logger: Logger | undefined,
): Promise<'done'> {
  try {
    await drain(signal)
  } catch (error) {
    logger?.log('error', 'the drain hook failed', { error: String(error) })
  }
  return 'done'
}
