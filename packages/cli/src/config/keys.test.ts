import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { generateKey } from '@swimkit/security'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keysIn, writeKeys } from './keys.ts'

const [a, b, c] = [generateKey(), generateKey(16), generateKey()]
const byHand = 'it was changed by hand and not read since: send SIGHUP, then ask again'

let folder: string
let file: string
let link: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  file = join(folder, 'keys')
  link = join(folder, 'link')
})
afterEach(() => rm(folder, { recursive: true }))

const put = (text: string): void => writeFileSync(file, text, { mode: 0o600 })
const text = (): string => readFileSync(file, 'utf8')

describe('a key file', () => {
  it.each([
    ['a key of its own', () => `${c}\n`],
    ['one more', () => `${a}\n${b}\n${c}\n`],
    ['them in another order', () => `${b}\n${a}\n`],
    ['what is no key', () => `${a}\n${b}\nx\n`],
    ['nothing', () => ''],
  ])('that somebody has given %s stays as it is', async (_, changed) => {
    put(changed())
    await expect(writeKeys(file, [a, c], [a, b])).rejects.toThrow(byHand)
    expect([text(), await readdir(folder)]).toEqual([changed(), ['keys']])
  })

  it('is written where its keys are the same in another spelling', async () => {
    put(`# ours\n ${a} , ${b},${a}\n\n`)
    await writeKeys(file, [b], [a, b])
    expect([text(), await readdir(folder)]).toEqual([`# ours\n${b}\n`, ['keys']])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('keeps its lines of comment, and stays behind the link that leads to it', async () => {
    put(`# of orders\n${a}\n  # and more\n`)
    symlinkSync('keys', link)
    await writeKeys(link, [b, c], [a])
    expect(text()).toBe(`# of orders\n  # and more\n${b}\n${c}\n`)
    expect([(await stat(file)).mode & 0o777, (await lstat(link)).isSymbolicLink()]).toEqual([0o600, true])
    expect(await keysIn({ label: '--key-file', path: link }, [])).toEqual([b, c])
  })

  it('that is nowhere is not made', async () => {
    await expect(writeKeys(join(folder, 'nowhere', 'x'), [a], [a])).rejects.toThrow('ENOENT')
  })

  it('that holds already what is to be written is left as it is', async () => {
    put(`# of another node\n${b},${a}\n`)
    await writeKeys(file, [b, a], [a])
    expect([text(), await readdir(folder)]).toEqual([`# of another node\n${b},${a}\n`, ['keys']])
  })

  it('that several write at once holds what they wrote, and nothing else is left', async () => {
    for (let i = 0; i < 25; i++) {
      put(`# ours\n${a}\n`)
      await Promise.all([1, 2, 3, 4].map(() => writeKeys(file, [a, b], [a])))
      expect([text(), await readdir(folder)]).toEqual([`# ours\n${a}\n${b}\n`, ['keys']])
    }
  })

  it.each([
    ['that is changed', () => put(`${c}\n`)],
    [
      'that is a link and led elsewhere',
      () => {
        writeFileSync(join(folder, 'other'), `${c}\n`)
        rmSync(link)
        symlinkSync('other', link)
      },
    ],
  ])('%s while others are written for it stays as it is', async (_, change) => {
    let refused = 0
    for (let i = 0; i < 25; i++) {
      for (const name of await readdir(folder)) await rm(join(folder, name))
      put(`${a}\n`)
      symlinkSync('keys', link)
      let done = false
      const write = writeKeys(link, [a, b], [a])
        .catch((error: Error) => {
          expect(error.message).toBe(byHand)
          refused++
        })
        .finally(() => {
          done = true
        })
      while (!done && readdirSync(folder).length === 2) await setImmediate()
      change()
      await write
      expect(readFileSync(link, 'utf8')).toBe(`${c}\n`)
      expect((await readdir(folder)).filter((name) => name.endsWith('.next'))).toEqual([])
    }
    expect(refused).toBeGreaterThan(0)
  })
})
