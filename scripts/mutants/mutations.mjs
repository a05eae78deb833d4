/**
 * Bugs put in on purpose, each a line or two, by the rule that it breaks. `find` must stand in the file exactly once. All of them must be
 * caught by the invariants: one that cannot be told from the original from outside is no use here.
 */

const engine = (file) => `packages/core/src/engine/${file}.ts`
const gossip = (file) => `packages/detector-gossip/src/${file}.ts`

/** @type {readonly { readonly name: string, readonly file: string, readonly find: string, readonly put: string }[]} */
export const mutations = [
  // Precedence
  {
    name: 'a failed member is alive again at the same incarnation',
    file: 'packages/core/src/model/status.ts',
    find: '? heardStatus > knownStatus',
    put: '? heardStatus !== knownStatus',
  },
  {
    name: 'a stale failure is accepted',
    file: engine('membership'),
    find: 'if (supersedes(table.status(ref), table.incarnation(ref), status, claim.incarnation)) {',
    put: 'if (table.status(ref) < status) {',
  },
  {
    name: 'a newer claim that it lives leaves the record as it was',
    file: engine('membership'),
    find: 'table.set(ref, Status.Alive, incarnation, now, record)',
    put: 'table.set(ref, Status.Alive, incarnation, now)',
  },
  {
    name: 'a member that failed anew keeps the age of its earlier failure',
    file: 'packages/core/src/model/member-table.ts',
    find: 'if (status !== before || anew) this.#since.set(slot, now)',
    put: 'if (status !== before) this.#since.set(slot, now)',
  },
  {
    name: 'the digest forgets to take in a newer record',
    file: 'packages/core/src/model/member-table.ts',
    find: `    this.#replaceRecord(ref, record, incarnation)
    this.#toggle(ref)
    return { ref, before: status`,
    put: `    this.#replaceRecord(ref, record, incarnation)
    return { ref, before: status`,
  },
  {
    name: 'a change of status is not reported',
    file: engine('news'),
    find: 'if (type !== undefined) this.tell(type, ref, now, restarted)',
    put: "if (type !== undefined && type !== 'alive') this.tell(type, ref, now, restarted)",
  },

  // The member's own word
  {
    name: 'a refutation that has to wait is lost',
    file: engine('own-claims'),
    find: 'else this.#refuteTimer ??= timers.arm(earliest, TimerKind.Refute)',
    put: '',
  },
  {
    name: 'refutations are not spaced',
    file: engine('own-claims'),
    find: 'this.#lastRefutation + settings.probeInterval)',
    put: 'this.#lastRefutation + settings.probeInterval / 8)',
  },
  {
    name: 'a refutation goes by the own incarnation, not by what was heard',
    file: engine('own-claims'),
    find: 'this.announce(now, {}, heard + 1)',
    put: 'this.announce(now, {})',
  },
  {
    name: 'a node that left does not tell those who still speak to it',
    file: engine('outbox'),
    find: 'const farewell = table.status(table.self) === Status.Left ? this.#putHeld(table.self, budget) : 0',
    put: 'const farewell = 0 as number',
  },
  {
    name: 'the later start keeps a contested name',
    file: engine('introductions'),
    find: 'ownStart === otherStart ? ownBoot < otherBoot : ownStart < otherStart',
    put: 'ownStart === otherStart ? ownBoot < otherBoot : ownStart > otherStart',
  },
  {
    name: 'a second process under a name is not looked into',
    file: engine('own-claims'),
    find: 'this.contested.push(claim)',
    put: '',
  },

  // The door
  {
    name: 'a newcomer becomes a member before it was dialled back',
    file: engine('introductions'),
    find: '    else this.#dial(admission, now)\n    return',
    put: '    else this.#apply(admission, now)\n    return',
  },
  {
    name: 'a claim that moves a member is not held back while that lives',
    file: engine('introductions'),
    find: '      if (reached) {\n        this.#state.counters.claimsHeldBack++\n        this.#forget(admission)\n      } else if (admission.open === 0 && report.outcome',
    put: '      if (admission.open === 0 && report.outcome',
  },

  // Suspicion
  {
    name: 'an accuser counts each time it is heard',
    file: engine('suspicions'),
    find: 'if (place >= 0) {',
    put: 'if (place >= 0 && refused) {',
  },
  {
    name: 'a confirmation shortens a suspicion twice',
    file: engine('suspicions'),
    find: `    accusations.push(accusation)
    const timeout = suspicionTimeout(accusations.length - 1,`,
    put: `    accusations.push(accusation)
    const timeout = suspicionTimeout(accusations.length,`,
  },
  {
    name: 'an unconfirmed suspicion lasts no longer than a confirmed one',
    file: engine('suspicions'),
    find: 'const max = Math.round(min * settings.suspicionMaxMult)',
    put: 'const max = min',
  },
  {
    name: 'one report too few is a quorum',
    file: engine('suspicions'),
    find: "accusations.length - countOf(accusations, 'heard') >= suspicionQuorum",
    put: "accusations.length - countOf(accusations, 'heard') >= suspicionQuorum - 1",
  },
  {
    name: 'a table that was heard counts towards the quorum',
    file: engine('suspicions'),
    find: "accusations.length - countOf(accusations, 'heard') >= suspicionQuorum",
    put: 'accusations.length >= suspicionQuorum',
  },
  {
    name: 'a confirmation that comes late looks like a stall',
    file: engine('suspicions'),
    find: 'Math.min(timer.at, Math.max(now, start + timeout))',
    put: 'Math.min(timer.at, start + timeout)',
  },
  {
    name: 'evidence of an earlier incarnation condemns the present one',
    file: engine('membership'),
    find: 'if (table.incarnation(ref) !== seen.incarnation || table.record(ref).boot !== seen.boot) return false',
    put: 'seen = { ...seen, incarnation: table.incarnation(ref) }',
  },
  {
    name: 'a failure that was heard by sync alone is taken at its word',
    file: engine('membership'),
    find: `    this.#hearSuspect(
      { type: 'suspect', name, incarnation, accusations: [{ accuser, evidence: 'heard' }] },`,
    put: `    this.#hearTerminal(
      { type: 'failed', name, incarnation, accuser, evidence: 'heard' },`,
  },

  // Pings
  {
    name: 'a node answers pings that are for another',
    file: engine('ping-service'),
    find: 'if (ping.target === sender.name && (ping.boot === undefined || standsBy)) return true',
    put: 'if (ping.boot === undefined || standsBy) return true',
  },
  {
    name: 'a node that has left still stands by its boot',
    file: engine('ping-service'),
    find: 'ping.boot === sender.boot && table.status(table.self) !== Status.Left',
    put: 'ping.boot === sender.boot',
  },
  {
    name: 'a helper that has heard nothing says nothing',
    file: engine('ping-service'),
    find: "this.#answerOrigin(relay, { type: 'nack', seq: relay.originSeq })",
    put: '',
  },
  {
    name: 'a helper keeps the ack for itself',
    file: engine('ping-service'),
    find: "this.#answerOrigin(relay, { type: 'ack', seq: relay.originSeq, payload })",
    put: '',
  },
  {
    name: 'a look that nobody answers is no evidence',
    file: 'packages/detector-pingack/src/ping-ack.ts',
    find: "else if (outcome === 'unreached') this",
    put: "else if (outcome === 'unreached' && evidence === 'refused') this",
  },

  // Telling
  {
    name: 'a member that is suspected is not told so',
    file: engine('outbox'),
    find: 'export const isHeldAgainst = (status: Status): boolean => status !== Status.Alive',
    put: 'export const isHeldAgainst = (status: Status): boolean => status > Status.Suspect',
  },
  {
    name: 'a member that is failed is not told so when it is dialled',
    file: engine('ping-service'),
    find: 'this.#outbox.toAddress(to.address, this.#refOf(to), ping)',
    put: 'this.#outbox.toAddress(to.address, undefined, ping)',
  },
  {
    name: 'a helper goes by what it knew when it was asked',
    file: engine('ping-service'),
    find: 'const ref = originName === undefined ? undefined : this.#state.table.find(originName)',
    put: 'const ref = undefined',
  },
  {
    name: 'the budget of a packet forgets its header',
    file: engine('outbox'),
    find: 'let budget = maxPacketBytes - codec.bundleOverhead(sender)',
    put: 'let budget: number = maxPacketBytes',
  },
  {
    name: 'updates are told once more than they ought to be',
    file: engine('outbox'),
    find: 'this.#transmitLimit = transmitLimit(settings, table.active)',
    put: 'this.#transmitLimit = transmitLimit(settings, table.active) + 1',
  },
  {
    name: 'nobody learns that an update has been told',
    file: 'packages/core/src/dissemination/piggyback-queue.ts',
    find: 'entry.update.done?.()',
    put: '',
  },
  {
    name: 'an update that nobody is there for stays queued',
    file: engine('gossip-pace'),
    find: '    this.#dropUntellable()\n',
    put: '',
  },

  // Stalls
  {
    name: 'suspicions go on while their node stands still',
    file: engine('suspicions'),
    find: 'const by = now - Math.max(since, suspicion.start)',
    put: 'const by = 0',
  },
  {
    name: 'a suspicion whose time was the first to run out in a stall ends with it',
    file: engine('swim-engine'),
    find: 'membership.extendSuspicions(this.#onTimeAt, now)',
    put: 'membership.extendSuspicions(now - lag, now)',
  },
  {
    name: 'pings that a node stood still over are judged',
    file: engine('swim-engine'),
    find: '    pings.voidAll(now)\n',
    put: '',
  },
  {
    name: 'a node that stood still trusts itself',
    file: engine('swim-engine'),
    find: '    health.apply(healthDelta.loopLag)\n',
    put: '',
  },

  // Forgetting and finding back
  {
    name: 'whoever failed is forgotten as soon as who left',
    file: engine('retention'),
    find: 'status === Status.Failed ? failedRetention : leftRetention,',
    put: 'Math.min(failedRetention, leftRetention),',
  },
  {
    name: 'nobody is ever forgotten',
    file: engine('membership'),
    find: '    this.#reap(ref, now)\n  }',
    put: '  }',
  },
  {
    name: 'a member is forgotten before that has been told',
    file: engine('tellings'),
    find: 'transmitLimit(settings, n) * settings.gossipInterval',
    put: '0',
  },
  {
    name: 'the age that another knows is not taken',
    file: engine('membership'),
    find: 'if (since >= table.since(ref)) return',
    put: 'if (since !== 0) return',
  },
  {
    name: 'entries past their retention are sent',
    file: engine('synchronizer'),
    find: 'return now - table.since(ref) > retentionOf(settings, status, table.active)',
    put: 'return false',
  },
  {
    name: 'nobody tries the addresses of those that ought to be members',
    file: engine('rejoin'),
    find: 'if (addresses.length === 0) return undefined',
    put: 'if (addresses.length >= 0) return undefined',
  },
  {
    name: 'one that answers elsewhere than where it says it is, is believed',
    file: engine('syncs'),
    find: 'return dialled !== undefined && says !== undefined && !sameAddress(says, dialled)',
    put: 'return false',
  },

  // Closed ports
  {
    name: 'a closed port ends a look before the packets have had their time',
    file: engine('looks'),
    find: 'this.#arm(look, now + this.patience(look.seen.ref))',
    put: 'this.#conclude(look, now)',
  },
  {
    name: 'one closed port is enough',
    file: engine('suspicions'),
    find: "return countOf(accusations, 'refused') >= wanted",
    put: "return countOf(accusations, 'refused') >= Math.min(1, wanted)",
  },
  {
    name: 'silence counts as a closed port',
    file: engine('suspicions'),
    find: "return countOf(accusations, 'refused') >= wanted",
    put: 'return accusations.length >= wanted',
  },
  {
    name: 'a witness says what it heard without having looked',
    file: engine('witness'),
    find: 'this.#state.counters.witnessLooks++',
    put: `const { table } = this.#state
    const seen = { ref, incarnation: table.incarnation(ref), boot: table.record(ref).boot }
    this.#membership.accuse(seen, 'refused', now)`,
  },

  // Switching
  {
    name: 'an older configuration is taken',
    file: engine('configuration'),
    find: 'if (compareConfigs(config, own) <= 0) return',
    put: 'if (compareConfigs(config, own) === 0) return',
  },
  {
    name: 'of two switches at once everybody keeps the one that came first',
    file: engine('configuration'),
    find: 'if (a.detector !== b.detector) return a.detector > b.detector ? 1 : -1',
    put: 'if (a.detector !== b.detector) return 0',
  },
  {
    name: 'after a switch nobody looks',
    file: engine('detection'),
    find: '    this.stop(now)\n    this.start(now)\n',
    put: '    this.stop(now)\n',
  },

  // Doubts
  {
    name: 'a verdict is put off for good',
    file: engine('suspicions'),
    find: 'const until = Math.min(now + suspicion.min, suspicion.start + suspicion.max)',
    put: 'const until = now + suspicion.min',
  },

  // Heartbeats
  {
    name: 'a member that was never heard is never looked at',
    file: gossip('silence'),
    find: 'const silence = known ? this.spacing(row, penalty) : this.#grace',
    put: 'const silence = known ? this.spacing(row, penalty) : 1e9',
  },
  {
    name: 'of a silent member nothing is said',
    file: gossip('run'),
    find: "    if (arg === comparison) {\n      if (outcome === 'unreached') this.#context.unreachable(seen, evidence, now)\n      return\n    }\n",
    put: "    if (arg === comparison || outcome === 'unreached') return\n",
  },

  // Messages
  {
    name: 'what has been told is told again when it is heard again',
    file: engine('messaging/event-log'),
    find: "      return 'seen'\n",
    put: "      return 'new'\n",
  },
  {
    name: 'two that tell something at the same time are taken for one',
    file: engine('messaging/rumours'),
    find: "const event: UserEvent = { type: 'event', time: this.tick(), boot, origin, name, body }",
    put: "const event: UserEvent = { type: 'event', time: this.tick(), boot: 1n, origin, name, body }",
  },
  {
    name: 'a member that answers again is counted again',
    file: engine('messaging/queries'),
    find: 'if (open === undefined || !member || open.answered.has(from)) {',
    put: 'if (open === undefined || !member) {',
  },
  {
    name: 'a member that has answered is still waited for',
    file: engine('messaging/queries'),
    find: '    waiting.delete(from)\n    answered.add(from)',
    put: '    answered.add(from)',
  },

  // What outlives a process
  {
    name: 'what an earlier process was told is told again',
    file: engine('messaging/rumours'),
    find: '    this.#log.recall(heard, now)\n',
    put: '',
  },
  {
    name: 'those that were alive are held alive by a process that starts',
    file: engine('memory'),
    find: '    if (status >= Status.Failed) {\n',
    put: '    if (status >= Status.Alive) {\n',
  },
  {
    name: 'a process that starts looks for nobody whom an earlier one knew',
    file: engine('rejoin'),
    find: '  keep(address: Address): void {\n    this.#ring.add(address)\n',
    put: '  keep(_address: Address): void {\n',
  },
  {
    name: 'the age of one that failed begins anew with each process',
    file: engine('memory'),
    find: 'membership.recall(entry, now - age, now)',
    put: 'membership.recall(entry, now, now)',
  },

  // Payloads
  {
    name: 'a payload that a member has no longer is kept',
    file: engine('payloads'),
    find: '    if (held !== undefined && !samePayload(held.ref, payload)) this.#drop(ref, held)\n',
    put: '',
  },
  {
    name: 'a payload is asked for once',
    file: engine('payloads'),
    find: '    this.#arm(ref, wanted, wait * (0.5 + this.#state.random.fraction()), now)\n',
    put: '',
  },
  {
    name: 'the payload of one that comes back is not looked for',
    file: engine('payloads'),
    find: '    if (payload === undefined || !active || this.#held.get(ref) !== undefined) return\n',
    put: '    if (payload === undefined || !active || this.#held.get(ref) !== undefined || wanted === undefined) return\n',
  },
]
