import { cpuSeconds } from '../peer/cost.mts'

interface Due {
  readonly at: number
  readonly kind: 'period' | 'ping' | 'ack'
  readonly from: number
  readonly to: number
}

/** A binary heap of objects, as anybody would write it first. */
export function bareHeap(count: number, span: number): { seconds: number; events: number } {
  const heap: Due[] = []
  let seed = 1
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 4_294_967_296
  }
  const push = (due: Due): void => {
    let place = heap.push(due) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      if (heap[above]!.at <= due.at) break
      heap[place] = heap[above]!
      place = above
    }
    heap[place] = due
  }
  const pop = (): Due => {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
    return first
  }
  for (let node = 0; node < count; node++)
    push({ at: random() * 1_000, kind: 'period', from: node, to: node })
  const delay = (): number => 0.2 + 0.6 * random()
  const start = cpuSeconds()
  let events = 0
  while (heap[0]!.at <= span * 1_000) {
    const { at, from, kind, to } = pop()
    events++
    if (kind === 'period') {
      push({ at: at + 1_000, kind, from, to })
      push({ at: at + delay(), kind: 'ping', from, to: Math.floor(random() * count) })
    } else if (kind === 'ping') push({ at: at + delay(), kind: 'ack', from: to, to: from })
  }
  return { seconds: cpuSeconds() - start, events }
}
