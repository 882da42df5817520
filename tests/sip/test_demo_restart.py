#!/usr/bin/env python3
"""The PBX is gone and comes back: lamps say that they are stale meanwhile,
and are right again without a key, whether it kept its subscriptions or
not. Over UDP that takes as long as a REGISTER goes unanswered."""
import demo
from demo import ANNA, BORIS, CLARA, check, proves, together


def away_and_back(p, down_ms, keep, patience):
    words = ['restart', down_ms] + (['keep'] if keep else [])
    p.demo('park', '103', *CLARA, '701')
    p.waits(CLARA, '701')
    p.demo(*words)
    p.wait(lambda s: not s['accounts'][0]['registered'],
           'the phone knows', patience)
    s = p.wait(lambda s: all(l['state'] in ('stale', 'unknown')
                             for l in s['lamps']) and s,
               'all lamps stale', 2)
    l = [l for l in s['lamps'] if l['spot'] == '701'][0]
    check(l['state'] == 'stale' and l['last'] == 'parked' and l['reason'],
          '%s: 701 is %s, was %s: "%s"' % (p.name, l['state'], l['last'],
                                           l['reason']), l)
    p.registered(down_ms / 1000 + 40)
    p.wait(lambda s: all(l['state'] == 'free' for l in s['lamps']),
           'all lamps free, as the PBX says', 20)
    p.agree()
    p.demo('park', '104', *BORIS, '702')
    p.waits(BORIS, '702')
    p.takes_back(BORIS, 'retrieve', '702')
    proves('%s: back again: lamps live, and a call is taken' % p.name)
    p.over(dropped=1)


def udp_keep(p):
    away_and_back(p, 52000, True, 60)


def udp_forget(p):
    away_and_back(p, 52000, False, 60)


def tcp_twice(p):
    for keep in (True, False):
        away_and_back(p, 2500, keep, 5)


def unnoticed(p):
    """down for a second over UDP: nobody notices, its NOTIFYs tell it all;
    the call under way is dead there and our hanging up ends it here"""
    for _ in range(2):
        p.talk(ANNA)
        p.demo('park', '103', *CLARA, '701')
        p.waits(CLARA, '701')
        p.demo('restart', 1000, 'keep')
        p.wait_lamp('701', 'free')
        p.ctl('hangup')
        p.wait_no_calls()
        p.over(dropped=2)


def away(b):
    """UDP and TCP, with and without kept subscriptions"""
    quick = [';regint=10']
    together(
        lambda: udp_keep(b.desk(name='udp-keep', lines=quick)),
        lambda: udp_forget(b.desk(name='udp-forget', lines=quick)),
        lambda: tcp_twice(b.desk(name='tcp', opts=['--tcp'])),
        lambda: unnoticed(b.desk(name='unnoticed')))


if __name__ == '__main__':
    demo.main(away)
