#!/usr/bin/env python3
"""The PBX is killed and comes back: lamps do not lie meanwhile, and all is
right again without a key."""
import time

import lab
from lab import check, proves, wait_for


def lamps(p):
    return [x['state'] for x in p.status()['lamps']]


def away_and_back(l, transport, patience, params=''):
    d = l.desk('101', transport=transport, params=params)
    anna = l.pbx.park_bot('anna', '701')
    d.wait_lamp('701', 'parked')
    d.wait_lamp('702', 'free')
    l.pbx.kill()
    proves('the PBX is killed (-9); a call was parked')

    d.wait(lambda s: not s['accounts'][0]['registered'],
           'the phone knows', patience)
    known = time.monotonic()
    d.wait(lambda s: all(x['state'] in ('stale', 'unknown')
                         for x in s['lamps']), 'all lamps stale', 1.5)
    check(time.monotonic() - known < 1.0 * lab.PATIENCE,
          'known after: "%s"; all lamps stale within a second' %
          d.last['accounts'][0]['reason'], d.short())
    check([x for x in d.last['lamps'] if x['spot'] == '701'][0]['reason'],
          'with a reason: "%s"' % d.last['lamps'][0]['reason'])
    d.refused('retrieve')

    l.pbx.start()
    d.registered(75)
    for spot in l.pbx.spots:
        d.wait_lamp(spot, 'free', 15)
    check(not l.pbx.parked(), 'back: registered and all lamps free, as the '
          'PBX says, without a key', l.pbx.parked())
    boris = l.pbx.park_bot('boris', '702')
    d.wait_lamp('702', 'parked')
    now = d.mark()
    d.ctl('retrieve', '702')
    d.wait_call('active', name='Boris Adler')
    d.hears(boris.tone, now)
    proves('and they live: Boris is parked, seen and taken')


def tcp(l):
    """TCP: the connection ends with the PBX, that is known at once"""
    away_and_back(l, 'tcp', 3)


def udp(l):
    """UDP: known when a REGISTER is not answered"""
    away_and_back(l, 'udp', 60, ';regint=12')


def call_under_way(l):
    """a call whose PBX is dead ends by rtp_timeout"""
    d = l.desk('101', lines=['rtp_timeout 3'])
    anna = l.talk(d, 'anna')
    l.pbx.kill()
    d.wait_no_calls(12)
    proves('the call is over: "%s"' % d.message())
    l.pbx.start()


if __name__ == '__main__':
    lab.main(tcp, udp, call_under_way)
