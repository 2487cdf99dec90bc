import { backoff } from '@/api/hub/backoff';
import { parseAgentEvent, type AgentEvent } from '@/api/hub/messages';
import type { ICEServer, Quality, SignalPayload } from '@/api/types';
import type { Facts } from './diagnosis';
import { Journal } from './Journal';
import { InputCopies } from './InputCopies';
import { LipSync } from './LipSync';

export type StreamState =
  /** There is no browser to ask, or the picture is paused. */
  | 'idle'
  /** Asked for, and the connection is being made. */
  | 'connecting'
  | 'live'
  /** The network is away; the last picture stays while it is mended. */
  | 'interrupted';

/** Who to ask: the agent's peer, and which run of the browser it belongs to. */
export interface StreamSource {
  browser: string;
  peer: string;
}

export interface StreamOptions {
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  request: (session: string, target: string) => boolean;
  prefer: (session: string, quality: Quality, hidden: boolean, target: string) => boolean;
  /** What the viewer wants of the picture, and whether nobody sees the page. */
  wish: () => { quality: Quality; hidden: boolean };
  stop: (session: string, target: string) => boolean;
  signal: (payload: SignalPayload, target: string) => boolean;
  makeSession: () => string;
  random?: () => number;
  now?: () => number;
}

export interface StreamEvents {
  state: (state: StreamState) => void;
  /** Picture and sound as they have come so far, and the sound alone. */
  media: (all: MediaStream, sound: MediaStream | null) => void;
  event: (event: AgentEvent) => void;
}

export type InputChannel = 'input' | 'pointer';

const offerTimeout = 10_000;
const connectTimeout = 20_000;
const disconnectedGrace = 1_500;
const restartTimeout = 8_000;
/** Between two tabs people switch to and fro; only who stays away spares the agent a picture and itself a keyframe. */
const hiddenGrace = 1_000;
/** Some hundreds of keys. What would come later than that is not what the person means any more. */
const inputBacklog = 8_192;
/** What copies may wait behind: those of the same moment. Later than that they are of no use. */
const copyBacklog = 1_024;

/**
 * StreamSession gets the browser's picture and sound and keeps them: it asks (stream.request), answers the agent's offer,
 * trickles candidates, and hands out the data channels. Interrupted, or told of another network, it restarts ICE by asking
 * with the same session, and it answers the agent's own restarts; failed, or unanswered, it asks anew; a browser that comes
 * back is asked again. It knows no React and no hub.
 */
export class StreamSession {
  state: StreamState = 'idle';
  private readonly listeners: { [E in keyof StreamEvents]: Set<StreamEvents[E]> } = { state: new Set(), media: new Set(), event: new Set() };
  private source: StreamSource | null = null;
  private iceServers: ICEServer[] = [];
  private paused = false;
  private disposed = false;
  private session: string | null = null;
  private connection: RTCPeerConnection | null = null;
  private journal: Journal | null = null;
  private channels = new Map<string, RTCDataChannel>();
  private early: RTCIceCandidateInit[] = [];
  private described = false;
  /** The session id of the agent's offers. */
  private origin: string | null = null;
  /** Signals are taken one after the other: an offer that comes while another is answered would break that. */
  private taking: Promise<void> = Promise.resolve();
  /** An ICE restart was asked for and not offered yet: the hub was away, or its connection as lost as ours. */
  private restartDue = false;
  /** The connection was there once, so ICE alone may bring it back. */
  private established = false;
  private media = new MediaStream();
  private sound: MediaStream | null = null;
  private attempt = 0;
  private wasLive = false;
  private hiding: ReturnType<typeof setTimeout> | null = null;
  private lowDelay = false;
  private lipSync = new LipSync();
  /** Bytes of a clipboard that were put on the channel `input` at once: they are no sign that the network is behind. */
  private bulk = 0;
  private copies: InputCopies | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: StreamOptions) {}

  on<E extends keyof StreamEvents>(event: E, listener: StreamEvents[E]): () => void {
    this.listeners[event].add(listener);
    return () => this.listeners[event].delete(listener);
  }

  /** From now on, an ICE restart of the session that there is included. */
  setIceServers(servers: ICEServer[]): void {
    this.iceServers = servers;
    try {
      this.connection?.setConfiguration(this.configuration);
    } catch {
      // It holds from the next connection on.
    }
  }

  private get configuration(): RTCConfiguration {
    return { iceServers: this.iceServers.map(toIceServer), bundlePolicy: 'max-bundle' };
  }

  /** Says which browser there is; null when there is none. The same run with a new peer id keeps a picture that goes on. */
  setSource(source: StreamSource | null): void {
    if (this.disposed) return;
    const before = this.source;
    this.source = source;
    if (this.paused) return;
    if (!source) {
      if (before) this.end(before);
    } else if (before?.browser !== source.browser) {
      this.attempt = 0;
      this.wasLive = false;
      this.ask();
    } else if (before.peer !== source.peer) {
      if (this.connection?.connectionState === 'connected') this.prefer();
      else this.ask();
    }
  }

  /** The seat is a new one, so the agent has let go of the old one's connection. */
  seatChanged(): void {
    if (this.source && !this.paused) this.ask();
  }

  /** The hub is back, or the agent is in it: what was asked meanwhile may not have arrived. */
  hubBack(): void {
    if (!this.source || this.paused) return;
    if (this.restartable && (this.restartDue || this.state !== 'live')) this.restartIce();
    else if (this.state !== 'live') this.ask();
    else this.prefer();
  }

  /** The machine is in another network: what seems to be connected is not, which would be noticed only some seconds later. */
  networkChanged(): void {
    if (!this.paused && this.restartable) this.restartIce();
  }

  private get restartable(): boolean {
    const state = this.connection?.connectionState;
    return this.established && state !== 'failed' && state !== 'closed';
  }

  /** The viewer wants another picture. */
  qualityChanged(): void {
    this.prefer();
  }

  /** Nobody sees the page any more, which is said a moment later; or somebody does again, which is said at once. */
  hiddenChanged(): void {
    if (this.disposed) return;
    const unsaid = this.hiding !== null;
    if (this.hiding !== null) clearTimeout(this.hiding);
    this.hiding = null;
    if (this.options.wish().hidden) {
      this.hiding = setTimeout(() => {
        this.hiding = null;
        this.prefer();
      }, hiddenGrace);
    } else if (!unsaid) this.prefer();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.end();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.attempt = 0;
    if (this.source) this.ask();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Ends for good: whatever is heard later asks for nothing any more. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (this.hiding !== null) clearTimeout(this.hiding);
    const { source } = this;
    this.source = null;
    this.end(source);
  }

  /**
   * False when the picture is not live, or the channel not open or behind: nothing done then may come out seconds later.
   * A move waits for no other: the newest goes when the channel is empty.
   */
  send(channel: InputChannel, frame: ArrayBuffer): boolean {
    const open = this.channels.get(channel);
    if (this.state !== 'live' || open?.readyState !== 'open') return false;
    if (channel === 'pointer') {
      if (open.bufferedAmount > 0) return false;
    } else {
      this.copies ??= new InputCopies((copy) => this.sendCopy(copy));
      if (open.bufferedAmount <= inputBacklog) this.bulk = 0;
      if (open.bufferedAmount > inputBacklog + this.bulk) return false;
      if (frame.byteLength > inputBacklog) this.bulk += frame.byteLength;
    }
    open.send(frame);
    if (channel === 'input') this.copies?.sent(frame);
    return true;
  }

  private sendCopy(copy: ArrayBuffer): void {
    const open = this.channels.get('pointer');
    if (this.state === 'live' && open?.readyState === 'open' && open.bufferedAmount <= copyBacklog) open.send(copy);
  }

  /** Whoever drives sees each picture as soon as it is decoded; the others get what their browser holds back for smoothness. */
  setLowDelay(on: boolean): void {
    if (on === this.lowDelay) return;
    this.lowDelay = on;
    this.lipSync = new LipSync();
    for (const receiver of this.connection?.getReceivers() ?? []) this.tune(receiver);
  }

  private tune(receiver: RTCRtpReceiver, target: number | null = this.lowDelay ? 0 : null): void {
    // The first is the standard's name (webrtc-extensions, milliseconds), the second what browsers had before (seconds); each ignores what it does not know.
    Object.assign(receiver, { jitterBufferTarget: target, playoutDelayHint: target && target / 1000 });
  }

  /** How it goes; by each reading the sound of whoever watches comes closer to the picture. */
  async statistics(): Promise<RTCStatsReport | null> {
    const { connection } = this;
    const report = (await connection?.getStats()) ?? null;
    if (report && connection === this.connection && !this.lowDelay) {
      const target = this.lipSync.hear(report);
      for (const receiver of connection?.getReceivers() ?? []) if (receiver.track.kind === 'video') this.tune(receiver, target);
    }
    return report;
  }

  /** How far the try that is under way has come; null where none is. */
  facts(): Promise<Facts> | null {
    return this.journal?.facts() ?? null;
  }

  /** A signal for this session from the agent. */
  receive(payload: SignalPayload, sender: string): Promise<void> {
    this.taking = this.taking.then(() => this.take(payload, sender));
    return this.taking;
  }

  private async take(payload: SignalPayload, sender: string): Promise<void> {
    const { connection } = this;
    if (payload.session !== this.session || !connection || sender !== this.source?.peer) return;
    try {
      if (payload.description?.type === 'offer') await this.answer(connection, payload.description.sdp, sender);
      else if (payload.candidate) await this.addCandidate(connection, payload.candidate);
    } catch {
      if (connection === this.connection) this.again();
    }
  }

  private async answer(connection: RTCPeerConnection, sdp: string, target: string): Promise<void> {
    // An agent that has let go of the session makes another connection of its name: its keys are not those of ours.
    const origin = originOf(sdp);
    if (this.origin !== null && origin !== this.origin) {
      this.ask();
      return;
    }
    this.origin = origin;
    this.restartDue = false;
    this.journal?.offered(sdp);
    await connection.setRemoteDescription({ type: 'offer', sdp });
    this.described = true;
    for (const candidate of this.early.splice(0)) await connection.addIceCandidate(candidate);
    const answer = await connection.createAnswer();
    const stereo = withStereo(answer.sdp ?? '');
    await connection.setLocalDescription({ type: 'answer', sdp: stereo });
    if (connection !== this.connection || !this.session) return;
    this.options.signal({ session: this.session, description: { type: 'answer', sdp: stereo } }, target);
    // An ICE restart may be offered after the old path has come back; then nothing would end the waiting.
    if (connection.connectionState !== 'connected') this.expect(connectTimeout);
  }

  private async addCandidate(connection: RTCPeerConnection, candidate: NonNullable<SignalPayload['candidate']>): Promise<void> {
    const init: RTCIceCandidateInit = { candidate: candidate.candidate ?? '' };
    if (candidate.sdpMid !== undefined) init.sdpMid = candidate.sdpMid;
    if (candidate.sdpMLineIndex !== undefined) init.sdpMLineIndex = candidate.sdpMLineIndex;
    if (candidate.usernameFragment !== undefined) init.usernameFragment = candidate.usernameFragment;
    if (init.sdpMid == null && init.sdpMLineIndex == null) init.sdpMLineIndex = 0;
    this.journal?.told(init.candidate ?? '');
    if (this.described) await connection.addIceCandidate(init).catch(() => undefined);
    else this.early.push(init);
  }

  private ask(): void {
    const { source } = this;
    if (!source || this.disposed) return;
    this.drop();
    const session = this.options.makeSession();
    this.session = session;
    const connection = this.options.makePeerConnection(this.configuration);
    this.connection = connection;
    this.journal = new Journal(connection, this.iceServers, this.options.now ?? Date.now);
    this.media = new MediaStream();
    this.sound = null;
    this.setState(this.wasLive ? 'interrupted' : 'connecting');
    connection.ontrack = (event) => {
      if (connection !== this.connection) return;
      if (this.lowDelay) this.tune(event.receiver);
      this.media.addTrack(event.track);
      if (event.track.kind === 'audio') this.sound = new MediaStream([event.track]);
      this.emit('media', this.media, this.sound);
    };
    connection.ondatachannel = ({ channel }) => {
      if (connection !== this.connection) return;
      this.channels.set(channel.label, channel);
      if (channel.label === 'events') {
        channel.onmessage = (message: MessageEvent<unknown>) => {
          const event = typeof message.data === 'string' ? parseAgentEvent(message.data) : null;
          if (event) this.emit('event', event);
        };
      }
    };
    connection.onicecandidate = ({ candidate }) => {
      if (connection !== this.connection || !candidate) return;
      const { candidate: line, sdpMid, sdpMLineIndex, usernameFragment } = candidate.toJSON();
      this.journal?.gathered(line ?? '');
      const init: NonNullable<SignalPayload['candidate']> = { candidate: line ?? '' };
      if (sdpMid !== undefined) init.sdpMid = sdpMid;
      if (sdpMLineIndex !== undefined) init.sdpMLineIndex = sdpMLineIndex;
      if (usernameFragment !== undefined) init.usernameFragment = usernameFragment;
      if (this.source) this.options.signal({ session, candidate: init }, this.source.peer);
    };
    connection.onconnectionstatechange = () => {
      if (connection === this.connection) this.connectionChanged(connection.connectionState);
    };
    this.request(session, source.peer);
    this.expect(offerTimeout);
  }

  /** Every session begins with the picture for all, also one that an agent which has forgotten it makes anew. */
  private request(session: string, target: string): boolean {
    const told = this.options.request(session, target);
    const { quality, hidden } = this.wish();
    if (quality !== 'auto' || hidden) this.prefer();
    return told;
  }

  private prefer(): void {
    const { quality, hidden } = this.wish();
    if (this.session && this.source) this.options.prefer(this.session, quality, hidden, this.source.peer);
  }

  private wish(): { quality: Quality; hidden: boolean } {
    const { quality, hidden } = this.options.wish();
    return { quality, hidden: hidden && this.hiding === null };
  }

  private connectionChanged(state: RTCPeerConnectionState): void {
    switch (state) {
      case 'connected':
        this.clearTimer();
        this.journal?.connected();
        this.established = true;
        this.restartDue = false;
        this.attempt = 0;
        this.wasLive = true;
        this.setState('live');
        break;
      case 'disconnected':
        this.setState('interrupted');
        this.after(disconnectedGrace, () => this.restartIce());
        break;
      case 'failed':
      case 'closed':
        this.setState(this.wasLive ? 'interrupted' : 'connecting');
        this.again();
        break;
      default:
        break;
    }
  }

  /** The same session again asks the agent for an ICE restart. While the hub is away it waits for that. */
  private restartIce(): void {
    if (!this.session || !this.source) return;
    this.restartDue = true;
    if (!this.request(this.session, this.source.peer)) this.clearTimer();
    // What seems to be connected may be so: then there is nothing to wait for.
    else if (this.connection?.connectionState !== 'connected') this.expect(restartTimeout);
  }

  private again(): void {
    this.journal?.gaveUp();
    this.after(backoff(this.attempt++, this.options.random ?? Math.random), () => this.ask());
  }

  private expect(milliseconds: number): void {
    this.after(milliseconds, () => this.again());
  }

  /** The agent is told by the source that there was, which may be cleared by now. */
  private end(source = this.source): void {
    const { session } = this;
    this.session = null;
    if (session && source) this.options.stop(session, source.peer);
    this.drop();
    this.wasLive = false;
    this.setState('idle');
  }

  private drop(): void {
    this.clearTimer();
    const { connection } = this;
    this.connection = null;
    this.journal?.close();
    this.journal = null;
    this.channels.clear();
    this.bulk = 0;
    this.lipSync = new LipSync();
    this.copies?.stop();
    this.copies = null;
    this.early = [];
    this.described = false;
    this.origin = null;
    this.restartDue = false;
    this.established = false;
    this.taking = Promise.resolve(); // what a closed connection was asked to do never ends
    if (connection) {
      connection.ontrack = connection.ondatachannel = connection.onicecandidate = connection.onconnectionstatechange = null;
      connection.close();
    }
  }

  private after(milliseconds: number, run: () => void): void {
    this.clearTimer();
    this.timer = setTimeout(run, milliseconds);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private setState(state: StreamState): void {
    if (state === this.state) return;
    this.state = state;
    this.emit('state', state);
  }

  private emit<E extends keyof StreamEvents>(event: E, ...values: Parameters<StreamEvents[E]>): void {
    for (const listener of this.listeners[event]) (listener as (...all: Parameters<StreamEvents[E]>) => void)(...values);
  }
}

function toIceServer(server: ICEServer): RTCIceServer {
  return {
    urls: server.urls,
    ...(server.username === undefined ? {} : { username: server.username }),
    ...(server.credential === undefined ? {} : { credential: server.credential }),
  };
}

/** The session id of a description (RFC 8866, 5.2), which a peer connection keeps for as long as it is (RFC 9429, 5.2.2). */
function originOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}

/** Chromium plays Opus in mono unless its answer says stereo (RFC 7587, 7.1). */
export function withStereo(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(sdp)?.[1];
  if (!payload) return sdp;
  return sdp.replace(new RegExp(`^(a=fmtp:${payload} )(.*)$`, 'm'), (line: string, head: string, parameters: string) => (/(^|;)\s*stereo=/.test(parameters) ? line : `${head}${parameters.trim()};stereo=1`));
}
