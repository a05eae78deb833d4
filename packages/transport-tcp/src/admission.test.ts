import { describe, expect, it } from 'vitest'
import { Admission } from './admission.ts'

class Guest {
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

function full(): [Admission<Guest>, Guest, Guest] {
  const admission = new Admission<Guest>(2)
  const [first, second] = [new Guest(), new Guest()]
  expect([admission.admit(first), admission.admit(second)]).toEqual(['admitted', 'admitted'])
  return [admission, first, second]
}

describe('admission', () => {
  it('the oldest that is not settled makes way', () => {
    const [admission, first, second] = full()
    expect(admission.admit(new Guest())).toBe('evicted')
    expect([first.destroyed, second.destroyed]).toEqual([true, false])
  })

  it('a settled one stays, and the next oldest goes', () => {
    const [admission, first, second] = full()
    admission.settle(first)
    expect(admission.admit(new Guest())).toBe('evicted')
    expect([first.destroyed, second.destroyed]).toEqual([false, true])
  })

  it('when all are settled the new one goes', () => {
    const [admission, first, second] = full()
    admission.settle(first)
    admission.settle(second)
    const third = new Guest()
    expect(admission.admit(third)).toBe('refused')
    expect([first.destroyed, second.destroyed, third.destroyed]).toEqual([false, false, true])
  })

  it.each(['settled', 'unsettled'])('a %s one that leaves makes room', (state) => {
    const [admission, first, second] = full()
    if (state === 'settled') admission.settle(first)
    admission.leave(first)
    expect(admission.admit(new Guest())).toBe('admitted')
    expect(second.destroyed).toBe(false)
  })

  it('one that was evicted cannot settle its way back in', () => {
    const [admission, first, second] = full()
    admission.admit(new Guest()) // first goes
    admission.settle(first)
    admission.leave(second)
    expect(admission.admit(new Guest())).toBe('admitted')
    expect(admission.admit(new Guest())).toBe('evicted')
  })
})
