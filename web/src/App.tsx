import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Button, Center } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { BrowserRouter, Link, Outlet, useLocation, useRoutes } from 'react-router';
import { useSession } from '@/account/session';
import { NoticeBar } from '@/notice/NoticeBar';
import { Dots } from '@/ui/Dots';
import { whenIdle } from '@/ui/later';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';

// Each page is a bundle of its own: whoever opens a room does not wait for the profile.
const WelcomePage = lazy(() => import('@/lobby/WelcomePage').then((m) => ({ default: m.WelcomePage })));
const RoomsPage = lazy(() => import('@/lobby/RoomsPage').then((m) => ({ default: m.RoomsPage })));
const InvitePage = lazy(() => import('@/lobby/InvitePage').then((m) => ({ default: m.InvitePage })));
const SignInPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SignInPage })));
const SignUpPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SignUpPage })));
const SetupPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SetupPage })));
const LinkPage = lazy(() => import('@/link/LinkPage').then((m) => ({ default: m.LinkPage })));
const ProfilePage = lazy(() => import('@/account/ProfilePage').then((m) => ({ default: m.ProfilePage })));
const ResetPage = lazy(() => import('@/account/ResetPage').then((m) => ({ default: m.ResetPage })));
const AdminPage = lazy(() => import('@/admin/AdminPage').then((m) => ({ default: m.AdminPage })));
const RoomPage = lazy(() => import('@/room/RoomPage').then((m) => ({ default: m.RoomPage })));
const Toasts = lazy(() => import('@/ui/Toasts').then((m) => ({ default: m.Toasts })));
const Tips = lazy(() => import('@/ui/Tips'));

function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="waiting">
      <Dots label={t('app.loading')} />
    </div>
  );
}

/** Nothing is shown before it is known who is there. */
function Root() {
  const { t } = useTranslation();
  const session = useSession();
  if (session.status === 'unknown') {
    if (!session.unreachable) return <Waiting />;
    return (
      <Center h="100dvh">
        <Notice title={t('app.unreachable')} actions={<Dots />} testId="unreachable">
          {t('app.unreachableText')}
        </Notice>
      </Center>
    );
  }
  return (
    <>
      <NoticeBar />
      <Suspense fallback={<Waiting />}>
        <Outlet />
      </Suspense>
      <Over />
    </>
  );
}

/** What lies over every page comes when the page is idle. Words that were said before wait in their store. */
function Over() {
  const [idle, setIdle] = useState(false);
  useEffect(() => whenIdle(() => setIdle(true)), []);
  return idle && (
    <Suspense>
      <Toasts />
      <Tips />
    </Suspense>
  );
}

function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page>
      <Notice
        title={t('app.notFound')}
        testId="not-found"
        actions={
          <Button component={Link} to="/" variant="default">
            {t('app.toStart')}
          </Button>
        }
      >
        {t('app.notFoundText')}
      </Notice>
    </Page>
  );
}

/** What a page throws ends that page, not the sight of a way out. */
class Crash extends Component<{ at: string; children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override componentDidUpdate({ at }: { at: string }) {
    if (at !== this.props.at && this.state.crashed) this.setState({ crashed: false });
  }

  override render() {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

function Frame() {
  const { key } = useLocation();
  return (
    <Crash at={key}>
      <Root />
    </Crash>
  );
}

function Crashed() {
  const { t } = useTranslation();
  return (
    <Center h="100dvh">
      <Notice title={t('app.crash')} actions={<Button onClick={() => location.reload()}>{t('app.reload')}</Button>}>
        {t('app.crashText')}
      </Notice>
    </Center>
  );
}

export const routes = [
  {
    element: <Frame />,
    children: [
      { path: '/', element: <WelcomePage /> },
      { path: '/rooms', element: <RoomsPage /> },
      { path: '/r/:slug', element: <RoomPage /> },
      { path: '/i/:code', element: <InvitePage /> },
      { path: '/link', element: <LinkPage /> },
      { path: '/sign-in', element: <SignInPage /> },
      { path: '/sign-up', element: <SignUpPage /> },
      { path: '/setup', element: <SetupPage /> },
      { path: '/profile', element: <ProfilePage /> },
      { path: '/reset', element: <ResetPage /> },
      { path: '/admin/:tab?', element: <AdminPage /> },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
];

const Routed = () => useRoutes(routes);

/** Without loaders and actions: a router that has them is twice the script. */
export const App = () => (
  <BrowserRouter>
    <Routed />
  </BrowserRouter>
);
