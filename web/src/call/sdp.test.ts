import { describe, expect, it } from 'vitest';
import { withSpeech } from './sdp';

const section = (mid: string, fmtp = 'a=fmtp:111 minptime=10;useinbandfec=1\r\n'): string => `m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:${mid}\r\na=rtpmap:111 opus/48000/2\r\n${fmtp}a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n`;
const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\n';
const fmtps = (sdp: string): string[] => [...sdp.matchAll(/^a=fmtp:111 (.*)\r$/gm)].map(([, parameters]) => parameters ?? '');

describe('what is asked for as Opus', () => {
  it('is speech in every section but those of a screen’s sound', () => {
    const sdp = withSpeech(`v=0\r\n${section('0')}${video}${section('2')}${section('3')}`, new Set(['2']));
    const speech = 'minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=40000';
    expect(fmtps(sdp)).toEqual([speech, 'minptime=10;useinbandfec=1;usedtx=0;stereo=1;sprop-stereo=1;maxaveragebitrate=128000', speech]);
  });

  it('is said where the description says nothing of it, and leaves all else as it is', () => {
    const sdp = `v=0\r\n${section('0', '')}${video}`;
    expect(withSpeech(sdp).replace(/a=fmtp:111 .*\r\n/, '')).toBe(sdp);
    expect(fmtps(withSpeech(sdp))).toEqual(['useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=40000']);
    expect(withSpeech(video)).toBe(video);
  });
});
