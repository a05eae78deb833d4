import type { EngineHooks } from '../engine/core-state.ts'
import type { AllowList } from '../model/allow-list.ts'
import type { Hooks, Logger } from './api.ts'

/** Application bytes on every ack and every sync, at most. */
const maxAckPayload = 256
const maxSyncState = 1_048_576

/** An application's hooks as the engine may call them: one that throws is logged, and counts as a veto where it may veto. */
export function guardHooks(hooks: Hooks, logger: Logger | undefined): EngineHooks {
  const guarded: EngineHooks = {}
  const call = <T>(name: string, otherwise: T, hook: () => T): T => {
    try {
      return hook()
    } catch (error) {
      logger?.log('error', `the ${name} hook threw`, { error: String(error) })
      return otherwise
    }
  }
  const limited = (name: string, bytes: Uint8Array | undefined, limit: number): Uint8Array | undefined => {
    if (bytes === undefined || bytes.length <= limit) return bytes
    logger?.log(
      'error',
      `the ${name} hook gave ${bytes.length} bytes, and at most ${limit} are allowed: not sent`,
    )
    return undefined
  }
  const { ackPayload, admit, admitMerge, onPing, onSyncState, syncState } = hooks
  if (admit) guarded.admit = (record) => call('admit', false, () => admit.call(hooks, record))
  if (admitMerge) {
    guarded.admitMerge = (records) => call('admitMerge', false, () => admitMerge.call(hooks, records))
  }
  if (syncState) {
    guarded.syncState = (join) =>
      limited(
        'syncState',
        call('syncState', undefined, () => syncState.call(hooks, join)),
        maxSyncState,
      )
  }
  if (onSyncState) {
    guarded.onSyncState = (state, join) =>
      call('onSyncState', undefined, () => onSyncState.call(hooks, state, join))
  }
  if (ackPayload) {
    guarded.ackPayload = () =>
      limited(
        'ackPayload',
        call('ackPayload', undefined, () => ackPayload.call(hooks)),
        maxAckPayload,
      )
  }
  if (onPing) {
    guarded.onPing = (name, rtt, payload) =>
      call('onPing', undefined, () => onPing.call(hooks, name, rtt, payload))
  }
  return guarded
}

/** Hooks that let in members of allowed addresses alone, and of those whom the application does. */
export function admitting(allow: AllowList | undefined, hooks: EngineHooks): EngineHooks {
  if (allow === undefined) return hooks
  const { admit } = hooks
  return { ...hooks, admit: (peer) => allow.allows(peer.address.host) && admit?.(peer) !== false }
}
