import type { ScreenHint } from './Screen';

/** How a camera is sent to one friend. A bubble is small, and every friend costs the uplink once more. */
export interface CameraEncoding {
  maxBitrate: number;
  scaleResolutionDownBy: number;
  maxFramerate: number;
}

/** What the camera is asked for: the largest that is ever sent. */
export const cameraSize = { width: 640, height: 360, frameRate: 24 };

/** What all cameras together may take of the uplink; the film comes down the same line and must not notice. */
const uplink = 1_200_000;

/** The camera for each of so many friends: 640x360 for one, 480x270 for two or three, 320x180 for more. */
export function cameraEncoding(friends: number): CameraEncoding {
  const each = Math.round(uplink / Math.max(1, friends));
  if (friends <= 1) return { maxBitrate: 600_000, scaleResolutionDownBy: 1, maxFramerate: 24 };
  if (friends <= 3) return { maxBitrate: Math.min(each, 350_000), scaleResolutionDownBy: 4 / 3, maxFramerate: 20 };
  return { maxBitrate: Math.min(each, 200_000), scaleResolutionDownBy: 2, maxFramerate: 15 };
}

/** What a shared screen may take of the uplink for all friends together, and for one. */
const screenUplink = 6_000_000;
const screenMost = 2_500_000;

/** A shared screen for each of so many friends: text keeps its size and loses pictures, a film the other way round. */
export function screenEncoding(friends: number, hint: ScreenHint): CameraEncoding {
  return { maxBitrate: Math.min(screenMost, Math.round(screenUplink / Math.max(1, friends))), scaleResolutionDownBy: 1, maxFramerate: hint === 'motion' ? 30 : 15 };
}

/** The most for speech; the camera gives way first. */
const speechBitrate = 40_000;
/** The most for the sound of a shared screen, in stereo. */
const screenSoundBitrate = 128_000;

export type Sent = 'audio' | 'video' | 'screen' | 'screenSound';

/** Sets how a sender sends. What a browser does not know of it, or refuses at this moment, it leaves as it was. */
export async function tune(sender: RTCRtpSender, kind: Sent, picture: CameraEncoding, hint: ScreenHint = 'motion'): Promise<void> {
  try {
    const parameters: RTCRtpSendParameters & { degradationPreference?: RTCDegradationPreference } = sender.getParameters();
    const [encoding] = parameters.encodings;
    if (!encoding) return;
    const wanted = wantedOf(kind, picture);
    const now: Record<string, unknown> = { ...encoding };
    if (Object.entries(wanted).every(([name, value]) => now[name] === value) && kind !== 'screen') return;
    Object.assign(encoding, wanted);
    if (kind === 'video') parameters.degradationPreference = 'balanced';
    if (kind === 'screen') parameters.degradationPreference = hint === 'motion' ? 'maintain-framerate' : 'maintain-resolution';
    await sender.setParameters(parameters);
  } catch {
    // The next change of state tries again.
  }
}

function wantedOf(kind: Sent, picture: CameraEncoding): RTCRtpEncodingParameters {
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
