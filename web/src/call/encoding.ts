import type { ScreenHint } from './Screen';
import type { Wish } from './wish';

/** How a picture is sent to one friend. */
export interface PictureEncoding {
  active: boolean;
  maxBitrate: number;
  scaleResolutionDownBy: number;
  maxFramerate: number;
}

/** What the camera is asked for: the largest that is ever sent, and what the check before the room shows. */
export const cameraSize = { width: 640, height: 360, frameRate: 15 };

/** What all cameras together may take of the uplink; the film comes down the same line and must not notice. */
const uplink = 1_200_000;
/** Of a picture as small as a bubble's; codecs spend relatively more on these. */
const bitsPerPixel = 0.15;
/** In bit/s: less makes a smear of any face, and the largest bubble gains nothing by more. */
const floor = 30_000;
const least = 60_000;
const mostOfOne = 350_000;

/** The shorter side of the picture for each of so many friends, at most: every friend costs the uplink, and an encoder, once more. */
const mostSide = (friends: number): number => (friends <= 1 ? 360 : friends <= 3 ? 240 : 180);
/** Who has not said yet how large they show it has bubbles as others have. */
const unsaid: Wish = { side: 180, share: 1 };
/** Sizes are rounded up to it, so that a bubble that grows by a pixel is no other picture. */
const grain = 32;

export interface CameraTo {
  /** How many friends there are besides the one. */
  friends: number;
  /** What the friend has said; null where nothing yet. */
  wish: Wish | null;
  /** How much of the full rate this end's own line lets through, from 0 to 1. */
  share: number;
  /** What the camera gives. */
  captured: { width: number; height: number };
}

/**
 * The camera for one friend: no larger than they show it, for a bubble is small; and where a line is narrow first with fewer bits, then smaller and with fewer
 * pictures, then not at all. It is an array for a day with simulcast: then one entry a layer, with `rid`s, for a server in the middle that picks.
 */
export function cameraEncodings({ friends, wish, share: own, captured }: CameraTo): PictureEncoding[] {
  const wanted = wish ?? unsaid;
  const share = Math.min(own, wanted.share);
  const short = Math.min(captured.width, captured.height);
  const shown = Math.min(mostSide(friends), Math.ceil(wanted.side / grain) * grain, short);
  if (share === 0 || shown === 0) return [{ active: false, maxBitrate: floor, scaleResolutionDownBy: 4, maxFramerate: 5 }];
  const [side, maxFramerate] = share > 0.5 ? [shown, cameraSize.frameRate] : share > 0.3 ? [shown * 0.8, 12] : [shown * 0.6, 8];
  const full = shown * shown * (Math.max(captured.width, captured.height) / short) * cameraSize.frameRate * bitsPerPixel;
  const maxBitrate = Math.max(floor, Math.floor(share * Math.min(Math.max(least, full), mostOfOne, uplink / Math.max(1, friends))));
  return [{ active: true, maxBitrate, scaleResolutionDownBy: Math.max(1, short / side), maxFramerate }];
}

/** What a shared screen may take of the uplink for all friends together, and for one. */
const screenUplink = 6_000_000;
const screenMost = 2_500_000;

/** A shared screen for each of so many friends: text keeps its size and loses pictures, a film the other way round. */
export function screenEncoding(friends: number, hint: ScreenHint): PictureEncoding {
  return { active: true, maxBitrate: Math.min(screenMost, Math.round(screenUplink / Math.max(1, friends))), scaleResolutionDownBy: 1, maxFramerate: hint === 'motion' ? 30 : 15 };
}

/** The most for speech; the camera gives way first. */
export const speechBitrate = 40_000;
/** The most for the sound of a shared screen, in stereo. */
const screenSoundBitrate = 128_000;

export type Sent = 'audio' | 'video' | 'screen' | 'screenSound';

/** Sets how a sender sends. What a browser does not know of it, or refuses at this moment, it leaves as it was. */
export async function tune(sender: RTCRtpSender, kind: Sent, pictures: readonly PictureEncoding[], hint: ScreenHint = 'motion'): Promise<void> {
  try {
    const parameters: RTCRtpSendParameters & { degradationPreference?: RTCDegradationPreference } = sender.getParameters();
    let same = parameters.encodings.length > 0;
    for (const [n, encoding] of parameters.encodings.entries()) {
      const wanted = wantedOf(kind, pictures[n] ?? pictures[0]);
      const now: Record<string, unknown> = { ...encoding };
      same &&= Object.entries(wanted).every(([name, value]) => now[name] === value);
      Object.assign(encoding, wanted);
    }
    if (parameters.encodings.length === 0 || (same && kind !== 'screen')) return;
    if (kind === 'video') parameters.degradationPreference = 'balanced';
    if (kind === 'screen') parameters.degradationPreference = hint === 'motion' ? 'maintain-framerate' : 'maintain-resolution';
    await sender.setParameters(parameters);
  } catch {
    // The next change of state tries again.
  }
}

function wantedOf(kind: Sent, picture: PictureEncoding | undefined): RTCRtpEncodingParameters {
  switch (kind) {
    case 'audio':
      return { maxBitrate: speechBitrate, priority: 'high', networkPriority: 'high' };
    case 'screenSound':
      return { maxBitrate: screenSoundBitrate, priority: 'medium', networkPriority: 'medium' };
    case 'screen':
      return { ...picture, priority: 'medium', networkPriority: 'medium' };
    case 'video':
      return { ...picture, priority: 'low', networkPriority: 'low' };
  }
}

/** Has speech sent twice, each packet with the one before (RFC 2198), where both ends know how; a lost packet is not heard then. */
export function preferRedundancy(connection: RTCPeerConnection, sender: RTCRtpSender): void {
  const known = (globalThis as { RTCRtpReceiver?: typeof RTCRtpReceiver }).RTCRtpReceiver?.getCapabilities('audio')?.codecs ?? [];
  const redundant = known.filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/red');
  if (redundant.length === 0) return;
  try {
    const transceiver = connection.getTransceivers().find((each) => each.sender === sender);
    transceiver?.setCodecPreferences([...redundant, ...known.filter((codec) => !redundant.includes(codec))]);
  } catch {
    // It talks as well without.
  }
}
