#!/usr/bin/env python3
"""Parked, and told in odd ways, on the built-in PBX."""
import demo
from demo import ANNA, check, monotonic, twice


def odd_sipfrags(b):
    """parked, and told in odd ways: without a phrase, before the 100, after
    the BYE, by BYE alone"""
    p = b.desk()

    def story():
        for fault in ('sipfrag-bare', 'sipfrag-swapped', 'sipfrag-after-bye',
                      'bye-only'):
            p.fault(fault)
            p.talk(ANNA)
            then = monotonic()
            p.ctl('park')
            p.waits(ANNA, '701')
            p.told('Anna Berg is parked at 701', then)
            p.wait_no_calls()
            check(not p.said('not parked|hung up while', then), fault)
            p.agree()
            p.takes_back(ANNA, 'retrieve')
            p.fault('off')
            p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(odd_sipfrags)
