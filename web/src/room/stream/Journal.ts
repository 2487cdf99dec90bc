import type { ICEServer } from '@/api/types';
import type { CandidateKind, Facts } from './diagnosis';

const kinds: readonly string[] = ['host', 'srflx', 'prflx', 'relay'] satisfies CandidateKind[];

/** Journal writes down how far one try to get the picture comes, for whoever asks why there is none. It changes nothing. */
export class Journal {
  /** When the last step was done: each has its own patience. */
  private step: number;
  private answered = false;
  private failed = false;
  private readonly local = new Set<CandidateKind>();
  private readonly remote = new Set<CandidateKind>();
  private readonly errors = new Set<number>();
  private readonly relayPorts: readonly number[];

  constructor(
    private readonly connection: RTCPeerConnection,
    servers: readonly ICEServer[],
    private readonly now: () => number,
  ) {
    this.step = now();
    this.relayPorts = [...new Set(servers.flatMap(({ urls }) => urls).filter((url) => url.startsWith('turn')).map(portOf))];
    connection.onicecandidateerror = ({ errorCode }) => this.errors.add(errorCode);
  }

  offered(sdp: string): void {
    this.answered = true;
    this.step = this.now();
    for (const line of sdp.split(/\r?\n/)) if (line.startsWith('a=candidate:')) this.note(this.remote, line);
  }

  gathered(candidate: string): void {
    this.note(this.local, candidate);
  }

  told(candidate: string): void {
    this.note(this.remote, candidate);
  }

  connected(): void {
    this.step = this.now();
  }

  gaveUp(): void {
    this.failed = true;
  }

  close(): void {
    this.connection.onicecandidateerror = null;
  }

  async facts(): Promise<Facts> {
    const { connection } = this;
    let bytes = 0;
    let decoded = 0;
    let dtls = '';
    const report = await connection.getStats().catch(() => null);
    report?.forEach((entry: { type: string; kind?: string; bytesReceived?: number; framesDecoded?: number; dtlsState?: string }) => {
      if (entry.type === 'inbound-rtp') bytes += entry.bytesReceived ?? 0;
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') decoded += entry.framesDecoded ?? 0;
      if (entry.type === 'transport') dtls = entry.dtlsState ?? '';
    });
    return {
      waited: this.now() - this.step,
      failed: this.failed,
      answered: this.answered,
      local: [...this.local],
      remote: [...this.remote],
      gathered: connection.iceGatheringState === 'complete',
      relayPorts: this.relayPorts,
      errors: [...this.errors],
      ice: connection.iceConnectionState,
      dtls: dtls || 'unknown',
      connected: connection.connectionState === 'connected',
      bytes,
      decoded,
    };
  }

  private note(into: Set<CandidateKind>, line: string): void {
    const kind = / typ (\w+)/.exec(line)?.[1];
    if (kind !== undefined && kinds.includes(kind)) into.add(kind as CandidateKind);
  }
}

/** The port of a TURN URI (RFC 7065). */
function portOf(url: string): number {
  const written = /^turns?:(?:\[[^\]]*\]|[^:?]*):(\d+)/.exec(url)?.[1];
  if (written !== undefined) return Number(written);
  return url.startsWith('turns:') ? 5349 : 3478;
}
