/** One setting of `start`: a flag, an environment variable and a key of the configuration file. */
export interface Field {
  readonly key: string
  /** Only where the environment can set it. */
  readonly env?: string
  /** What stands for the value in help; none for a switch. */
  readonly value?: string
  readonly help: string
  /** May be given several times. */
  readonly many?: true
  /** Never printed, not even where it is wrong. */
  readonly secret?: true
  /** Also taken as this key in a file. */
  readonly alias?: string
  /** Keeps others out of the cluster, or the control API, so that a file does not leave it out by giving it without a value. */
  readonly guards?: true
  /** Only a flag: in a file it would make no sense. */
  readonly flagOnly?: true
}

/**
 * All settings of `start`, in the order of its help. What a value may be is in `schemas.ts`; this table is apart so
 * that help does not wait for the validator to load.
 */
export const fields = [
  {
    key: 'name',
    env: 'SWIM_NAME',
    value: 'name',
    help: 'unique in the cluster (default: host name and port, or address and port where the port is picked)',
  },
  {
    key: 'cluster',
    env: 'SWIM_CLUSTER',
    value: 'label',
    help: 'nodes of another cluster are refused (default: default)',
  },
  {
    key: 'bind',
    env: 'SWIM_BIND',
    value: 'host',
    help: 'address, interface name or CIDR to listen on (default: 0.0.0.0)',
  },
  { key: 'port', env: 'SWIM_PORT', value: 'port', help: 'UDP and TCP; 0 picks a free one (default: 7946)' },
  {
    key: 'advertise',
    env: 'SWIM_ADVERTISE',
    value: 'host[:port]',
    help: 'what others are told (default: chosen from the bound interface)',
  },
  {
    key: 'seed',
    env: 'SWIM_SEEDS',
    alias: 'seeds',
    value: 'address',
    many: true,
    help: 'whom to join: host:port, dns+name:port or dnssrv+name; tried for life',
  },
  {
    key: 'data-dir',
    env: 'SWIM_DATA_DIR',
    value: 'folder',
    help: 'where the node keeps what it knows over a restart; then it finds its cluster without seeds',
  },
  {
    key: 'lan-port',
    env: 'SWIM_LAN_PORT',
    value: 'port',
    help: 'UDP port, such as 7947, at which the nodes of a local network find each other by broadcast (default: none)',
  },
  {
    key: 'detector',
    env: 'SWIM_DETECTOR',
    value: 'name',
    help: "pingack, gossip, or a plugin's package name (default: pingack); the built-in ones can be switched to",
  },
  {
    key: 'transport',
    env: 'SWIM_TRANSPORT',
    value: 'name',
    help: "udp (with TCP streams), tcp (no UDP at all), or a plugin's package name (default: udp)",
  },
  {
    key: 'codec',
    env: 'SWIM_CODEC',
    value: 'name',
    help: "swim, json, or a plugin's package name (default: swim)",
  },
  {
    key: 'profile',
    env: 'SWIM_PROFILE',
    value: 'lan|wan|local',
    help: 'timings for a local network, a wide area or one machine (default: lan)',
  },
  {
    key: 'probe-interval',
    env: 'SWIM_PROBE_INTERVAL',
    value: 'duration',
    help: 'one member is looked at per interval',
  },
  {
    key: 'probe-timeout',
    env: 'SWIM_PROBE_TIMEOUT',
    value: 'duration',
    help: 'longest wait for an answer before helpers are asked; the wait follows the round trips',
  },
  {
    key: 'probe-timeout-min',
    env: 'SWIM_PROBE_TIMEOUT_MIN',
    value: 'duration',
    help: 'least of those waits; a fifth of the longest if not given',
  },
  {
    key: 'adaptive',
    env: 'SWIM_ADAPTIVE',
    help: 'probe twice as often while members are doubted, half as often while none is, and more of them while there is much to tell',
  },
  {
    key: 'suspicion-mult',
    env: 'SWIM_SUSPICION_MULT',
    value: 'number',
    help: 'how long a suspect may refute: times log10(members) probe intervals',
  },
  {
    key: 'suspicion-quorum',
    env: 'SWIM_SUSPICION_QUORUM',
    value: 'count',
    help: 'independent reports that fail a suspect at once; 0 is off',
  },
  {
    key: 'refusal-quorum',
    env: 'SWIM_REFUSAL_QUORUM',
    value: 'count',
    help: 'members that find the port of a suspect closed, which fails it at once; 0 is off',
  },
  {
    key: 'indirect-probes',
    env: 'SWIM_INDIRECT_PROBES',
    value: 'count',
    help: 'helpers asked to ping a member that is silent',
  },
  {
    key: 'gossip-interval',
    env: 'SWIM_GOSSIP_INTERVAL',
    value: 'duration',
    help: 'period at which news is handed on',
  },
  {
    key: 'gossip-fanout',
    env: 'SWIM_GOSSIP_FANOUT',
    value: 'count',
    help: 'members told per gossip interval',
  },
  {
    key: 'sync-interval',
    env: 'SWIM_SYNC_INTERVAL',
    value: 'duration',
    help: 'period of full comparison with one member; 0 is never',
  },
  {
    key: 'failed-retention',
    env: 'SWIM_FAILED_RETENTION',
    value: 'duration',
    help: 'how long a failed member stays listed',
  },
  {
    key: 'control',
    env: 'SWIM_CONTROL',
    value: 'host:port|url|unix:/path',
    help: 'address of the control API, or a Unix socket for it (default: 127.0.0.1, port + 10000)',
  },
  {
    key: 'control-port',
    env: 'SWIM_CONTROL_PORT',
    value: 'port',
    help: 'its port alone; 0 picks a free one',
  },
  {
    key: 'control-token-file',
    env: 'SWIM_CONTROL_TOKEN_FILE',
    value: 'file',
    guards: true,
    help: 'token that callers of the control API must send; required off loopback',
  },
  {
    key: 'control-token',
    env: 'SWIM_CONTROL_TOKEN',
    value: 'token',
    secret: true,
    guards: true,
    help: 'the same as text (it shows in the process list: prefer the file)',
  },
  {
    key: 'control-read-token-file',
    env: 'SWIM_CONTROL_READ_TOKEN_FILE',
    value: 'file',
    guards: true,
    help: 'a second token, which reads and changes nothing',
  },
  {
    key: 'control-read-token',
    env: 'SWIM_CONTROL_READ_TOKEN',
    value: 'token',
    secret: true,
    guards: true,
    help: 'the same as text (it shows in the process list: prefer the file)',
  },
  {
    key: 'control-cert',
    env: 'SWIM_CONTROL_CERT',
    value: 'file',
    guards: true,
    help: 'certificate in PEM, with those between it and its authority: the control API is then https; read anew at a SIGHUP',
  },
  {
    key: 'control-key',
    env: 'SWIM_CONTROL_KEY',
    value: 'file',
    guards: true,
    help: 'its private key in PEM',
  },
  {
    key: 'control-name',
    env: 'SWIM_CONTROL_NAMES',
    alias: 'control-names',
    value: 'host',
    many: true,
    help: 'a host name under which the control API is reached, besides localhost and IP addresses',
  },
  {
    key: 'control-rate-limit',
    env: 'SWIM_CONTROL_RATE_LIMIT',
    value: 'count',
    help: 'requests a second that one address may send it, twice that at once; 0 is off (default: 200)',
  },
  {
    key: 'key-file',
    env: 'SWIM_KEY_FILE',
    value: 'file',
    guards: true,
    help: 'keys that all members share, one on each line; the first seals what is sent (default: nothing is sealed)',
  },
  {
    key: 'key',
    env: 'SWIM_KEY',
    alias: 'keys',
    value: 'key',
    many: true,
    secret: true,
    guards: true,
    help: 'the same as text (it shows in the process list: prefer the file)',
  },
  {
    key: 'verify-outgoing',
    env: 'SWIM_VERIFY_OUTGOING',
    value: 'true|false',
    help: 'whether what is sent is sealed; false while the keys are not at all members yet (default: true)',
  },
  {
    key: 'verify-incoming',
    env: 'SWIM_VERIFY_INCOMING',
    value: 'true|false',
    help: 'whether what is not sealed is refused; false until all seal what they send (default: true)',
  },
  {
    key: 'allow',
    env: 'SWIM_ALLOW',
    value: 'network',
    many: true,
    guards: true,
    help: 'addresses and networks, as 10.0.0.0/8, of those who may speak to this node and be members (default: anybody)',
  },
  {
    key: 'service',
    env: 'SWIM_SERVICES',
    alias: 'services',
    value: 'name[:port]',
    many: true,
    help: 'a service that this member offers',
  },
  {
    key: 'tag',
    env: 'SWIM_TAGS',
    alias: 'tags',
    value: 'key=value',
    many: true,
    help: 'a tag of this member',
  },
  {
    key: 'answer',
    env: 'SWIM_ANSWERS',
    alias: 'answers',
    value: 'query=text',
    many: true,
    help: 'what this member answers to a query of that name',
  },
  { key: 'payload', env: 'SWIM_PAYLOAD', value: 'text', help: "this member's payload" },
  { key: 'payload-file', env: 'SWIM_PAYLOAD_FILE', value: 'file', help: 'the same from a file, any bytes' },
  {
    key: 'drop-rate',
    env: 'SWIM_DROP_RATE',
    value: '0..1',
    help: 'share of packets lost on purpose, both ways (default: 0)',
  },
  {
    key: 'drain',
    env: 'SWIM_DRAIN',
    value: 'duration',
    help: 'before it leaves, how long it goes on as a member that nobody picks (default: 0)',
  },
  { key: 'detach', flagOnly: true, help: 'run in the background, with a pid file and a log file' },
  {
    key: 'pid-file',
    env: 'SWIM_PID_FILE',
    value: 'file',
    help: 'written while it serves (default with --detach: in the state directory)',
  },
  {
    key: 'log-file',
    env: 'SWIM_LOG_FILE',
    value: 'file',
    help: 'with --detach, where logs go (default: in the state directory)',
  },
  {
    key: 'status-interval',
    env: 'SWIM_STATUS_INTERVAL',
    value: 'duration',
    help: 'period of the status line; 0 is off (default: 10s on a terminal)',
  },
  {
    key: 'log-level',
    env: 'SWIM_LOG_LEVEL',
    value: 'level',
    help: 'debug, info, warn or error (default: info)',
  },
  { key: 'log-format', env: 'SWIM_LOG_FORMAT', value: 'text|json', help: 'of the log (default: text)' },
  {
    key: 'config',
    env: 'SWIM_CONFIG',
    flagOnly: true,
    value: 'file',
    help: 'YAML or JSON file with any of these; flags win over the environment, that over the file',
  },
] as const satisfies readonly Field[]

export type FieldKey = (typeof fields)[number]['key']
