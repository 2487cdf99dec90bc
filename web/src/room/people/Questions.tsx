import { createContext, Suspense, use, useCallback, useState, type ReactNode } from 'react';
import type { PublicPerson } from '@/api/types';
import { later } from '@/ui/later';

const PersonQuestion = later(() => import('./PersonQuestion').then((m) => ({ default: m.PersonQuestion })));

/** What is done only after asking. */
export type Asked = 'remove' | 'ban' | 'handOver';

type Ask = (what: Asked, person: PublicPerson) => void;

const QuestionsContext = createContext<Ask>(() => undefined);

/** Asks before something is done about somebody. */
export const useAsk = (): Ask => use(QuestionsContext);

/** Holds the question about somebody, which outlasts their row: who is about to be banned may leave. */
export function Questions({ children }: { children: ReactNode }) {
  // The question is built when it is asked first, and then stays for its way out.
  const [question, setQuestion] = useState<{ what: Asked; person: PublicPerson } | null>(null);
  const [opened, setOpened] = useState(false);
  const ask = useCallback<Ask>((what, person) => {
    setQuestion({ what, person });
    setOpened(true);
  }, []);
  return (
    <QuestionsContext value={ask}>
      {children}
      {question !== null && (
        <Suspense fallback={null}>
          <PersonQuestion key={`${question.what} ${question.person.id}`} asked={question.what} person={question.person} opened={opened} onClose={() => setOpened(false)} />
        </Suspense>
      )}
    </QuestionsContext>
  );
}
