/** A folder cannot be used for snapshots. The message says which, what is wrong, and what is allowed. */
export class SnapshotFolderError extends Error {
  override readonly name = 'SnapshotFolderError'
  readonly folder: string
  /** Process id of whoever has the folder; undefined where that is not what is wrong. */
  readonly holder: number | undefined
  constructor(folder: string, what: string, options: ErrorOptions & { readonly holder?: number } = {}) {
    super(`cannot keep snapshots in ${JSON.stringify(folder)}: ${what}`, options)
    this.folder = folder
    this.holder = options.holder
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this process may not write there',
  EPERM: 'this process may not write there',
  EROFS: 'it is on a file system that is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'this process has as many files open as it may',
  ENFILE: 'this machine has as many files open as it may',
  ENOTDIR: 'it is not a folder, or lies below something that is not',
  EISDIR: 'what has to be a file there is a folder',
  ENOENT: 'it cannot be made, or is gone',
  ELOOP: 'its links lead in a circle',
}

/** What is to be done where the folder is the right one. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'make room there',
  EDQUOT: 'make room there',
  EMFILE: 'let it have more (ulimit -n)',
  ENFILE: 'let it have more (fs.file-max)',
}

/** What the system says of a folder, as an error of ours. */
export function folderError(folder: string, error: unknown): SnapshotFolderError {
  if (error instanceof SnapshotFolderError) return error
  const code = codeOf(error)
  const reason = (code === undefined ? undefined : reasons[code]) ?? String(error)
  const advice =
    (code === undefined ? undefined : remedies[code]) ??
    'must be a folder that this process may write to, or that it may make'
  const what = `${reason}${code === undefined ? '' : ` (${code})`}; ${advice}`
  return new SnapshotFolderError(folder, what, { cause: error })
}

/** The system's code of an error, such as `ENOENT`, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
