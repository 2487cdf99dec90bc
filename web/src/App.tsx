import { lazy, Suspense, type ReactNode } from 'react';
import { Button, Center, Loader } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { createBrowserRouter, Link, Outlet, useRouteError } from 'react-router';
import { useSession } from '@/account/session';
import { NoticeBar } from '@/notice/NoticeBar';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';

// Each page is a bundle of its own: whoever opens a room does not wait for the profile.
const WelcomePage = lazy(() => import('@/lobby/WelcomePage').then((m) => ({ default: m.WelcomePage })));
const RoomsPage = lazy(() => import('@/lobby/RoomsPage').then((m) => ({ default: m.RoomsPage })));
const InvitePage = lazy(() => import('@/lobby/InvitePage').then((m) => ({ default: m.InvitePage })));
const SignInPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SignInPage })));
const SignUpPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SignUpPage })));
const SetupPage = lazy(() => import('@/account/AuthPage').then((m) => ({ default: m.SetupPage })));
const ProfilePage = lazy(() => import('@/account/ProfilePage').then((m) => ({ default: m.ProfilePage })));
const ResetPage = lazy(() => import('@/account/ResetPage').then((m) => ({ default: m.ResetPage })));
const AdminPage = lazy(() => import('@/admin/AdminPage').then((m) => ({ default: m.AdminPage })));
const RoomPage = lazy(() => import('@/room/RoomPage').then((m) => ({ default: m.RoomPage })));

function Waiting() {
  const { t } = useTranslation();
  return (
    <Center h="100dvh">
      <Loader type="dots" aria-label={t('app.loading')} />
    </Center>
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
        <Notice title={t('app.unreachable')} actions={<Loader type="dots" />} testId="unreachable">
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
    </>
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

function Crashed(): ReactNode {
  const { t } = useTranslation();
  const error = useRouteError();
  console.error(error);
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
    element: <Root />,
    errorElement: <Crashed />,
    children: [
      { path: '/', element: <WelcomePage /> },
      { path: '/rooms', element: <RoomsPage /> },
      { path: '/r/:slug', element: <RoomPage /> },
      { path: '/i/:code', element: <InvitePage /> },
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

export const makeRouter = () => createBrowserRouter(routes);
