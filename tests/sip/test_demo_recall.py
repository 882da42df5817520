#!/usr/bin/env python3
"""Forgotten, and given back to the parker; gone while being parked. On the
built-in PBX."""
import demo
from demo import ANNA, BORIS, CLARA, Refused, check, monotonic, twice


def caller_gone(b):
    """the caller hangs up while being parked: told, on no lamp"""
    p = b.desk()

    def story():
        p.fault('caller-gone')
        p.talk(ANNA)
        p.ctl('park')
        p.wait_row(ANNA, 'hung up', fate='hung up himself')
        p.wait_no_calls()
        p.agree()
        check(not p.status()['parked'], 'on no list', p.short())
        p.fault('off')
        p.over()
    twice(story)


def recall(b):
    """after a while the PBX gives her back: it rings with her name; answered
    during another call, that one is held; refused, the PBX drops her"""
    p = b.desk(opts=['--park-time', 15])

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.talk(BORIS)
        c = p.wait_call('incoming', 25, peer=ANNA[1])
        check(c['name'] == ANNA[0], 'it rings again: Anna Berg', c)
        p.wait_lamp('701', 'free')
        check(not p.status()['parked'], 'she is on no list', p.short())
        p.ctl('answer', c['id'])
        r = p.both_hear(ANNA)
        check(r['recalled'] == 1, 'recalled once, by the books', r)
        p.wait_row(BORIS, 'is held', held=True)
        p.agree()
        p.ctl('park')
        p.waits(ANNA, '701')
        c = p.wait_call('incoming', 25, peer=ANNA[1])
        p.ctl('hangup', c['id'])
        p.wait_row(ANNA, 'is dropped by the PBX', fate='was dropped')
        p.over(dropped=1)
    twice(story)


def full(b):
    """no room for another call: a stranger hears busy, who was parked by us
    and comes back rings"""
    p = b.desk(opts=['--park-time', 15], lines=['max_calls 1'])

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.talk(BORIS)
        try:
            p.demo('call', *CLARA)
        except Refused:
            pass
        p.wait_row(CLARA, 'hears busy', fate='was refused')
        c = p.wait_call('incoming', 25, peer=ANNA[1])
        then = monotonic()
        p.told('Anna Berg is back from 701', then - 5)
        p.ctl('answer', c['id'])
        p.both_hear(ANNA)
        p.wait_row(BORIS, 'is held', held=True)
        p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(recall, full, caller_gone)
