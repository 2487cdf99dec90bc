import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoom } from './context';
import { may, peerById, raisedOf } from './state/roomState';

/** Says aloud, to those who listen to the page, what others write and who drives. */
export function Announcer() {
  const { t } = useTranslation();
  const { last, holder, self, holderName, me } = useRoom((room) => ({
    last: room.messages.at(-1),
    holder: room.control.holder,
    self: room.self?.peer,
    holderName: peerById(room, room.control.holder)?.person?.displayName,
    me: peerById(room, room.self?.peer)?.person?.id,
  }));
  const [chat, setChat] = useState({ seq: 0, text: '', urgent: false });
  const removed = useRoom((room) => chat.seq <= room.clearedSeq || room.messages.some(({ seq, deletedAt }) => seq === chat.seq && deletedAt !== undefined));
  const [control, setControl] = useState('');
  const heard = useRef(last?.seq ?? 0);
  const known = useRef(holder);
  useEffect(() => {
    if (!last || last.seq <= heard.current) return;
    heard.current = last.seq;
    if (last.author.id !== me && last.deletedAt === undefined) setChat({ seq: last.seq, text: t(last.announcement === true ? 'chat.announces' : last.to ? 'chat.whispersAloud' : 'chat.says', { name: last.author.displayName, text: last.text }), urgent: last.announcement === true });
  }, [last, me, t]);
  const hands = useHands();
  useEffect(() => {
    if (holder === known.current) return;
    known.current = holder;
    setControl(holder === undefined ? t('control.said.free') : holder === self ? t('control.said.yours') : t('control.said.theirs', { name: holderName ?? t('control.somebody') }));
  }, [holder, holderName, self, t]);
  return (
    <>
      <div className="sr-only" aria-live="polite" data-testid="announce-chat">
        {removed || chat.urgent ? '' : chat.text}
      </div>
      <div className="sr-only" aria-live="assertive" data-testid="announce-announcement">
        {!removed && chat.urgent ? chat.text : ''}
      </div>
      <div className="sr-only" aria-live="polite" data-testid="announce-hands">
        {hands}
      </div>
      <div className="sr-only" aria-live="polite" data-testid="announce-control">
        {control}
      </div>
    </>
  );
}

/** Who raised their hand last. Whoever moderates is told by a toast, which is read aloud as well. */
function useHands(): string {
  const { t } = useTranslation();
  const { last, name } = useRoom((room) => {
    const raised = may(room, 'moderate') ? undefined : raisedOf(room).at(-1);
    return raised === undefined || raised.id === room.self?.peer ? { last: 0, name: undefined } : { last: raised.hand ?? 0, name: raised.person?.displayName };
  });
  const heard = useRef(last);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (last <= heard.current) {
      if (last === 0) setSaid('');
      return;
    }
    heard.current = last;
    setSaid(t('hand.raised', { name: name ?? t('control.somebody') }));
  }, [last, name, t]);
  return said;
}
