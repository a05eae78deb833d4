import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { aesGcm, Keyring } from '@swimkit/security'
import { table } from '../run/table.mts'
import { type Case, type MeasureOptions, measureCases } from './measure.mts'

/** What it costs to seal a packet and open it, beside `node:crypto` asked for the same without anything around it. */
export interface SealingFigure {
  readonly what: string
  readonly bytes: number
  readonly ns: number
  readonly bareNs: number
  readonly ratio: number
  readonly met: boolean
}

const most = 1.3
const sizes = [100, 1_200]

export async function measureSealing(
  options: MeasureOptions,
  say: (line: string) => void,
): Promise<SealingFigure[]> {
  const figures: SealingFigure[] = []
  for (const bytes of sizes) {
    say(`sealing: ${bytes} bytes`)
    const times = await measureCases(casesFor(bytes), options)
    for (const [what, rival] of [
      ['seal', 'seal'],
      ['open', 'open'],
      ['seal and open', 'seal and open'],
      ['refuse what another key has sealed', 'open'],
      ['refuse what a made-up sender has sealed', 'open'],
    ] as const) {
      const [own, bare] = [`ours: ${what}`, `bare: ${rival}`]
      const ratio = times.ratio(own, bare)
      figures.push({ what, bytes, ns: times.of(own), bareNs: times.of(bare), ratio, met: ratio <= most })
    }
  }
  return figures
}

/** Rivals one after the other, so that a machine whose speed drifts is as fast for both. */
function casesFor(bytes: number): Case[] {
  const plain = new Uint8Array(bytes).map((_, i) => (i * 31) & 255)
  // As of a packet: magic, version, boot, and the label `default`.
  const aad = Uint8Array.from([0xd1, 1, 0, 1, 2, 3, 4, 5, 6, 7, 7, 100, 101, 102, 97, 117, 108, 116])
  const sealer = aesGcm(new Keyring([new Uint8Array(32).fill(7)]))
  const stranger = aesGcm(new Keyring([new Uint8Array(32).fill(8)])).seal(plain, aad)
  const sealed = sealer.seal(plain, aad)
  const strangers = Array.from({ length: 4_096 }, (_, i) => {
    const other = aad.slice()
    new DataView(other.buffer).setUint32(4, i)
    return other
  })

  // The least that the same cipher can be asked for: one key, whose object is kept, and a nonce that is counted.
  const key = createSecretKey(randomBytes(32))
  const nonce = new Uint8Array(randomBytes(12))
  const gcm = { authTagLength: 16 }
  const sealBare = () => {
    nonce[11]!++
    const cipher = createCipheriv('aes-256-gcm', key, nonce, gcm)
    cipher.setAAD(aad)
    const text = cipher.update(plain)
    cipher.final()
    return { nonce: nonce.slice(), text, tag: cipher.getAuthTag() }
  }
  const openBare = ({ nonce: iv, tag, text }: ReturnType<typeof sealBare>) => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, gcm)
    decipher.setAAD(aad)
    decipher.setAuthTag(tag)
    const opened = decipher.update(text)
    decipher.final()
    return opened
  }
  const once = sealBare()
  const runs: Readonly<Record<string, Case['run']>> = {
    'bare: seal': sealBare,
    'ours: seal': () => sealer.seal(plain, aad),
    'bare: seal and open': () => openBare(sealBare()),
    'ours: seal and open': () => sealer.open(sealer.seal(plain, aad), aad),
    'bare: open': () => openBare(once),
    'ours: open': () => sealer.open(sealed, aad),
    'ours: refuse what another key has sealed': () => sealer.open(stranger, aad),
    'ours: refuse what a made-up sender has sealed': (i) => sealer.open(sealed, strangers[i]!),
  }
  return Object.entries(runs).map(([name, run]) => ({ name, batch: 32, run }))
}

export function describeSealing(figures: readonly SealingFigure[]): string {
  const rows = figures.map(({ bareNs, bytes, met, ns, ratio, what }) => [
    `${what}, ${bytes} bytes`,
    ns.toFixed(0),
    bareNs.toFixed(0),
    ratio.toFixed(2),
    what === 'seal and open' && bytes === 1_200 ? (met ? 'met' : 'missed') : '',
  ])
  return `### Sealing by AES-256-GCM, ns\n\n${table(['', '@swimkit/security', 'node:crypto alone', 'ratio', `goal ≤ ${most}`], rows)}`
}
