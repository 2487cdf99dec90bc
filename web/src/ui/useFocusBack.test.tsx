import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { useFocusBack } from './useFocusBack';

afterEach(cleanup);

function Dialog() {
  useFocusBack();
  return <input aria-label="field" />;
}

const page = (opened: boolean) => (
  <>
    <button id="more">More</button>
    {!opened && (
      <div role="menu" aria-labelledby="more">
        <button role="menuitem">Paste a link</button>
      </div>
    )}
    <button>Invite</button>
    <button>Elsewhere</button>
    {opened && <Dialog />}
  </>
);

it.each([
  ['Invite', 'Invite'],
  ['Paste a link', 'More'],
])('after a dialog that was opened by %s, the focus is on %s', async (opener, back) => {
  const { rerender } = render(page(false));
  screen.getByText(opener).focus();
  rerender(page(true));
  screen.getByLabelText('field').focus();
  rerender(page(false));
  await Promise.resolve();
  expect(document.activeElement).toBe(screen.getByText(back));
});

it('leaves the focus to who brings it elsewhere when the dialog goes', async () => {
  const watch = new MutationObserver(() => screen.getByText('Elsewhere').focus());
  const { rerender } = render(page(false));
  screen.getByText('Invite').focus();
  rerender(page(true));
  screen.getByLabelText('field').focus();
  watch.observe(document.body, { childList: true, subtree: true });
  rerender(page(false));
  await Promise.resolve();
  watch.disconnect();
  expect(document.activeElement).toBe(screen.getByText('Elsewhere'));
});

it('leaves the focus where somebody has put it meanwhile', async () => {
  const { rerender } = render(page(false));
  screen.getByText('Invite').focus();
  rerender(page(true));
  screen.getByText('Elsewhere').focus();
  rerender(page(false));
  await Promise.resolve();
  expect(document.activeElement).toBe(screen.getByText('Elsewhere'));
});
