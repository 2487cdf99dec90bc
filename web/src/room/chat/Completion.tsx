import type { PublicPerson } from '@/api/types';
import { useTranslation } from 'react-i18next';
import { PersonAvatar } from '@/ui/PersonAvatar';
import classes from './Chat.module.css';

interface Props {
  id: string;
  people: readonly PublicPerson[];
  chosen: number;
  choose: (person: PublicPerson) => void;
}

/** The names that an @ may become; the text field has the focus all the while. */
export function Completion({ id, people, chosen, choose }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.completion} role="listbox" id={id} aria-label={t('chat.mention')} data-testid="chat-completion">
      {people.map((person, i) => (
        <div key={person.id} id={`${id}-${i}`} role="option" aria-selected={i === chosen} className={classes.option} onPointerDown={(event) => event.preventDefault()} onClick={() => choose(person)} data-testid="chat-completion-option">
          <PersonAvatar person={person} size={24} />
          <span dir="auto">{person.displayName}</span>
        </div>
      ))}
    </div>
  );
}
