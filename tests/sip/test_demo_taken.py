#!/usr/bin/env python3
"""Taken back on the built-in PBX: what we parked last, a call that we had
dialled, a colleague's."""
import demo
from demo import ANNA, CLARA, check, twice, wait_for


def undone(b):
    """`undo` takes back what was parked last, while the line is still
    speaking the number and after"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.takes_back(ANNA, 'undo')     # the parked leg is still there
        wait_for(lambda: len(p.calls()) == 1, 'the parked leg is gone',
                 show=p.short)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.takes_back(ANNA, 'undo')
        p.over()
        p.refused('undo')
    twice(story)


def outgoing(b):
    """a call that the user dialled is parked as well"""
    p = b.desk()

    def story():
        p.ctl('dial', '102')
        p.wait_call('active')
        p.both_hear('102')
        p.ctl('park')
        p.wait_row('102', 'waits', place='parked', spot='701')
        p.wait_lamp('701', 'parked')
        p.wait_no_calls()
        p.ctl('retrieve', '701')
        p.wait_call('active', peer='102')
        p.both_hear('102')
        p.ctl('hangup')
        p.over()
    twice(story)


def colleagues(b):
    """a colleague's parked call is taken by us, ours by a colleague"""
    p = b.desk()

    def story():
        p.demo('park', '103', CLARA[0], CLARA[1], '705')
        p.waits(CLARA, '705')
        here = p.status()['parked']
        check(len(here) == 1 and not here[0]['by'], 'not ours', here)
        p.takes_back(CLARA, 'retrieve', '705')
        p.ctl('park')
        p.waits(CLARA, '701')
        p.wait_no_calls()
        p.demo('retrieve', '104', '701')
        p.wait_row(CLARA, 'talks with a colleague', place='talking',
                   **{'with': '104'})
        p.wait_lamp('701', 'free')
        check(not p.status()['parked'], 'on no list', p.short())
        p.agree()
        p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(undone, outgoing, colleagues)
