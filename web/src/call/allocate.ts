/** How long a server is waited for. Chromium gives a TCP connection that nobody answers about as long. */
const patience = 9_000;

export interface Surroundings {
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  setTimeout: (run: () => void, milliseconds: number) => unknown;
}

/** Asks a TURN server for an address. Null where one was given, else the error code, or 0 where none was said. */
export function allocate(server: RTCIceServer, around: Surroundings): Promise<number | null> {
  let last = 0;
  let relayed = false;
  return gather({ iceServers: [server], iceTransportPolicy: 'relay' }, around, {
    candidate: (line) => (relayed ||= line.includes(' typ relay')),
    error: (code) => (last = code),
  }).then(() => (relayed ? null : last));
}

/** Whether a STUN or TURN server says from where this page comes, through its router. */
export async function reflects(servers: RTCIceServer[], around: Surroundings): Promise<boolean> {
  let reflected = false;
  await gather({ iceServers: servers }, around, { candidate: (line) => (reflected ||= line.includes(' typ srflx')), error: () => undefined });
  return reflected;
}

interface Heard {
  /** True where no more is wanted. */
  candidate: (line: string) => boolean;
  error: (code: number) => void;
}

function gather(configuration: RTCConfiguration, around: Surroundings, heard: Heard): Promise<void> {
  return new Promise((resolve) => {
    const connection = around.makePeerConnection(configuration);
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      connection.onicecandidate = connection.onicecandidateerror = null;
      connection.close();
      resolve();
    };
    connection.onicecandidateerror = ({ errorCode }) => heard.error(errorCode);
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null || heard.candidate(candidate.candidate)) end();
    };
    around.setTimeout(end, patience);
    connection.createDataChannel('');
    connection.setLocalDescription().catch(end);
  });
}
