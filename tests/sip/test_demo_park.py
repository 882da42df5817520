#!/usr/bin/env python3
"""Parked and taken back on the built-in PBX in the manner of Asterisk."""
import demo
from demo import ANNA, BORIS, check, monotonic, twice

WAY = ['park *{spot}']          # this PBX parks at a chosen spot so


def lot(b):
    """to the lot: the spot is told, the legs end, taken back by name"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        then = monotonic()
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_lamp('701', 'parked', who=ANNA[0])
        said = p.told('parked at', then)
        check(said == 'Anna Berg is parked at 701', said)
        here = p.status()['parked']
        check(len(here) == 1 and here[0]['by'] == 'me' and
              here[0]['who'] == ANNA[0] and here[0]['retrieve'] == '701',
              'list: Anna Berg at 701, by me', here)
        p.wait_no_calls()
        p.agree()
        p.takes_back(ANNA, 'retrieve')
        p.wait_lamp('701', 'free')
        p.agree()
        p.over()
    twice(story)


def spot(b):
    """at a spot: by `park SPOT`, and by its key both ways"""
    p = b.desk(lines=WAY)

    def story():
        p.talk(ANNA)
        then = monotonic()
        p.ctl('park', '704')
        p.waits(ANNA, '704')
        p.told('Anna Berg is parked at 704', then)
        p.wait_no_calls()
        p.agree()
        p.takes_back(ANNA, 'spot', '704')
        p.ctl('spot', '706')
        p.waits(ANNA, '706')
        p.wait_no_calls()
        p.agree()
        p.talk(BORIS)
        p.refused('park', '706')
        p.both_hear(BORIS)
        p.over()
    twice(story)


def lot_for_want_of_a_way(b):
    """no way to a spot is known: its key parks on the lot and says so,
    `park SPOT` is refused and the caller stays"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        p.refused('park', '704')
        p.both_hear(ANNA)
        p.ctl('spot', '704')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(lot, spot, lot_for_want_of_a_way)
