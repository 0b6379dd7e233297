"""The same messages as `mixed_messages.js` makes."""

COUNT = 10_000
FILLER = "the quick brown fox jumps over the lazy dog " * 5000


def size_of(number):
    if number % 1000 == 999:
        return 200_000
    if number % 100 == 99:
        return 65_534 + number // 100 % 4
    if number % 10 == 9:
        return 124 + number // 10 % 4
    return number * 7919 % 2000


def mixed_message(number):
    return f"{number}:{FILLER}"[: size_of(number)]
