import { useEffect, useState } from 'react';
import { useRoomSession } from '../context';
import { describe, diagnose, type Diagnosis } from '../stream/diagnosis';

export interface Finding {
  diagnosis: Diagnosis;
  /** Of the relay, where there is one. */
  port: number;
  /** For an administrator. */
  details: string;
}

const interval = 1_000;

/**
 * Why there is no picture, once it has been waited for long enough. What was found stays while the page tries again, since a new try knows
 * nothing yet, until it finds something else or nobody waits any more.
 */
export function useDiagnosis(waiting: boolean): Finding | null {
  const session = useRoomSession();
  const [finding, setFinding] = useState<Finding | null>(null);
  useEffect(() => {
    if (!waiting) return;
    let over = false;
    const look = async (): Promise<void> => {
      const facts = await session.stream.facts();
      const diagnosis = facts && diagnose(facts);
      if (over || !facts || diagnosis === null) return;
      const details = describe(diagnosis, facts, new Date(), navigator.userAgent);
      setFinding((before) => (before?.diagnosis === diagnosis ? before : { diagnosis, port: facts.relayPorts[0] ?? 3478, details }));
    };
    const timer = setInterval(() => void look(), interval);
    return () => {
      over = true;
      clearInterval(timer);
      setFinding(null);
    };
  }, [waiting, session]);
  return finding;
}
