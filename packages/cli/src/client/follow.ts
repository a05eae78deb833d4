import { exponentialBackoff } from '@swimkit/bootstrap'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { CliError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { ask, bodyOf, type ControlTarget, RefusedError, refusal } from './control-client.ts'

export interface FollowOptions {
  readonly signal: AbortSignal
  /** Start after this event. */
  readonly after?: string | undefined
  /** Without how members that flap go back and forth. Default false. */
  readonly damped?: boolean
  /** With what members tell all. Default false. */
  readonly broadcasts?: boolean
  /** Called with each event. */
  onEvent(event: EventSourceMessage): void
  /** Resolves once what events led to is done; until then no more of them are read, and the node keeps what it can. */
  caughtUp(): Promise<void>
  /** The connection was lost and is sought again. */
  onLost(reason: string): void
  /** How long to seek it, milliseconds. */
  readonly patience: number
}

/**
 * Follows a node's events until the signal ends it. A lost connection is taken up again after the last event that
 * arrived. Rejects when the first connection fails, or none has been had again for `patience`.
 */
export async function follow(target: ControlTarget, options: FollowOptions): Promise<void> {
  const { broadcasts = false, caughtUp, damped = false, signal, onEvent, onLost, patience } = options
  const path = `/v1/events?damped=${damped}&broadcasts=${broadcasts}`
  const backoff = exponentialBackoff(500, 5_000, Math.random)
  let lastId = options.after
  let lostAt: number | undefined
  let everConnected = false

  while (!signal.aborted) {
    let why = 'the node ended the stream'
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastId !== undefined) headers['last-event-id'] = lastId
      const { status, response } = await ask(target, path, { signal, headers })
      if (status !== 200) throw refusal(target, status, await bodyOf(response))
      everConnected = true
      lostAt = undefined
      backoff.reset()
      const parser = createParser({
        onEvent(event) {
          if (event.id !== undefined) lastId = event.id
          onEvent(event)
        },
      })
      response.setEncoding('utf8')
      for await (const chunk of response) {
        parser.feed(String(chunk))
        await caughtUp()
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof RefusedError || !everConnected) throw error
      if (error instanceof Error) why = error.message
    }
    if (signal.aborted) return
    const now = Date.now()
    if (lostAt === undefined) {
      lostAt = now
      onLost(why)
    } else if (now - lostAt > patience) {
      throw new CliError(
        1,
        `no node answers at ${target.url} any more, after ${Math.round(patience / 1_000)} s`,
      )
    }
    await sleep(backoff.next(), signal)
  }
}
