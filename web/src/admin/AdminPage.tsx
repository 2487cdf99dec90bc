import { Title } from '@mantine/core';
import { IconBrowser, IconDoor, IconHistory, IconSpeakerphone, IconStethoscope, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useEffect, useRef, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, NavLink, useParams } from 'react-router';
import { useSession } from '@/account/session';
import { Page } from '@/ui/Page';
import { AuditPanel } from './AuditPanel';
import { BrowsersPanel } from './BrowsersPanel';
import { Doctor } from './DoctorPage';
import { NoticePanel } from './NoticePanel';
import { PeoplePanel } from './PeoplePanel';
import { RoomsPanel } from './RoomsPanel';
import { SignUpsPanel } from './SignUpsPanel';
import classes from './Admin.module.css';

const tabs = { people: PeoplePanel, rooms: RoomsPanel, browsers: BrowsersPanel, signUps: SignUpsPanel, notice: NoticePanel, audit: AuditPanel, doctor: Doctor } as const satisfies Record<string, ComponentType>;
type Tab = keyof typeof tabs;
const icons: Record<Tab, typeof IconUsers> = { people: IconUsers, rooms: IconDoor, browsers: IconBrowser, signUps: IconUserPlus, notice: IconSpeakerphone, audit: IconHistory, doctor: IconStethoscope };
const order = Object.keys(tabs) as Tab[];
const addresses: Record<string, Tab> = { ...Object.fromEntries(order.map((tab) => [tab, tab])), 'sign-ups': 'signUps' };
const addressOf = (tab: Tab): string => (tab === 'signUps' ? 'sign-ups' : tab);

/** For administrators: everything there is on this server, and who did what with it. */
export function AdminPage() {
  const { t } = useTranslation();
  const session = useSession();
  const { tab = '' } = useParams();
  const nav = useRef<HTMLElement>(null);
  // On a phone the tab that is open may stand out of sight.
  useEffect(() => {
    const open = nav.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (nav.current && open) nav.current.scrollLeft = open.offsetLeft - (nav.current.clientWidth - open.offsetWidth) / 2;
  }, [tab]);
  if (session.status !== 'signedIn') return <Navigate to={`/sign-in?next=/admin/${tab}`} replace />;
  if (!session.person.administrator) return <Navigate to="/" replace />;
  const shown = addresses[tab];
  if (shown === undefined) return <Navigate to="/admin/people" replace />;
  const Panel = tabs[shown];
  return (
    <Page width={1180}>
      <title>{`${t(`admin.tabs.${shown}`)} · ${t('app.name')}`}</title>
      <Title order={1} fz={32} lts="-0.02em" mb="md">
        {t('admin.title')}
      </Title>
      <nav ref={nav} aria-label={t('admin.title')} className={classes.tabs}>
        {order.map((each) => {
          const Icon = icons[each];
          return (
            <NavLink key={each} to={`/admin/${addressOf(each)}`} className={classes.tab} data-testid={`admin-${addressOf(each)}`}>
              <Icon size={18} aria-hidden />
              {t(`admin.tabs.${each}`)}
            </NavLink>
          );
        })}
      </nav>
      <Panel />
    </Page>
  );
}
