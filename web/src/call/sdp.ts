/**
 * What this end wants to be sent as Opus (RFC 7587, 6.1): speech in mono, with redundancy inside the packets for those that get lost,
 * and next to nothing while nobody speaks; in the sections of `music`, by their mid, stereo without a pause. A sender goes by what the other
 * end's description says, so it is written into the description that is sent, and not into the local one.
 */
export function withSpeech(sdp: string, music: ReadonlySet<string> = new Set()): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith('m=audio') ? withOpus(section, music.has(/^a=mid:(\S+)/m.exec(section)?.[1] ?? '')) : section))
    .join('');
}

function withOpus(section: string, music: boolean): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000\/2\s*$/im.exec(section)?.[1];
  if (payload === undefined) return section;
  const line = new RegExp(`^(a=fmtp:${payload} )([^\\r\\n]*)`, 'm');
  if (!line.test(section)) return section.replace(new RegExp(`^(a=rtpmap:${payload} [^\\r\\n]*)(\\r?\\n)`, 'm'), `$1$2a=fmtp:${payload} ${parameters('', music)}$2`);
  return section.replace(line, (_all, head: string, given: string) => head + parameters(given, music));
}

function parameters(given: string, music: boolean): string {
  const wanted = new Map(given.split(';').map((part) => part.trim()).filter(Boolean).map((part) => part.split('=') as [string, string | undefined]));
  if (music) wanted.set('useinbandfec', '1').set('usedtx', '0').set('stereo', '1').set('sprop-stereo', '1').set('maxaveragebitrate', '128000');
  else wanted.set('useinbandfec', '1').set('usedtx', '1').set('stereo', '0').set('maxaveragebitrate', '40000');
  return [...wanted].map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join(';');
}
