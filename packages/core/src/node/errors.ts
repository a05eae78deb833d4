/** An option of `createNode` is wrong; `option` says which. Nothing was started. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
  readonly option: string
  constructor(option: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.option = option
  }
}

/** A call that the node's state does not allow, such as `join` on a stopped node. */
export class NodeStateError extends Error {
  override readonly name = 'NodeStateError'
}

/** The node was stopped while the call was under way. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/** Another live process has this node's name and started earlier, so this one may not use it. */
export class NameConflictError extends Error {
  override readonly name = 'NameConflictError'
  readonly own: string
  readonly other: string
  constructor(name: string, own: string, other: string) {
    super(
      `the name ${JSON.stringify(name)} belongs to a live process at ${other}, which started before this one at ${own}`,
    )
    this.own = own
    this.other = other
  }
}

/** Nothing came back from the member; `code` is `unknown-member`, `timeout`, `refused`, `reset` or `unreachable`. */
export class PingError extends Error {
  override readonly name = 'PingError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A member was not forced out: nobody is called so, or it is this node itself, which has `leave`. */
export class ForceLeaveError extends Error {
  override readonly name = 'ForceLeaveError'
  readonly code: 'unknown-member' | 'self'
  constructor(code: 'unknown-member' | 'self', message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The payload of a member could not be had; `code` is `unknown-member`, `changed` (it has another by now), `unreachable`, or `too-large`: it is
 * larger than `settings.maxPayloadBytes` of this node.
 */
export class PayloadError extends Error {
  override readonly name = 'PayloadError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Nothing is known of the way between two members; `code` is `unknown-member`, or `no-coordinate`: none has come from one of them yet. */
export class RttError extends Error {
  override readonly name = 'RttError'
  readonly code: 'unknown-member' | 'no-coordinate'
  constructor(code: 'unknown-member' | 'no-coordinate', message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The cluster was not switched to another detector, and nothing was told to anybody. `unknown-detector`: this node does not have it;
 * `detector-missing`: these active members do not.
 */
export class SwitchError extends Error {
  override readonly name = 'SwitchError'
  readonly code: 'unknown-detector' | 'detector-missing'
  /** Names, in order; empty where it is this node that lacks it. */
  readonly members: readonly string[]
  constructor(code: 'unknown-detector' | 'detector-missing', members: readonly string[], message: string) {
    super(message)
    this.code = code
    this.members = members
  }
}

/**
 * A message did not reach the member, as far as this node knows: `unknown-member`, `busy` (256 are under way), `timeout`, `refused`, `reset`,
 * `unreachable`, or what the other node answered. After a `timeout` or `reset` it may have arrived all the same. Or a query was not asked: `busy`, as 256 are
 * under way.
 */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** What a member would carry is larger than the limit; nothing was changed. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
  readonly bytes: number
  readonly limit: number
  constructor(what: string, bytes: number, limit: number) {
    super(`${what} would take ${bytes} bytes encoded: at most ${limit} are allowed`)
    this.bytes = bytes
    this.limit = limit
  }
}
