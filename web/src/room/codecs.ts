/** What this browser decodes, best first: H.264, which hardware helps with, then VP8. */
export function decodableCodecs(): ('H264' | 'VP8')[] {
  const capabilities = typeof RTCRtpReceiver === 'undefined' ? null : RTCRtpReceiver.getCapabilities('video');
  const has = (name: string): boolean => capabilities?.codecs.some(({ mimeType }) => mimeType.toLowerCase() === `video/${name}`) ?? false;
  const codecs: ('H264' | 'VP8')[] = [];
  if (has('h264')) codecs.push('H264');
  if (has('vp8') || codecs.length === 0) codecs.push('VP8');
  return codecs;
}
