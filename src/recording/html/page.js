'use strict';

// A row of the table is so high, in pixels: page.css says the same.
const ROW = 24;
// No browser lays out what is higher than about 17 million pixels: beyond it a pixel of scrolling is more than one.
const HIGHEST = 8e6;
// Characters of a payload in the table, and in its panel before all of it is asked for.
const CELL = 300;
const PANEL = 65536;
// Bytes of a binary payload that the filter looks at.
const SEARCHED = 4096;
// What could reorder or hide text is shown by its code: the same characters as on a terminal (output/escape.rs).
const UNSAFE = /[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

const byId = id => document.getElementById(id);
const [main, space, body, panel, payload, filter] = ['rows', 'space', 'body', 'panel', 'payload', 'filter'].map(byId);

const lines = byId('records').textContent.split('\n').filter(line => line);
const records = lines.map(line => JSON.parse(line));
const connections = records.filter(record => record.type === 'open');
const rows = records.filter(record => record.type !== 'open');
rows.forEach(row => { row.haystack = haystack(row); });

let shown = rows;
let chosen = null;
let form = null;

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) put(made, text, false);
  return made;
}

// Appends a text, with what is unsafe in it as codes. Line ends and tabs stay where lines are wanted.
function put(parent, text, isLines) {
  let end = 0;
  for (const match of text.matchAll(UNSAFE)) {
    const character = match[0];
    if (isLines && (character === '\n' || character === '\t')) continue;
    parent.append(text.slice(end, match.index));
    end = match.index + character.length;
    const code = document.createElement('span');
    code.className = 'code';
    code.textContent = codeOf(character);
    parent.append(code);
  }
  parent.append(text.slice(end));
}

function codeOf(character) {
  const short = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[character];
  if (short) return short;
  const number = character.codePointAt(0).toString(16);
  return character < '\x80' ? '\\x' + number.padStart(2, '0') : '\\u{' + number + '}';
}

function bytesOf(row) {
  if (row.text !== undefined) return new TextEncoder().encode(row.text);
  return Uint8Array.from(atob(row.binary || ''), character => character.charCodeAt(0));
}

function hexOf(bytes) {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ');
}

function haystack(row) {
  const start = row.binary && bytesOf({ binary: row.binary.slice(0, SEARCHED) });
  return [row.opcode, row.meaning, row.text, start && hexOf(start)].filter(text => text).join('\n').toLowerCase();
}

function inCell(row) {
  if (row.text !== undefined) return row.text.slice(0, CELL);
  return hexOf(bytesOf({ binary: row.binary.slice(0, 128) }));
}

const MARKS = { sent: '▲', received: '▼' };

function rowElement(row) {
  const made = document.createElement('tr');
  made.classList.add(row.direction || 'note', row.wrong ? 'wrong' : 'right');
  made.classList.toggle('chosen', row === chosen);
  if (row === chosen) made.setAttribute('aria-selected', 'true');
  if (connections.length > 1) made.append(element('td', 'connection', String(row.connection ?? '')));
  made.append(element('td', 'from', MARKS[row.direction] || '·'));
  made.append(element('td', 'at', row.at.toFixed(6)));
  made.append(element('td', 'size', row.length === undefined ? '' : row.length.toLocaleString('en')));
  made.append(element('td', 'opcode', row.opcode));
  made.append(element('td', 'payload', inCell(row)));
  made.append(element('td', 'meaning', row.meaning || ''));
  made.addEventListener('click', () => choose(row));
  return made;
}

// How many rows fit below the head of the table.
const fitting = () => Math.max(1, Math.floor(main.clientHeight / ROW) - 1);
const lastFirst = () => Math.max(0, shown.length - fitting());
const farthest = () => Math.max(1, space.clientHeight - main.clientHeight);
const firstRow = () => Math.min(lastFirst(), Math.round(main.scrollTop / farthest() * lastFirst()));

function draw() {
  const first = firstRow();
  body.replaceChildren(...shown.slice(first, first + fitting()).map(rowElement));
}

// The rows of one filter, in the order in which they were recorded. What is typed behind another text narrows its rows down.
let applied = { text: '', hidden: '' };
function applyFilter() {
  const text = filter.value.toLowerCase();
  const words = text.split(/\s+/).filter(word => word);
  const hidden = ['sent', 'received', 'control'].filter(name => !byId(name).checked);
  const isNarrower = text.startsWith(applied.text) && hidden.join() === applied.hidden;
  const passes = row => !hidden.includes(row.direction) && !(row.control && hidden.includes('control'));
  const ofAll = isNarrower ? shown : hidden.length ? rows.filter(passes) : rows;
  shown = words.length ? ofAll.filter(row => words.every(word => row.haystack.includes(word))) : ofAll;
  applied = { text, hidden: hidden.join() };
  space.style.height = Math.min(HIGHEST, (shown.length + 1) * ROW) + 'px';
  byId('count').textContent = shown.length.toLocaleString('en') + ' of ' + rows.length.toLocaleString('en');
  draw();
}

function choose(row) {
  chosen = row;
  const json = row.text !== undefined && laidOut(row.text);
  form = json ? 'json' : row.text !== undefined ? 'text' : 'hex';
  byId('json').hidden = !json;
  byId('text').hidden = row.text === undefined;
  panel.hidden = false;
  const size = row.length === undefined ? '' : row.length.toLocaleString('en') + ' bytes';
  const about = [new Date(row.wall).toISOString(), row.opcode, size, row.hidden && 'a secret in it is hidden', row.meaning];
  byId('about').replaceChildren();
  put(byId('about'), about.filter(text => text).join(', '), false);
  drawPanel(PANEL);
  draw();
}

function drawPanel(most) {
  ['json', 'text', 'hex'].forEach(name => byId(name).setAttribute('aria-pressed', String(name === form)));
  payload.replaceChildren();
  const bytes = form === 'hex' ? bytesOf(chosen) : null;
  const length = bytes ? bytes.length : chosen.text.length;
  if (form === 'hex') payload.append(dump(bytes.subarray(0, most)));
  else if (form === 'json' && length <= most) laidOut(chosen.text).forEach(piece => payload.append(piece));
  else put(payload, chosen.text.slice(0, most), true);
  byId('all').hidden = length <= most;
}

function dump(bytes) {
  const rowsOf = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const plain = Array.from(part, byte => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.').join('');
    rowsOf.push(at.toString(16).padStart(8, '0') + '  ' + hexOf(part).padEnd(49) + plain);
  }
  return rowsOf.join('\n');
}

// The tokens of a JSON object or array, each in a line of its own where one begins; null for any other text. They stay as they
// were sent: to parse and to write again would change large numbers.
function laidOut(text) {
  if (!/^\s*[{[]/.test(text)) return null;
  try { JSON.parse(text); } catch { return null; }
  const pieces = [];
  let depth = 0;
  const turn = () => pieces.push('\n' + '  '.repeat(Math.min(depth, 100)));
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  tokens.forEach((token, place) => {
    const next = tokens[place + 1];
    if (token === '{' || token === '[') {
      pieces.push(token);
      depth += 1;
      if (next !== '}' && next !== ']') turn();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      const before = tokens[place - 1];
      if (before !== '{' && before !== '[') turn();
      pieces.push(token);
    } else if (token === ',') {
      pieces.push(token);
      turn();
    } else if (token === ':') {
      pieces.push(': ');
    } else {
      pieces.push(element('span', token[0] !== '"' ? 'literal' : next === ':' ? 'key' : 'string', token));
    }
  });
  return pieces;
}

function showConnection(opened) {
  const made = document.createElement('details');
  const number = opened.connection ? opened.connection + ': ' : '';
  made.append(element('summary', '', number + opened.url));
  opened.facts.forEach(fact => made.append(element('div', 'weak', fact)));
  [opened.request, opened.response].filter(head => head).forEach(head => {
    const pre = document.createElement('pre');
    put(pre, head.replaceAll('\r\n', '\n').trimEnd(), true);
    made.append(pre);
  });
  byId('connections').append(made);
}

function move(by) {
  const from = shown.indexOf(chosen);
  // Home and End lead there, whether a row is chosen or not.
  const wished = from < 0 && Number.isFinite(by) ? firstRow() : from + by;
  const to = Math.max(0, Math.min(shown.length - 1, wished));
  if (!shown[to]) return;
  const first = firstRow();
  const wanted = to < first ? to : to >= first + fitting() ? to - fitting() + 1 : first;
  if (wanted !== first) main.scrollTop = wanted / lastFirst() * farthest();
  choose(shown[to]);
}

const STEPS = { ArrowDown: () => 1, ArrowUp: () => -1, PageDown: fitting, PageUp: () => -fitting(), Home: () => -Infinity, End: () => Infinity };

document.addEventListener('keydown', event => {
  if (event.target === filter || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') filter.focus();
  else if (event.key === 'Escape') panel.hidden = true;
  else if (STEPS[event.key] && !payload.contains(event.target)) move(STEPS[event.key]());
  else return;
  event.preventDefault();
});
main.addEventListener('scroll', draw);
new ResizeObserver(draw).observe(main);
byId('controls').addEventListener('submit', event => event.preventDefault());
byId('controls').addEventListener('input', applyFilter);
['json', 'text', 'hex'].forEach(name => byId(name).addEventListener('click', () => { form = name; drawPanel(PANEL); }));
byId('all').addEventListener('click', () => drawPanel(Infinity));
byId('close').addEventListener('click', () => { panel.hidden = true; });

connections.forEach(showConnection);
if (connections.length) {
  document.title = connections[0].url;
  const more = connections.length - 1;
  put(byId('title'), connections[0].url + (more ? ` and ${more} more` : ''), false);
}
if (connections.length > 1) byId('head').prepend(element('th', 'connection', 'number'));
else byId('connections').firstChild?.setAttribute('open', '');
applyFilter();
