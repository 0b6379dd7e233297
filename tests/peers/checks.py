"""Checks with names: collected, run some at once, told of one a line."""
import concurrent.futures
import contextlib
import functools
import re
import subprocess

import installation


def expect(condition, *evidence):
    if not condition:
        raise AssertionError("; ".join(str(piece)[-600:] for piece in evidence))


class Checks:
    """What is to be checked of one program, and what cannot be, for it is not installed."""

    def __init__(self, wscope):
        self.wscope, self.skipped, self.checks = wscope, [], []

    @contextlib.contextmanager
    def skipping(self, name):
        try:
            yield
        except installation.Missing as missing:
            self.skipped.append(f"{name}: {missing}")

    def add(self, name, check, *arguments):
        self.checks.append((f"{name}: {check.__name__.replace('_', ' ')}", functools.partial(check, self.wscope, *arguments)))

    def run(self, only, jobs):
        """Runs those whose name matches, `jobs` at once; how many failed."""
        checks = [check for check in self.checks if re.search(only, check[0])]
        failures = 0
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for name, failure in pool.map(perform, checks):
                failures += failure is not None
                print(f"ok      {name}" if failure is None else f"FAILED  {name}\n        {failure}", flush=True)
        for skipped in self.skipped:
            print(f"skipped {skipped}")
        print(f"peers: {len(checks) - failures} passed, {failures} failed, {len(self.skipped)} peers skipped")
        return failures


def perform(check):
    name, run = check
    try:
        run()
        return name, None
    except (AssertionError, OSError, subprocess.TimeoutExpired) as failure:
        return name, f"{type(failure).__name__}: {failure}"
