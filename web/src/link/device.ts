import type { ScreenKind } from '@/api/types';

/** What this screen is, by what its browser says: a television's says so itself. */
export function deviceKind({ userAgent, maxTouchPoints }: Pick<Navigator, 'userAgent' | 'maxTouchPoints'>): ScreenKind {
  if (/\bTV\b|SmartTV|GoogleTV|AppleTV|HbbTV|Tizen|Web0S|webOS|BRAVIA|\bAFT\w|CrKey|Roku|PlayStation|Xbox|Nintendo/.test(userAgent)) return 'tv';
  // An iPad says that it is a Mac, which has no touch screen.
  if (/iPad|Tablet/.test(userAgent) || (userAgent.includes('Android') && !userAgent.includes('Mobile')) || (userAgent.includes('Macintosh') && maxTouchPoints > 1)) return 'tablet';
  return userAgent.includes('Mobi') ? 'phone' : 'computer';
}
