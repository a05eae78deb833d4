/**
 * The bytes that a packet connection begins with, so that a listener can tell it from a stream by the first one: 0xF7,
 * which no codec may begin a stream with, then `SW` and the version of this framing.
 *
 * Then come frames until the connection ends: the packet's length as an unsigned 16-bit big-endian number, then
 * the packet. The other end answers with {@link ANSWER} bytes, one after each read that completed a frame.
 */
export const PREFACE: Uint8Array = Uint8Array.of(0xf7, 0x53, 0x57, 0x01)

/** ACK. One says: what you sent lately arrives. */
export const ANSWER: Uint8Array = Uint8Array.of(0x06)

const HEADER = 2

/** The packet with its length before it, in bytes of their own. */
export function frame(packet: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEADER + packet.byteLength)
  framed[0] = packet.byteLength >>> 8
  framed[1] = packet.byteLength & 0xff
  framed.set(packet, HEADER)
  return framed
}

/** Takes a packet connection apart, however its bytes are cut into chunks. */
export class FrameReader {
  readonly #most: number
  #preface = 0
  #header = 0
  #size = 0
  #body: Uint8Array | undefined
  #filled = 0

  constructor(maxPacketBytes: number) {
    this.#most = maxPacketBytes
  }

  /**
   * Calls `deliver` for each packet that the chunk completes; its bytes may be a part of the chunk. Returns false when
   * the preface is wrong or a frame too large: nothing that follows has a meaning.
   */
  push(chunk: Uint8Array, deliver: (packet: Uint8Array) => void): boolean {
    let at = 0
    while (this.#preface < PREFACE.byteLength && at < chunk.byteLength) {
      if (chunk[at++] !== PREFACE[this.#preface++]) return false
    }
    while (at < chunk.byteLength) {
      if (this.#header < HEADER) {
        this.#size = (this.#size << 8) | chunk[at++]!
        if (++this.#header < HEADER) continue
        if (this.#size > this.#most) return false
      }
      const taken = chunk.subarray(at, at + this.#size - this.#filled)
      at += taken.byteLength
      const packet = this.#complete(taken)
      if (packet === undefined) continue
      this.#header = 0
      this.#size = 0
      deliver(packet)
    }
    return true
  }

  /** The packet, once all its bytes are there. One that came in one piece is not copied. */
  #complete(piece: Uint8Array): Uint8Array | undefined {
    if (piece.byteLength === this.#size) {
      this.#body = undefined
      return piece
    }
    this.#body ??= new Uint8Array(this.#size)
    this.#body.set(piece, this.#filled)
    this.#filled += piece.byteLength
    if (this.#filled < this.#size) return undefined
    const packet = this.#body
    this.#body = undefined
    this.#filled = 0
    return packet
  }
}
