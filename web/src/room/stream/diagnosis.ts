/** How far one try to get the picture has come. Candidates are known by their kind, never by address. */
export interface Facts {
  /** Milliseconds since the browser was asked, has answered, or was connected to, whichever came last; and whether this try has been given up. */
  waited: number;
  failed: boolean;
  /** The agent has answered with an offer. */
  answered: boolean;
  /** Kinds of the candidates (RFC 8445) found here, and told from there. */
  local: readonly CandidateKind[];
  remote: readonly CandidateKind[];
  /** No more will be found here. */
  gathered: boolean;
  /** Ports of the TURN servers that were named; none where there is no relay at all. */
  relayPorts: readonly number[];
  /** STUN error codes of what was gathered (RFC 8489, RFC 8656); 701 is no answer. */
  errors: readonly number[];
  ice: RTCIceConnectionState;
  dtls: string;
  /** The connection stands. */
  connected: boolean;
  bytes: number;
  decoded: number;
}

export type CandidateKind = 'host' | 'srflx' | 'prflx' | 'relay';

/** Which step failed. */
export type Diagnosis =
  /** The agent beside the room's browser does not answer. */
  | 'noAnswer'
  /** This browser finds no address of its own: WebRTC is switched off, or what is left of it is. */
  | 'noCandidates'
  /** No UDP, and no TURN either: the network lets nothing through but web pages. */
  | 'blocked'
  /** The relay was reached and gives this page nothing. */
  | 'relayRefused'
  /** The relay was reached, and there is no way on from it. */
  | 'relayLeadsNowhere'
  /** There is no direct way, and the server has no relay. */
  | 'noRelay'
  /** There is a way, and what keeps it secret does not come about. */
  | 'handshake'
  /** The connection stands and carries nothing. */
  | 'noMedia'
  /** The picture arrives and can't be shown. */
  | 'notDecoded';

/** Long enough for a slow network to connect; Chromium itself gives up after 15 s or more. */
const patience = 8_000;

/** Unauthorized, Forbidden, Allocation Mismatch, Wrong Credentials, Quota Reached, Insufficient Capacity. */
const refusals: readonly number[] = [401, 403, 437, 441, 486, 508];

/** Null while it may still come. */
export function diagnose(facts: Facts): Diagnosis | null {
  if (facts.decoded > 0 || (!facts.failed && facts.waited < patience)) return null;
  if (facts.connected) return facts.bytes === 0 ? 'noMedia' : 'notDecoded';
  if (!facts.answered) return 'noAnswer';
  if (facts.ice === 'connected' || facts.ice === 'completed') return 'handshake';
  if (facts.local.length === 0) return facts.gathered || facts.failed || facts.waited >= 3 * patience ? 'noCandidates' : null; // a busy computer is slow to find its own
  if (facts.relayPorts.length === 0) return 'noRelay';
  if (facts.local.includes('relay')) return 'relayLeadsNowhere';
  return facts.errors.some((code) => refusals.includes(code)) ? 'relayRefused' : 'blocked';
}

/** What an administrator can read: everything that is known, and no address. */
export function describe(diagnosis: Diagnosis, facts: Facts, at: Date, agent: string): string {
  const list = (all: readonly (string | number)[]): string => (all.length > 0 ? all.join(' ') : 'none');
  return [
    `Turtus, no picture: ${diagnosis}`,
    `${at.toISOString()}, ${Math.round(facts.waited / 1000)} s without another step${facts.failed ? ', given up' : ''}`,
    `browser answered: ${facts.answered ? 'yes' : 'no'}`,
    `candidates here: ${list(facts.local)}; there: ${list(facts.remote)}`,
    `relay ports: ${list(facts.relayPorts)}; errors: ${list(facts.errors)}`,
    `ICE ${facts.ice}, DTLS ${facts.dtls}, ${facts.bytes} bytes, ${facts.decoded} frames`,
    agent,
  ].join('\n');
}
