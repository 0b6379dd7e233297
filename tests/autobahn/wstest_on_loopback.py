"""Runs wstest (Python 2.7), with its listening socket on loopback: by itself it listens on every interface."""
import autobahntestsuite.wstest
from twisted.internet import reactor

listen_tcp = reactor.listenTCP


def listen_on_loopback(port, factory, backlog=200, interface=""):
    return listen_tcp(port, factory, 200, "127.0.0.1")


reactor.listenTCP = listen_on_loopback
autobahntestsuite.wstest.run()
