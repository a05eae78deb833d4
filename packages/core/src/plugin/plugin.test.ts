import { describe, expect, it } from 'vitest'
import type { CodecPlugin } from '../wire/codec.ts'
import { pluginCandidates } from './candidates.ts'
import { checkPlugin, definePlugin, PluginError, type PluginErrorCode } from './plugin.ts'

const codec: CodecPlugin = {
  kind: 'codec',
  name: 'morse',
  api: 1,
  open(): never {
    throw new Error('not needed here')
  },
}

function failure(run: () => unknown): PluginError {
  try {
    run()
  } catch (error) {
    if (error instanceof PluginError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('pluginCandidates', () => {
  it('tries the own scope, then the prefix, then the name as written', () => {
    expect(pluginCandidates('detector', 'pingack')).toEqual([
      '@swimkit/detector-pingack',
      'swimkit-detector-pingack',
      'pingack',
    ])
  })

  it('takes a scoped name for itself', () => {
    expect(pluginCandidates('transport', '@acme/quic')).toEqual(['@acme/quic'])
  })

  it.each([
    './detector.js',
    '../x',
    '/etc/x',
    'C:\\x.js',
    'data:text/javascript,1',
    'http://h/x.js',
    'https://h/x',
    'file:///x.js',
    'node:fs',
    'npm:x',
    'jsr:@a/b',
    '@acme/quic/../../x',
    'a/b',
    '@/x',
    '.hidden',
    '_x',
    '',
    ' x',
    'x\n',
    'X'.repeat(3),
    'x'.repeat(215),
  ])('refuses %j', (name) => {
    expect(failure(() => pluginCandidates('detector', name)).code).toBe('name')
  })
})

describe('checkPlugin', () => {
  it('calls a factory with the options', () => {
    const seen: unknown[] = []
    const factory = (options: unknown) => {
      seen.push(options)
      return codec
    }
    expect(checkPlugin('codec', factory, 'swimkit-codec-morse', { speed: 5 })).toBe(codec)
    expect(seen).toEqual([{ speed: 5 }])
  })

  it('takes a plugin as it is', () => {
    expect(checkPlugin('codec', codec, 'morse')).toBe(codec)
  })

  it.each<[string, unknown, PluginErrorCode, RegExp]>([
    ['no default export', undefined, 'export', /has no default export/],
    [
      'a factory that throws',
      () => {
        throw new Error('no key')
      },
      'export',
      /could not be made: no key/,
    ],
    ['a factory that gives nothing', () => undefined, 'shape', /must be an object, not undefined/],
    ['null', null, 'shape', /not null/],
    ['a string', 'codec', 'shape', /not string/],
    ['another kind', { ...codec, kind: 'transport' }, 'kind', /is a transport, not a codec/],
    ['no kind', { ...codec, kind: undefined }, 'kind', /is no codec/],
    ['an older contract', { ...codec, api: 0 }, 'api', /speaks plugin contract 0; this build speaks 1/],
    ['no contract', { ...codec, api: undefined }, 'api', /contract undefined/],
    ['a name with control characters', { ...codec, name: 'a\u001b[2J' }, 'shape', /must have a name/],
    ['no method', { ...codec, open: 1 }, 'shape', /has no method open\(\)/],
  ])('refuses %s and names the package', (_, exported, code, message) => {
    const error = failure(() => checkPlugin('codec', exported, 'swimkit-codec-morse'))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('swimkit-codec-morse')
  })
})

describe('definePlugin', () => {
  it('gives back what it was given', () => {
    expect(definePlugin('codec', codec)).toBe(codec)
  })

  it('refuses an unfinished plugin where it is written', () => {
    const unfinished = { ...codec, api: 2 } as unknown as CodecPlugin
    expect(failure(() => definePlugin('codec', unfinished)).code).toBe('api')
  })
})
