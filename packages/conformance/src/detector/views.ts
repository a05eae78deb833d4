import type { MemberView } from '@swimkit/core'
import { ConformanceError } from '../case/check.ts'
import { contract } from './contract.ts'

const keys: readonly (keyof MemberView)[] = [
  'self',
  'active',
  'size',
  'count',
  'find',
  'has',
  'name',
  'status',
  'incarnation',
  'recordIncarnation',
  'record',
  'since',
  'activeAt',
  'terminalAt',
]

/** The members with nothing but the view of them; records cannot be written to. What is reached for besides is a failure. */
export function readOnly(members: MemberView): MemberView {
  return new Proxy(members, {
    get: (_, key) => {
      if (typeof key === 'symbol') return undefined
      const known = keys.find((each) => each === key)
      if (known === undefined) {
        throw new ConformanceError(
          `it reached for members.${key}, which is not in MemberView`,
          contract.marks,
        )
      }
      if (known === 'record')
        return (...args: Parameters<MemberView['record']>) => Object.freeze({ ...members.record(...args) })
      const value = members[known]
      return typeof value === 'function' ? value.bind(members) : value
    },
    set: (_, key) => {
      throw new ConformanceError(`it wrote to members.${String(key)}`, contract.marks)
    },
  })
}

/** The members, where every look at them is counted. */
export function counted(members: MemberView, look: () => void): MemberView {
  return new Proxy(members, {
    get: (_, key) => {
      const value: unknown = Reflect.get(members, key, members)
      if (typeof value !== 'function') {
        look()
        return value
      }
      return (...args: unknown[]): unknown => {
        look()
        return Reflect.apply(value, members, args)
      }
    },
  })
}
