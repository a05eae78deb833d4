import type { Logger, Node } from '@swimkit/core'
import { type AesGcm, aesGcm, type ClusterKeys, clusterKeys, Keyring } from '@swimkit/security'
import { keysIn, writeKeys } from '../config/keys.ts'
import type { StartSettings } from '../config/start-settings.ts'
import { reasonOf } from '../errors.ts'

type SealingSettings = Pick<StartSettings, 'keyFile' | 'keys' | 'verifyIncoming' | 'verifyOutgoing'>

/** How a node seals what it says: with which keys, how strictly, and where they are kept. */
export interface Sealing {
  readonly sealer: AesGcm
  /** Takes part in the exchange of keys, from now on until the node ends. */
  serve(node: Node): ClusterKeys
  /** Takes over what the settings say and the key file holds by now. Never rejects: where that is wrong the log says so, and nothing changes. */
  reload(settings: SealingSettings): Promise<void>
}

/** The keys where they are given as text; undefined: in a file. */
const textOf = ({ keyFile, keys }: SealingSettings): string | undefined =>
  keyFile === undefined ? keys.join() : undefined

/** The sealing that settings ask for; undefined where they name no key. */
export function sealingOf(settings: SealingSettings, logger: Logger): Sealing | undefined {
  if (settings.keys.length === 0) return undefined
  let { keyFile } = settings
  /** The keys that the settings gave as text when they were last read: from then on the cluster may have exchanged them. */
  let asText = textOf(settings)
  const sealer = aesGcm(new Keyring(settings.keys), settings)

  const say = (message: string): void => {
    const { keyring, verifyIncoming, verifyOutgoing } = sealer
    const fields = { key: keyring.primary.id, keys: keyring.ids.length }
    if (!verifyOutgoing)
      logger.log('warn', 'what is sent is not sealed yet, and what is plain is let in', fields)
    else if (!verifyIncoming)
      logger.log('warn', 'what is sent is sealed, and what is plain is still let in', fields)
    else logger.log('info', message, fields)
  }
  say('what is sent is sealed')

  let last: Promise<unknown> = Promise.resolve()
  /** Reading the key file and writing it, one after the other: what was read is on the ring before anything is written. */
  const inTurn = (what: () => Promise<void>): Promise<void> => {
    const done = last.then(what)
    last = done.catch(() => undefined)
    return done
  }

  const save = async (keys: readonly string[], before: readonly string[]): Promise<void> => {
    // The one that seals first.
    const fields = { ring: new Keyring(keys).ids.join(' ') }
    if (keyFile !== undefined) {
      try {
        await writeKeys(keyFile.path, keys, before)
      } catch (error) {
        throw new Error(`the key file was not written: ${reasonOf(error)}`, { cause: error })
      }
      logger.log('info', 'the cluster has exchanged keys: the key file holds them', fields)
    } else {
      logger.log(
        'warn',
        'the cluster has exchanged keys, which are not kept here: a restart needs the new ones',
        {
          ...fields,
          advice: 'give the keys as --key-file, which is written',
        },
      )
    }
  }

  const takeOver = async (wanted: SealingSettings): Promise<void> => {
    const text = textOf(wanted)
    const changed = text === undefined || text !== asText
    if (changed) {
      // What was written since the settings were read counts; of who may read it they have warned.
      sealer.keyring.replace(wanted.keyFile === undefined ? wanted.keys : await keysIn(wanted.keyFile, []))
    }
    asText = text
    keyFile = wanted.keyFile
    sealer.verifyIncoming = wanted.verifyIncoming
    sealer.verifyOutgoing = wanted.verifyOutgoing
    say(changed ? 'the keys were read anew' : 'no other keys are given than before: those of this node stay')
  }

  return {
    sealer,
    serve: (node) => clusterKeys(node, { sealer, save: (keys, before) => inTurn(() => save(keys, before)) }),
    async reload(wanted) {
      if (wanted.keys.length === 0) {
        logger.log('error', 'there are no keys any more: those that were there stay, until a restart')
        return
      }
      await inTurn(() => takeOver(wanted)).catch((error: unknown) => {
        logger.log('error', 'the keys were not taken over', { reason: reasonOf(error) })
      })
    },
  }
}
