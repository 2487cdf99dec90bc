import { describe as group, expect, it } from 'vitest';
import en from '@/i18n/en.json';
import { describe, diagnose, type Diagnosis, type Facts } from './diagnosis';
import { Journal } from './Journal';

const waiting: Facts = { waited: 9_000, failed: false, answered: true, local: ['host'], remote: ['host'], gathered: true, relayPorts: [3478], errors: [], ice: 'checking', dtls: 'new', connected: false, bytes: 0, decoded: 0 };

group('which step failed', () => {
  const cases: [string, Partial<Facts>, Diagnosis | null][] = [
    ['it may still come', { waited: 7_000 }, null],
    ['the try was given up before', { waited: 100, failed: true }, 'blocked'],
    ['the agent is silent', { answered: false, local: [], ice: 'new' }, 'noAnswer'],
    ['no address at all', { local: [] }, 'noCandidates'],
    ['no address yet', { local: [], gathered: false }, null],
    ['no address for long', { local: [], gathered: false, waited: 24_000 }, 'noCandidates'],
    ['no address before the try was given up', { local: [], gathered: false, failed: true }, 'noCandidates'],
    ['neither UDP nor the relay', { errors: [701, 701] }, 'blocked'],
    ['only the address that a STUN server saw', { local: ['host', 'srflx'] }, 'blocked'],
    ['the relay wants another password', { errors: [701, 401] }, 'relayRefused'],
    ['the relay has no room', { errors: [486] }, 'relayRefused'],
    ['the relay is reached and leads nowhere', { local: ['host', 'relay'] }, 'relayLeadsNowhere'],
    ['there is no relay', { relayPorts: [] }, 'noRelay'],
    ['a way without a handshake', { ice: 'connected', dtls: 'connecting' }, 'handshake'],
    ['connected, and nothing on it', { connected: true, ice: 'connected' }, 'noMedia'],
    ['a picture that is not decoded', { connected: true, ice: 'completed', bytes: 9_000 }, 'notDecoded'],
    ['a picture', { connected: true, ice: 'connected', bytes: 9_000, decoded: 1 }, null],
  ];
  it.each(cases)('%s', (_name, change, want) => {
    expect(diagnose({ ...waiting, ...change })).toBe(want);
  });

  it('has words for each, and what to do', () => {
    const words = en.noPicture as Record<string, string>;
    for (const found of new Set(cases.map(([, , want]) => want))) {
      if (found === null) continue;
      expect(words[found]).toBeTruthy();
      expect(words[`${found}Do`]).toMatch(/\.$/);
    }
  });
});

group('the journal of a try', () => {
  const setUp = () => {
    let now = 0;
    const report = new Map<string, unknown>();
    const connection = { iceGatheringState: 'gathering', iceConnectionState: 'checking', connectionState: 'connecting', getStats: () => Promise.resolve(report), onicecandidateerror: null as ((event: { errorCode: number }) => void) | null };
    const servers = [{ urls: ['stun:[::1]:3478'] }, { urls: ['turn:192.0.2.1:3479?transport=udp', 'turn:watch.example.org:3479?transport=tcp', 'turn:[2001:db8::1]:99', 'turns:watch.example.org'], username: 'u', credential: 'c' }];
    return { connection, report, journal: new Journal(connection as unknown as RTCPeerConnection, servers, () => now), wait: (time: number) => void (now += time) };
  };

  it('knows candidates by their kind, and steps by when they were done', async () => {
    const { connection, report, journal, wait } = setUp();
    wait(5_000);
    journal.offered('v=0\r\na=candidate:1 1 udp 1 192.0.2.9 5000 typ host\r\n');
    journal.told('candidate:2 1 udp 1 203.0.113.9 5000 typ srflx raddr 192.0.2.9 rport 5000');
    journal.gathered('candidate:3 1 udp 1 192.0.2.77 5000 typ host');
    journal.gathered('candidate:4 1 udp 1 192.0.2.78 5000 typ host');
    connection.onicecandidateerror?.({ errorCode: 701 });
    wait(3_000);
    report.set('t', { type: 'transport', dtlsState: 'connecting' });
    report.set('v', { type: 'inbound-rtp', kind: 'video', bytesReceived: 40, framesDecoded: 2 });
    report.set('a', { type: 'inbound-rtp', kind: 'audio', bytesReceived: 2 });
    const facts = await journal.facts();
    expect(facts).toEqual({ waited: 3_000, failed: false, answered: true, local: ['host'], remote: ['host', 'srflx'], gathered: false, relayPorts: [3479, 99, 5349], errors: [701], ice: 'checking', dtls: 'connecting', connected: false, bytes: 42, decoded: 2 });
    expect(describe('blocked', facts, new Date(0), 'a browser')).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
    journal.close();
    expect(connection.onicecandidateerror).toBeNull();
  });
});
