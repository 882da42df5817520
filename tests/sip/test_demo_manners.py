#!/usr/bin/env python3
"""Park and retrieve on the built-in PBX in other manners than Asterisk's:
other numbers, state words, documents and sipfrags."""
import demo
from demo import ANNA, BORIS, check, monotonic, proves, twice


def way(p, first, second, other, by_lot):
    """At a spot of one's choice, where the PBX likes, and back"""
    p.talk(ANNA)
    then = monotonic()
    p.ctl('park', second)
    p.waits(ANNA, second)
    p.told('Anna Berg is parked at ' + demo.re.escape(second), then)
    p.wait_no_calls()
    p.agree()
    p.talk(BORIS)
    p.refused('park', second)
    p.both_hear(BORIS)
    then = monotonic()
    p.ctl('park')
    # without a lot it is our extension that tells which of the free ones
    first = first or p.wait_row(BORIS, 'waits', place='parked')['spot']
    p.waits(BORIS, first)
    p.told('Boris Adler is parked at ' + demo.re.escape(first), then)
    p.wait_no_calls()
    p.agree()
    p.takes_back(ANNA, 'retrieve', second)
    p.takes_back(BORIS, 'undo')
    p.agree()
    p.ctl('spot', other)                # Boris again, by the key
    p.waits(BORIS, other)
    p.demo('retrieve', '102', other)
    p.wait_lamp(other, 'free')
    p.over()
    proves('%s: parked and taken back%s' % (
        p.name, ', the PBX chooses the spot' if by_lot else ''))


def failing(p, spot):
    """Refused, failed, taken by another: the caller stays with us"""
    p.talk(ANNA)
    for fault, reason in (('refer-603', '603'), ('sipfrag-503', '503')):
        p.fault(fault)
        then = monotonic()
        p.ctl('park', spot)
        p.told('not parked: .*%s.*Anna Berg is with you' % reason, then)
        p.both_hear(ANNA)
        p.agree()
    p.fault('off')
    p.over()


def freeswitch(b):
    """spots behind park+, early as the word for parked"""
    p = b.desk('freeswitch')
    twice(way, p, None, '6004', '6006', False)
    twice(failing, p, '6002')


def fusionpbx(b):
    """*59xx parks and retrieves"""
    p = b.desk('fusionpbx')
    twice(way, p, '*5901', '*5904', '*5906', True)
    twice(failing, p, '*5902')


def generic(b):
    """no lot that we know of: a free spot is chosen; partial documents with
    the caller's name"""
    p = b.desk('generic')
    twice(way, p, None, '704', '706', False)
    twice(failing, p, '702')
    p.demo('park', '102', *ANNA, '703')
    l = p.wait_lamp('703', 'parked', who=ANNA[0])
    check(l['who'] == ANNA[0], 'a colleague\'s parked call has its name', l)
    p.over()


if __name__ == '__main__':
    demo.main(freeswitch, fusionpbx, generic)
