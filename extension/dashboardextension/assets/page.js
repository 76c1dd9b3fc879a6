// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// The server draws everything, charts included. This script keeps it
// up to date without a reload, follows links that only change what is shown
// without losing one's place, and shows the figures of the bar pointed at.

const everyMs = 10_000;
const live = document.getElementById('live');
let asking = null;

// setState shows whether the figures are current. Screen readers read the words
// aloud, but not the time every few seconds.
function setState(word, text) {
  if (word === 'on') document.getElementById('clock').textContent = `at ${new Date().toISOString().slice(11, 19)}`;
  if (live.dataset.state === word) return;
  live.dataset.state = word;
  document.getElementById('state').textContent = text;
}

// parts are the pieces of a page that can be replaced each by itself.
function parts(root) {
  return new Map([...root.querySelectorAll('[data-live]')].map((part) => [part.id, part]));
}

// replace puts a fetched part in the place of the one shown; what was opened,
// focused or scrolled in it stays so.
function replace(old, fresh) {
  const open = new Map([...old.querySelectorAll('details[id]')].map((d) => [d.id, d.open]));
  const scrolled = [...old.querySelectorAll('.scroll')].map((s) => [s.scrollLeft, s.scrollTop]);
  const focused = old.contains(document.activeElement) ? [...focusable(old)].indexOf(document.activeElement) : -1;
  for (const details of fresh.querySelectorAll('details[id]')) {
    if (open.has(details.id)) details.open = open.get(details.id);
  }
  old.replaceWith(fresh);
  [...fresh.querySelectorAll('.scroll')].forEach((s, i) => {
    if (scrolled[i]) [s.scrollLeft, s.scrollTop] = scrolled[i];
  });
  if (focused >= 0) [...focusable(fresh)][focused]?.focus({ preventScroll: true });
  enliven(fresh);
}

function focusable(root) {
  return root.querySelectorAll('a[href], button, summary, input, select, textarea, [tabindex]');
}

// selecting returns whether the user marks text in a part, which would be lost.
function selecting(part) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && part.contains(selection.anchorNode);
}

// editing returns whether something was entered in a form of a part, which would be lost.
function editing(part) {
  const fields = [...part.querySelectorAll('[data-keep] input')];
  return fields.some((field) => field === document.activeElement || field.value !== field.defaultValue || field.checked !== field.defaultChecked);
}

async function refresh(url, moved) {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  try {
    const response = await fetch(url, { signal: mine.signal, cache: 'no-cache', headers: { Accept: 'text/html' } });
    if (!response.ok) throw new Error(`the response was ${response.status}`);
    const fetched = new DOMParser().parseFromString(await response.text(), 'text/html');
    const shown = parts(document);
    const fresh = parts(fetched);
    if ([...shown.keys()].join() !== [...fresh.keys()].join()) {
      document.getElementById('main').replaceWith(document.adoptNode(fetched.getElementById('main')));
      enliven(document.getElementById('main'));
    } else {
      for (const [id, part] of fresh) {
        const old = shown.get(id);
        const html = part.innerHTML;
        if ((before.get(id) ?? '') === html && !moved) continue;
        if (!moved && (selecting(old) || editing(old))) continue;
        before.set(id, html);
        replace(old, document.adoptNode(part));
      }
    }
    document.title = fetched.title;
    setState('on', 'Live');
  } catch (error) {
    if (error.name !== 'AbortError') setState('off', 'The collector does not respond; retrying. Last seen');
  } finally {
    if (asking === mine) asking = null;
  }
}

// before is what each part was made of, as the server sent it.
const before = new Map([...parts(document)].map(([id, part]) => [id, part.innerHTML]));

function enliven(root) {
  for (const time of root.querySelectorAll('time[datetime]')) {
    time.title = `${new Date(time.dateTime).toLocaleString()} your time`;
  }
  for (const button of root.querySelectorAll('[data-copy]')) {
    button.hidden = !navigator.clipboard;
  }
  for (const button of root.querySelectorAll('[data-zone]')) button.hidden = false;
  for (const figure of root.querySelectorAll('[data-chart]')) chart(figure);
}

// chart shows, below the bars, the figures of the one that is pointed at, or
// chosen by the arrow keys. It takes them from the table below it.
function chart(figure) {
  const plot = figure.querySelector('[data-plot]');
  const slots = [...plot.querySelectorAll('.slot')];
  const rows = figure.querySelectorAll('tbody tr');
  const names = [...figure.querySelectorAll('thead th')].map((th) => th.textContent);
  const readout = figure.querySelector('[data-readout]');
  let at = -1;
  const show = (i) => {
    slots[at]?.classList.remove('at');
    at = i;
    if (at < 0) {
      readout.textContent = '';
      return;
    }
    slots[at].classList.add('at');
    const [when, all, ...amounts] = [...rows[at].children].map((cell) => cell.textContent);
    const none = amounts.find((amount) => /^\$?0(\.00)?$/.test(amount));
    const parts = amounts.map((amount, k) => [names[k + 2], amount]).filter(([, amount]) => amount !== none);
    readout.textContent = `${when}: ${all}${parts.length > 1 ? ` (${parts.map((pair) => pair.join(' ')).join(', ')})` : ''}`;
  };
  for (const title of plot.querySelectorAll('title')) title.remove(); // the readout shows more
  plot.setAttribute('tabindex', '0');
  plot.setAttribute('aria-keyshortcuts', 'ArrowLeft ArrowRight');
  plot.addEventListener('pointermove', (event) => show(slots.indexOf(event.target.closest('.slot'))));
  plot.addEventListener('pointerleave', () => show(-1));
  plot.addEventListener('blur', () => show(-1));
  plot.addEventListener('keydown', (event) => {
    const to = { ArrowLeft: at < 0 ? slots.length - 1 : at - 1, ArrowRight: at + 1, Home: 0, End: slots.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(Math.min(Math.max(to, 0), slots.length - 1));
  });
}

document.addEventListener('click', async (event) => {
  const link = event.target.closest('a[data-stay]');
  if (link && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    history.pushState(null, '', link.href);
    await refresh(link.href, true);
    return;
  }
  const zone = event.target.closest('[data-zone]');
  if (zone) {
    zone.form.elements.tz.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return;
  }
  const copy = event.target.closest('[data-copy]');
  if (copy) {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
    copy.textContent = 'Copied';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  }
});
addEventListener('popstate', () => refresh(location.href, true));
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(location.href); });
setInterval(() => { if (!document.hidden && !asking) refresh(location.href); }, everyMs);

enliven(document);
setState('on', 'Live');
