/**
 * What this end wants to be sent as Opus (RFC 7587, 6.1): speech in mono, with redundancy inside the packets for those that get lost,
 * and next to nothing while nobody speaks. A sender goes by what the other end's description says, so it is written into
 * the description that is sent, and not into the local one.
 */
export function withSpeech(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000\/2\s*$/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  const line = new RegExp(`^(a=fmtp:${payload} )([^\\r\\n]*)`, 'm');
  if (!line.test(sdp)) return sdp.replace(new RegExp(`^(a=rtpmap:${payload} [^\\r\\n]*)(\\r?\\n)`, 'm'), `$1$2a=fmtp:${payload} ${parameters('')}$2`);
  return sdp.replace(line, (_all, head: string, given: string) => head + parameters(given));
}

function parameters(given: string): string {
  const wanted = new Map(given.split(';').map((part) => part.trim()).filter(Boolean).map((part) => part.split('=') as [string, string | undefined]));
  wanted.set('useinbandfec', '1').set('usedtx', '1').set('stereo', '0').set('maxaveragebitrate', '40000');
  return [...wanted].map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join(';');
}
