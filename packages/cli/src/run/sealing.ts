import type { Logger, Node } from '@swimkit/core'
import { type AesGcm, aesGcm, type ClusterKeys, clusterKeys, Keyring } from '@swimkit/security'
import { writeKeys } from '../config/keys.ts'
import type { StartSettings } from '../config/start-settings.ts'
import { reasonOf } from '../errors.ts'

type SealingSettings = Pick<StartSettings, 'keyFile' | 'keys' | 'verifyIncoming' | 'verifyOutgoing'>

/** How a node seals what it says: with which keys, how strictly, and where they are kept. */
export interface Sealing {
  readonly sealer: AesGcm
  /** Takes part in the exchange of keys, from now on until the node ends. */
  serve(node: Node): ClusterKeys
  /** Takes over what the settings and the key file say by now. */
  reload(settings: SealingSettings): void
}

/** The sealing that settings ask for; undefined where they name no key. */
export function sealingOf(settings: SealingSettings, logger: Logger): Sealing | undefined {
  if (settings.keys.length === 0) return undefined
  const { keyFile } = settings
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

  const save = async (keys: readonly string[]): Promise<void> => {
    if (keyFile !== undefined) {
      try {
        await writeKeys(keyFile, keys)
      } catch (error) {
        throw new Error(`the key file cannot be written: ${reasonOf(error)}`, { cause: error })
      }
      logger.log('info', 'the cluster has exchanged keys: the key file was written', { keys: keys.length })
    } else {
      logger.log(
        'warn',
        'the cluster has exchanged keys, which are not kept here: a restart needs the new ones',
        {
          advice: 'give the keys as --key-file, which is written',
        },
      )
    }
  }

  return {
    sealer,
    serve: (node) => clusterKeys(node, { sealer, save }),
    reload({ keys, verifyIncoming, verifyOutgoing }) {
      if (keys.length === 0) {
        logger.log('error', 'there are no keys any more: those that were there stay, until a restart')
        return
      }
      sealer.keyring.replace(keys)
      sealer.verifyIncoming = verifyIncoming
      sealer.verifyOutgoing = verifyOutgoing
      say('the keys were read anew')
    },
  }
}
