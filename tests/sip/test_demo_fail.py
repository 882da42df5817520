#!/usr/bin/env python3
"""A park that fails: the caller is with the user again, both hear each
other, the reason is told, no lamp shows him. On the built-in PBX."""
import re

import demo
from demo import (ANNA, BORIS, CLARA, MUSIC, Refused, check, monotonic,
                  proves, twice)

WAY = ['park *{spot}']


def with_us_again(p, who, then, reason, lamps=()):
    """After a failed park; lamps: (spot, state)"""
    said = p.told('not parked: .*(%s)' % reason, then)
    check(who[0] in said and 'with you' in said, 'told: "%s"' % said)
    c = p.wait_call('active', peer=who[1])
    check(not c['held'] and not c['spot'], 'the call is active', c)
    p.both_hear(who)
    for spot, state in lamps or [(l['spot'], 'free') for l in
                                 p.status()['lamps'] if l['kind'] == 'spot']:
        l = p.lamp(spot)
        if l['state'] != state:
            raise demo.Failed('lamp %s is %s\n      seen: %s' % (
                spot, state, l))
    p.agree()
    return c


def refused(b):
    """REFER is refused, or the sipfrag says that it failed: lot and spot"""
    p = b.desk(lines=WAY)
    rows = (
        # fault             command          reason
        ('refer-603',       ('park',),       '603 Decline'),
        ('refer-403',       ('park', '703'), '403 Forbidden'),
        ('sipfrag-486',     ('park',),       '486 Busy Here'),
        ('sipfrag-503',     ('park', '703'), '503 Service Unavailable'),
        ('sipfrag-603',     ('park',),       '603 Decline'),
        ('sipfrag-503-bare', ('park',),      r'\(503\)'),
    )

    def story():
        p.talk(ANNA)
        for fault, command, reason in rows:
            p.fault(fault)
            then = monotonic()
            p.ctl(*command)
            with_us_again(p, ANNA, then, reason)
        p.fault('off')
        p.ctl('park')                   # and now it works
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.over()
    twice(story)


def full(b):
    """the lot is full: the PBX says 200 and gives the caller back"""
    # on a slow machine nobody is to be recalled meanwhile
    p = b.desk(opts=['--spots', 2, '--park-time', 600])

    def story():
        p.demo('park', '102', *BORIS)
        p.demo('park', '103', *CLARA)
        p.waits(BORIS, '701')
        p.waits(CLARA, '702')
        p.talk(ANNA)
        for _ in range(2):
            then = monotonic()
            try:
                p.ctl('park')
            except Refused as e:
                proves('refused at once: "%s"' % e)
                p.both_hear(ANNA)
                continue
            with_us_again(p, ANNA, then, 'full|could not|gave', (
                ('701', 'parked'), ('702', 'parked')))
        p.demo('hangup', BORIS[1])
        p.wait_lamp('701', 'free')
        p.ctl('park')                   # there is room again
        p.waits(ANNA, '701')
        p.wait_no_calls()
        p.over()
    twice(story)


def no_sipfrag(b):
    """parked, and no sipfrag ever: the lamp is proof enough, he is taken
    back while the PBX still keeps our old leg"""
    p = b.desk()

    def story():
        p.fault('refer-no-sipfrag')
        p.talk(ANNA)
        then = monotonic()
        p.ctl('park')
        p.waits(ANNA, '701')
        p.told('Anna Berg is parked at 701', then)
        p.talk(BORIS)                   # life goes on meanwhile
        p.takes_back(ANNA, 'retrieve', '701')
        p.wait_row(BORIS, 'is held', held=True, hears=MUSIC)
        p.fault('off')
        # the leg of which it never says anything it ends after a minute
        p.over(timeout=75)
    twice(story)


def on_hold_first(b):
    """where it is asked for, the call is on hold before its REFER; a hold
    that is refused stops the park, a park that fails ends the hold"""
    p = b.desk(lines=['hold yes', 'announce 1'])

    def story():
        p.talk(ANNA)
        p.fault('reinvite-488', 1)
        then = monotonic()
        p.ctl('park')
        with_us_again(p, ANNA, then, 'refused the hold.*488')
        p.fault('refer-603')
        then = monotonic()
        p.ctl('park')
        with_us_again(p, ANNA, then, '603 Decline')
        p.fault('off')
        n = len(p.log())
        p.ctl('park')
        p.waits(ANNA, '701')
        p.wait_no_calls()
        sent = re.findall(r'sip\| (?:(INVITE|REFER) sip:|(a=sendonly))',
                          p.log()[n:])
        check([x or y for x, y in sent][:3] == ['INVITE', 'a=sendonly',
                                               'REFER'],
              'hold, then REFER', sent)
        p.takes_back(ANNA, 'undo')
        p.over()
    twice(story)


if __name__ == '__main__':
    demo.main(refused, full, no_sipfrag, on_hold_first)
