"""A server that can be misconfigured, the command that asks it, and what applying the words of `check` does to both."""
import shlex
import tempfile
from pathlib import Path

import processes
from checks import expect


class Site:
    """A part with a configuration made of pieces, which are lists of lines, and the flags and URL of the command that asks it."""

    def __init__(self, lab, part, url, flags=(), **pieces):
        self.lab, self.part, self.url, self.flags = lab, part, url, list(flags)
        self.pieces = {name: list(lines) for name, lines in {**part.SOUND, **pieces}.items()}
        self.ports = {name: processes.free_port() for name in part.PORTS}
        self.folder, self.process = Path(tempfile.mkdtemp(dir=lab.folder)), None
        self.folder.chmod(0o755)

    def __enter__(self):
        self.process = self.part.start(self)
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    def restart(self):
        processes.stop(self.process)
        self.process = self.part.start(self)

    def lines(self, piece):
        return "\n".join(self.pieces[piece])

    def asked(self):
        """The URL, with the ports filled in."""
        return self.url.format(**self.ports)


# What is done with a finding. Each gets the finding and the site.

def paste_into(piece):
    """Puts the lines that are printed before those of the configuration; `HOST:PORT` and `NAME` are what the reader fills in."""

    def cure(finding, site):
        expect(finding["paste"], "there is nothing to paste", finding)
        lines = [line.replace("HOST:PORT", f"127.0.0.1:{site.lab.backend}") for line in finding["paste"]]
        # As a reader does, who has the same line twice.
        kept = [line for line in site.pieces[piece] if line not in lines]
        site.pieces[piece] = lines + kept
        site.restart()

    return cure


def change(piece, named, *lines):
    """Sets what the advice names in the configuration, to what the reader knows."""

    def cure(finding, site):
        expect(named in all_said(finding), f"nothing is said of {named}", finding)
        site.pieces[piece] = list(lines)
        site.restart()

    return cure


def give(named, *words):
    """Gives the flag that the advice names."""

    def cure(finding, site):
        expect(named in all_said(finding), f"nothing is said of {named}", finding)
        site.flags += words

    return cure


def same_command(finding, site):
    """Does with the command what is printed, word by word."""
    said = finding["do"]
    expect(said.startswith("this opens"), finding)
    if finding["paste"]:
        *_, url = shlex.split(finding["paste"][0])
        site.url = url
        return
    how, flag = said.removeprefix("this opens: the same command ").split(" ", 1)
    words = shlex.split(flag.strip("`"))
    if how == "with":
        site.flags += words
    else:
        expect(how == "without", said)
        at = next(index for index, flag in enumerate(site.flags) if words[0].strip("`") in flag)
        del site.flags[at:at + 2]


def all_said(finding):
    return "\n".join([finding["do"], *finding["paste"]])
