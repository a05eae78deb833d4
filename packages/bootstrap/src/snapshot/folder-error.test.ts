import { expect, test } from 'vitest'
import { folderError } from './folder-error.ts'

test.each([
  ['ENOSPC', 'the disk is full (ENOSPC); make room there'],
  ['EMFILE', 'this process has as many files open as it may (EMFILE); let it have more (ulimit -n)'],
  [
    'EROFS',
    'it is on a file system that is read-only (EROFS); must be a folder that this process may write to, or that it may make',
  ],
])('%s is said in words, with what is to be done', (code, words) => {
  const error = folderError('/data', Object.assign(new Error('no'), { code }))
  expect(error.message).toBe(`cannot keep snapshots in "/data": ${words}`)
  expect(folderError('/data', error)).toBe(error)
})
