import { useTranslation } from 'react-i18next';
import { useRoom } from '../context';
import classes from './Chat.module.css';

/** Who is writing now, one's own other tabs left out. */
export function TypingLine() {
  const { t, i18n } = useTranslation();
  const names = useRoom((room) => {
    const me = room.peers.find(({ id }) => id === room.self?.peer)?.person?.id;
    return [...new Set(room.peers.filter(({ id, person }) => room.typing.includes(id) && person?.id !== me).map(({ person }) => person?.displayName ?? ''))];
  });
  return (
    <div className={classes.typing} data-testid="chat-typing">
      {names.length > 3 ? t('chat.typingMany') : names.length > 0 ? t('chat.typing', { count: names.length, names: new Intl.ListFormat(i18n.language).format(names) }) : ''}
    </div>
  );
}
