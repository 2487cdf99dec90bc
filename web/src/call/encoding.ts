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

/** The most for speech; the camera gives way first. */
const speechBitrate = 40_000;

/** Sets how a sender sends. What a browser does not know of it, or refuses at this moment, it leaves as it was. */
export async function tune(sender: RTCRtpSender, kind: 'audio' | 'video', camera: CameraEncoding): Promise<void> {
  try {
    const parameters: RTCRtpSendParameters & { degradationPreference?: RTCDegradationPreference } = sender.getParameters();
    const [encoding] = parameters.encodings;
    if (!encoding) return;
    const wanted: RTCRtpEncodingParameters = kind === 'audio' ? { maxBitrate: speechBitrate, priority: 'high', networkPriority: 'high' } : { ...camera, priority: 'low', networkPriority: 'low' };
    const now: Record<string, unknown> = { ...encoding };
    if (Object.entries(wanted).every(([name, value]) => now[name] === value)) return;
    Object.assign(encoding, wanted);
    if (kind === 'video') parameters.degradationPreference = 'balanced';
    await sender.setParameters(parameters);
  } catch {
    // The next change of state tries again.
  }
}
