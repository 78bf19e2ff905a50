// What the pages do beyond links and forms. Nothing here is needed to use them.
'use strict';

const $ = (selector) => document.querySelector(selector);
const typing = (el) => el.matches('input, select, textarea, [contenteditable]');

// Theme.
const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => document.documentElement.dataset.theme || (dark.matches ? 'dark' : 'light');
const other = { dark: 'light', light: 'dark' };
const themeButton = $('#theme');
const nameTheme = () => {
  themeButton.textContent = theme() === 'dark' ? 'Light theme' : 'Dark theme';
  $('rapi-doc')?.setAttribute('theme', theme());
};
themeButton.hidden = false;
nameTheme();
themeButton.addEventListener('click', () => {
  const next = other[theme()];
  document.documentElement.dataset.theme = next;
  localStorage.setItem('theme', next);
  nameTheme();
});

// Copy buttons.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = $('#' + button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch { // no permission, or no secure connection
      getSelection().selectAllChildren(source);
      document.execCommand('copy');
    }
    button.textContent = 'Copied';
  });
}

// Shortcuts: single keys act only outside of fields, and can be switched off.
const keysBox = $('#keys');
const keysOn = () => localStorage.getItem('keys') !== 'off';
if (keysBox) {
  keysBox.checked = keysOn();
  keysBox.addEventListener('change', () => localStorage.setItem('keys', keysBox.checked ? 'on' : 'off'));
}
const places = { o: '/', p: '/products', r: '/orders', b: '/batches', w: '/backorders', h: '/what-if', e: '/events' };
let afterG = false;
const row = (step) => {
  const links = [...document.querySelectorAll('main tbody tr a.ref:first-of-type')];
  const rows = [...new Set(links.map((a) => a.closest('tr')))];
  const at = rows.indexOf(document.activeElement.closest('tr'));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  if (next) next.querySelector('a').focus();
};
document.addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') {
    e.preventDefault();
    $('#q').focus();
    return;
  }
  if (e.key === 'Escape' && typing(e.target)) e.target.blur();
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || !keysOn()) return;
  if (afterG) {
    afterG = false;
    if (places[e.key]) location.href = places[e.key];
    return;
  }
  switch (e.key) {
    case '/': e.preventDefault(); $('#q').focus(); break;
    case '?': location.href = '/help'; break;
    case 'g': afterG = true; break;
    case 'j': row(1); break;
    case 'k': row(-1); break;
    case 'c': $('[aria-keyshortcuts="c"]')?.click(); break;
    case ']': $('[rel=next]')?.click(); break;
  }
});

// The preview of a form while it is being filled in. The server computes it:
// the page of the form is asked for, and its preview is taken over.
const form = $('form[data-preview]');
if (form) {
  let timer;
  let asked = 0;
  const preview = async () => {
    const mine = ++asked;
    const values = new FormData(form);
    values.delete('seen');
    values.delete('plan');
    const address = form.dataset.preview + '?' + new URLSearchParams(values);
    const answer = await fetch(address, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (mine !== asked) return; // it was changed again
    for (const part of ['#preview', '.buttons']) {
      const now = page.querySelector(part);
      if (now) form.querySelector(part).replaceChildren(...now.childNodes);
    }
    // What is wrong by now stands where the preview would: nothing moves under the fields.
    $('#problem')?.remove();
    const problem = page.querySelector('#problem');
    if (problem) form.querySelector('#preview').replaceChildren(problem);
    for (const field of page.querySelectorAll('form[data-preview] [id]')) {
      const here = document.getElementById(field.id);
      if (field.hasAttribute('aria-invalid')) here?.setAttribute('aria-invalid', 'true');
      else here?.removeAttribute('aria-invalid');
    }
    history.replaceState(null, '', address);
  };
  form.addEventListener('input', (e) => {
    if (e.target.name === 'seen') return;
    for (const apply of form.querySelectorAll('button.main')) apply.disabled = true; // until what it would do is shown
    clearTimeout(timer);
    timer = setTimeout(preview, 250);
  });
}
$('#problem')?.focus();

// Counters that follow the log. One tab has the connection, for all of them:
// the one that holds the lock.
const live = $('#live');
const news = new BroadcastChannel('allot');
const tell = (state) => {
  live.textContent = state === 'on' ? 'Live' : 'Reconnecting';
  live.className = 'live ' + state;
};
let refreshing;
const refresh = () => {
  const counters = document.querySelectorAll('[data-live]');
  if (!counters.length || refreshing) return;
  refreshing = setTimeout(async () => {
    refreshing = 0;
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const counter of counters) {
      const now = page.querySelector(`[data-live="${counter.dataset.live}"]`);
      if (now) counter.textContent = now.textContent;
    }
  }, 1000);
};
let last = 0; // position of the last event that any tab was told of
const heard = ({ state, position, last: known }) => {
  if (state) tell(state);
  if (known) last = known;
  if (position) {
    last = position;
    refresh();
  }
};
let stream; // of the tab that has the connection
news.addEventListener('message', (e) => {
  if (e.data.hello && stream) say({ state: stream.readyState === EventSource.OPEN ? 'on' : 'off', last });
  else heard(e.data);
});
const say = (message) => {
  news.postMessage(message);
  heard(message);
};
const listen = () => {
  stream = new EventSource('/v1/events/stream' + (last ? '?after=' + last : ''));
  stream.addEventListener('open', () => say({ state: 'on' }));
  stream.addEventListener('error', () => {
    say({ state: 'off' });
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000); // it was refused, and gives up by itself
  });
  for (const type of live.dataset.types.split(' ')) {
    stream.addEventListener(type, (e) => say({ state: 'on', position: e.lastEventId }));
  }
};
if (navigator.locks) {
  navigator.locks.request('allot-live', () => new Promise(listen));
  news.postMessage({ hello: true });
}
