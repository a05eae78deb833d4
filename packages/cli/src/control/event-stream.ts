import type { Broadcast, GapEvent, MemberEvent, MissedGap, Node } from '@swimkit/core'
import { bodyJson, eventJson } from './member-json.ts'

export interface EventStreamOptions {
  /** Replay what is kept after this id. */
  readonly after: number | undefined
  /** Without the turns of members that flap. */
  readonly damped: boolean
  /** With what members tell all, which is not kept: who comes back has missed it. */
  readonly broadcasts: boolean
  /** Id of the newest event so far: an `after` above it is of another run of this process. */
  readonly newest: number
  /** Comment line after so many milliseconds without an event. */
  readonly heartbeat: number
  /** A consumer that takes nothing for so long, in milliseconds, is dropped. */
  readonly patience: number
  /** Holds how to end each stream that is open. Not an AbortSignal, which warns of a leak at the eleventh follower. */
  readonly open: Set<() => void>
}

type Item = MemberEvent | GapEvent | Broadcast | MissedGap

/** Something that a member has told all, as the control API gives it. */
export interface BroadcastJson {
  readonly name: string
  readonly from: string
  readonly time: number
  /** ISO time. */
  readonly toldAt: string
  readonly payload?: string
  readonly payloadBase64?: string
}

const broadcastJson = ({ body, from, name, time, toldAt }: Broadcast): BroadcastJson => ({
  name,
  from,
  time,
  toldAt: toldAt.toISOString(),
  ...bodyJson(body),
})

/** Events kept for one consumer that is behind; those beyond become a `gap`. */
const buffer = 1_024

const encoder = new TextEncoder()
const message = (event: string, data: object, id?: number): Uint8Array =>
  encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
const comment = (text: string): Uint8Array => encoder.encode(`: ${text}\n\n`)

/**
 * The node's events as server-sent events: `member` with its id, `gap` where some are missing, `broadcast` and `broadcast-gap` if they are wanted. One event is taken from
 * the node per pull of the consumer, so that what waits for a slow one waits in the node's bounded buffer and nowhere
 * else.
 */
export function eventStream(
  node: Pick<Node, 'broadcasts' | 'events'>,
  options: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const { after, damped, newest, heartbeat, patience } = options
  // Ids begin anew with each run of a process: whoever comes with a higher one has missed the end of the last run.
  const otherRun = after !== undefined && after > newest
  const from = otherRun ? 0 : after
  const end = new AbortController()
  const stop = () => end.abort()
  options.open.add(stop)

  const events = node.events({
    signal: end.signal,
    buffer,
    damped,
    ...(from === undefined ? {} : { after: from }),
  })
  const feeds: { readonly feed: AsyncIterator<Item>; pending: Promise<IteratorResult<Item>> | undefined }[] =
    [{ feed: events, pending: undefined }]
  if (options.broadcasts) {
    feeds.push({ feed: node.broadcasts({ signal: end.signal, buffer }), pending: undefined })
  }
  let last = from
  let opened = false
  let idle: ReturnType<typeof setTimeout> | undefined

  function close(controller?: ReadableStreamDefaultController<Uint8Array>): void {
    clearTimeout(idle)
    options.open.delete(stop)
    end.abort()
    try {
      controller?.close()
    } catch {
      // Already closed or cancelled by the consumer.
    }
  }

  /** The next one of any feed, or undefined when none came within a heartbeat; it is then still awaited. */
  async function next(): Promise<IteratorResult<Item> | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const beat = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), heartbeat)
    })
    const coming = feeds.map(async (each) => {
      each.pending ??= each.feed.next()
      return { each, result: await each.pending }
    })
    try {
      const first = await Promise.race([...coming, beat])
      if (first === undefined) return undefined
      first.each.pending = undefined
      return first.result
    } finally {
      clearTimeout(timer)
    }
  }

  function enqueueMember(controller: ReadableStreamDefaultController<Uint8Array>, event: MemberEvent): void {
    if (last !== undefined && event.id > last + 1) {
      controller.enqueue(message('gap', { missed: event.id - last - 1, nextId: event.id }))
    }
    last = event.id
    controller.enqueue(message('member', eventJson(event), event.id))
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Also for a consumer that never takes anything at all.
        idle = setTimeout(() => close(controller), patience)
      },
      async pull(controller) {
        clearTimeout(idle)
        if (!opened) {
          opened = true
          // Sends the headers off, and tells a browser how soon to come back.
          controller.enqueue(encoder.encode(': events\nretry: 2000\n\n'))
          if (otherRun) controller.enqueue(message('gap', { missed: null, nextId: 1 }))
        } else {
          let result: IteratorResult<Item> | undefined
          try {
            result = await next()
          } catch {
            close(controller) // aborted, or the node was stopped
            return
          }
          if (result === undefined) {
            controller.enqueue(comment('still here'))
          } else if (result.done) {
            close(controller)
            return
          } else if ('member' in result.value) {
            enqueueMember(controller, result.value)
          } else if (result.value.type === 'broadcast') {
            controller.enqueue(message('broadcast', broadcastJson(result.value)))
          } else if ('nextId' in result.value) {
            const { missed, nextId } = result.value
            last = nextId - 1
            controller.enqueue(message('gap', { missed, nextId }))
          } else {
            controller.enqueue(message('broadcast-gap', { missed: result.value.missed }))
          }
        }
        // Until the next pull, the consumer has this long to take what it was given.
        idle = setTimeout(() => close(controller), patience)
      },
      cancel() {
        close()
      },
    },
    { highWaterMark: 0 },
  )
}
