// The 10,000 messages of mixed sizes that go through an echo: around each boundary of the length's encodings, most of
// them small, a few large. `mixed_messages.py` makes the same ones.
const COUNT = 10000;
const FILLER = "the quick brown fox jumps over the lazy dog ".repeat(5000);

function sizeOf(number) {
  if (number % 1000 === 999) return 200000;
  if (number % 100 === 99) return 65534 + (Math.floor(number / 100) % 4);
  if (number % 10 === 9) return 124 + (Math.floor(number / 10) % 4);
  return (number * 7919) % 2000;
}

function mixedMessage(number) {
  return (number + ":" + FILLER).slice(0, sizeOf(number));
}

if (typeof module !== "undefined") module.exports = { COUNT, mixedMessage };
