import { createHash } from 'node:crypto'
import type { Member, MemberEvent, Service } from '@swimkit/core'

/** A payload of more bytes than this is only described where many members are listed. */
export const listedPayloadBytes = 512

/** A member as the control API gives it. Text in `payload`, else base64 in `payloadBase64`, else size and hash. */
export interface MemberJson {
  readonly name: string
  readonly address: string
  readonly status: Member['status']
  readonly leaving: boolean
  readonly incarnation: number
  readonly boot: string
  /** ISO time. */
  readonly since: string
  readonly tags: Readonly<Record<string, string>>
  readonly services: readonly Service[]
  readonly payload?: string
  readonly payloadBase64?: string
  readonly payloadBytes?: number
  /** SHA-256, hexadecimal. */
  readonly payloadHash?: string
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type PayloadJson = Pick<MemberJson, 'payload' | 'payloadBase64' | 'payloadBytes' | 'payloadHash'>

function payloadJson(
  { largePayload, payload }: Pick<Member, 'largePayload' | 'payload'>,
  whole: boolean,
): PayloadJson {
  if (largePayload !== undefined && !(whole && largePayload.here)) {
    return { payloadBytes: largePayload.bytes, payloadHash: largePayload.hash }
  }
  if (!whole && payload.length > listedPayloadBytes) {
    return { payloadBytes: payload.length, payloadHash: createHash('sha256').update(payload).digest('hex') }
  }
  try {
    return { payload: strict.decode(payload) }
  } catch {
    return {
      payloadBase64: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64'),
    }
  }
}

/** Bytes as text in `payload`, or, where they are none, as base64 in `payloadBase64`. */
export const bodyJson = (body: Uint8Array): Pick<MemberJson, 'payload' | 'payloadBase64'> =>
  payloadJson({ payload: body }, true)

/** `whole`: with its payload, whatever its size, if it is here. */
export function memberJson(member: Member, whole = false): MemberJson {
  const { name, address, status, leaving, incarnation, boot, since, tags, services } = member
  return {
    name,
    address,
    status,
    leaving,
    incarnation,
    boot,
    since: since.toISOString(),
    tags,
    services,
    ...payloadJson(member, whole),
  }
}

export interface MemberEventJson {
  readonly id: number
  readonly type: MemberEvent['type']
  readonly member: MemberJson
  /** ISO time. */
  readonly at: string
  readonly restarted?: boolean
  readonly detail?: string
}

export function eventJson({ id, type, member, at, restarted, detail }: MemberEvent): MemberEventJson {
  return {
    id,
    type,
    member: memberJson(member),
    at: at.toISOString(),
    ...(restarted === undefined ? {} : { restarted }),
    ...(detail === undefined ? {} : { detail }),
  }
}
