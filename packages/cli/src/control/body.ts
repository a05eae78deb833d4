import { parseSeed } from '@swimkit/bootstrap'
import { nameProblem } from '@swimkit/core'
import * as v from 'valibot'
import { isTagKey } from '../config/tag-key.ts'
import { reasonOf } from '../errors.ts'
import { ApiError } from './api-error.ts'
import { limits } from './limits.ts'
import type { ControlContext } from './route.ts'

const tooLarge = () => new ApiError(413, 'too-large', `a body must be at most ${limits.bodyBytes} bytes`)

/** The body of a request, read no further than its limit. (Hono's own limit copies the request, which not every server bears.) */
async function bodyText({ body, headers }: Request): Promise<string> {
  if (Number(headers.get('content-length') ?? 0) > limits.bodyBytes) throw tooLarge()
  if (!body) return ''
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  const reader = body.getReader()
  const read = () =>
    reader.read().catch((error: unknown) => {
      throw new ApiError(400, 'cut', `the request was cut in its body: ${reasonOf(error)}`)
    })
  for (let part = await read(); !part.done; part = await read()) {
    size += part.value.length
    if (size > limits.bodyBytes) {
      await reader.cancel()
      throw tooLarge()
    }
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}

/** The body of a request as JSON that fits a schema. Throws an {@link ApiError} that says what does not. */
export async function jsonBody<T>(c: ControlContext, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const text = await bodyText(c.req.raw)
  const type = c.req.header('content-type') ?? ''
  if (text !== '' && !/^application\/json\b/i.test(type)) {
    throw new ApiError(415, 'media-type', 'the body must be application/json')
  }
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new ApiError(400, 'malformed', 'the body is not valid JSON')
  }
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (result.success) return result.output
  const issue = result.issues[0]
  const where = v.getDotPath(issue)
  throw new ApiError(400, 'invalid', where ? `${where}: ${issue.message}` : issue.message)
}

const seconds = (least: number, most: number) =>
  v.pipe(
    v.number('must be a number'),
    v.minValue(least, `must be ${least}..${most} seconds`),
    v.maxValue(most, `must be ${least}..${most} seconds`),
  )

const seedText = v.pipe(
  v.string('must be text'),
  v.check(
    (text) => parseSeed(text) !== undefined,
    'must be host:port (IPv6 in brackets), dns+name:port or dnssrv+name',
  ),
)
export const seedsBody = v.strictObject(
  {
    seeds: v.pipe(v.array(seedText, 'must be a list of addresses'), v.maxLength(256, 'must be at most 256')),
  },
  'the body must be {"seeds":["host:port",…]}',
)
export const joinBody = v.object(
  {
    seeds: v.pipe(
      v.array(seedText, 'must be a list of addresses'),
      v.minLength(1, 'must not be empty'),
      v.maxLength(256, 'must be at most 256'),
    ),
  },
  'the body must be {"seeds":["host:port",…]}',
)
const tagMap = v.pipe(
  v.record(v.string(), v.string('must be text'), 'must be a map of texts'),
  v.check((tags) => Object.keys(tags).every(isTagKey), 'keys must be 1..64 bytes without spaces or "="'),
)
export const tagsBody = v.union(
  [v.strictObject({ tags: tagMap }), tagMap],
  'the body must be {"tags":{key:value,…}}, the values text, the keys 1..64 bytes without spaces or "="',
)
export const payloadBody = v.union(
  [
    v.pipe(
      v.strictObject({ payload: v.string() }),
      v.transform(({ payload }): Uint8Array => new TextEncoder().encode(payload)),
    ),
    v.pipe(
      v.strictObject({ payloadBase64: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/)) }),
      v.transform(({ payloadBase64 }): Uint8Array => new Uint8Array(Buffer.from(payloadBase64, 'base64'))),
    ),
  ],
  'the body must be {"payload":text} or {"payloadBase64":base64}',
)
const nameText = v.pipe(
  v.string('must be text'),
  v.check(
    (text) => nameProblem(text) === undefined,
    'must be 1..128 bytes without spaces or control characters',
  ),
)
/** Bytes as text or base64; both left out: none. */
const bodyFields = {
  payload: v.exactOptional(v.string('must be text')),
  payloadBase64: v.exactOptional(
    v.pipe(v.string('must be base64'), v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')),
  ),
}
/** The bytes of a body that has them as text or base64. */
export const bytesOf = ({
  payload = '',
  payloadBase64,
}: {
  payload?: string
  payloadBase64?: string
}): Uint8Array =>
  payloadBase64 === undefined
    ? new TextEncoder().encode(payload)
    : new Uint8Array(Buffer.from(payloadBase64, 'base64'))

const broadcastForm = 'the body must be {"name","payload"? or "payloadBase64"?}'
export const broadcastBody = v.pipe(
  v.strictObject({ name: nameText, ...bodyFields }, broadcastForm),
  v.check(
    ({ payload, payloadBase64 }) => payload === undefined || payloadBase64 === undefined,
    broadcastForm,
  ),
)

const queryForm =
  'the body must be {"name","payload"? or "payloadBase64"?,"members"?:[name,…],"tags"?:{key:value,…},"timeout"?:seconds}'
export const queryBody = v.pipe(
  v.strictObject(
    {
      name: nameText,
      ...bodyFields,
      members: v.exactOptional(
        v.pipe(v.array(nameText, 'must be a list of names'), v.maxLength(64, 'must be at most 64')),
      ),
      tags: v.exactOptional(v.record(v.string(), v.string('must be text'), 'must be a map of texts')),
      timeout: v.exactOptional(seconds(0.01, 600)),
    },
    queryForm,
  ),
  v.check(({ payload, payloadBase64 }) => payload === undefined || payloadBase64 === undefined, queryForm),
)

const leaveForm = 'the body must be {"drain"?:seconds}'
export const leaveBody = v.optional(
  v.strictObject(
    {
      drain: v.exactOptional(seconds(0, 3_600)),
    },
    leaveForm,
  ),
  {},
)

export const switchBody = v.pipe(
  v.object(
    {
      detector: v.optional(v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'))),
      suspicion: v.optional(v.boolean('must be true or false')),
    },
    'the body must be {"detector":name,"suspicion"?:true or false}',
  ),
  v.check(
    ({ detector, suspicion }) => detector !== undefined || suspicion !== undefined,
    'the body must be {"detector":name,"suspicion"?:true or false}',
  ),
)
export const dropRateBody = v.object(
  {
    dropRate: v.pipe(
      v.number('must be a number'),
      v.minValue(0, 'must be 0..1'),
      v.maxValue(1, 'must be 0..1'),
    ),
  },
  'the body must be {"dropRate":0..1}',
)

/** What is wrong with a key says whoever takes it, and shows nothing of it. */
export const installKeyBody = v.strictObject(
  { key: v.pipe(v.string('must be text'), v.maxLength(64, 'must be 16, 24 or 32 bytes in base64')) },
  'the body must be {"key":base64}',
)
export const keyIdBody = v.strictObject(
  { id: v.pipe(v.string('must be text'), v.regex(/^[0-9a-f]{8}$/, 'must be 8 hexadecimal digits')) },
  'the body must be {"id":8 hexadecimal digits}',
)

const serviceText = /^[\w.-]{1,64}$/
export const servicesBody = v.object(
  {
    services: v.pipe(
      v.array(
        v.strictObject({
          name: v.pipe(v.string('must be text'), v.regex(serviceText, 'must be 1..64 of a-z A-Z 0-9 . _ -')),
          port: v.exactOptional(
            v.pipe(
              v.number('must be a number'),
              v.integer('must be 1..65535'),
              v.minValue(1, 'must be 1..65535'),
              v.maxValue(65_535, 'must be 1..65535'),
            ),
          ),
        }),
        'must be a list of services',
      ),
      v.maxLength(64, 'must be at most 64'),
    ),
  },
  'the body must be {"services":[{"name","port"?},…]}',
)

export const forceLeaveBody = v.optional(
  v.strictObject(
    { prune: v.exactOptional(v.boolean('must be true or false')) },
    'the body must be {"prune"?:true or false}',
  ),
  {},
)
