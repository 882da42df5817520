#!/usr/bin/env python3
"""The built-in PBX in its worst mood."""
import demo
from demo import ANNA, twice


def broken(b):
    """short subscriptions refused, nonces that do not live, a park in the
    end"""
    p = b.desk('broken')

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.ctl('retrieve', '701')
        p.wait_row(ANNA, 'talks with us again', place='talking',
                   **{'with': '101'})
        p.wait_call('active', 12)       # it never tells who it is
        p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(broken)
