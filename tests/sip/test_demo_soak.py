#!/usr/bin/env python3
"""Two hundred things at random on the built-in PBX, faults of it among them;
after each the phone and the PBX's books come to the same, and in the end
every caller's fate is one that somebody wished. The seed is printed; the time
is bounded.

    PARKDECK_SEED=7            another run; `random` draws one
    PARKDECK_STEPS=1000        so many, however long it takes
"""
import os
import random

import demo
from demo import Refused, check, monotonic, proves

STEPS = int(os.environ.get('PARKDECK_STEPS', '200'))
SECONDS = 45.0 if STEPS == 200 else 3600.0
CALLS = 3               # of ours at a time, so that it stays lively
# for one park each; with some of them nothing is wrong
FAULTS = ('refer-403', 'refer-603', 'sipfrag-486', 'sipfrag-503',
          'sipfrag-603', 'sipfrag-503-bare', 'sipfrag-bare',
          'sipfrag-swapped', 'sipfrag-after-bye', 'bye-only', 'caller-gone',
          'refer-no-sipfrag', 'spot-raced', 'no-room', 'no-room-unnamed',
          'bounced', 'cut', 'no-identity', 'lamps-late 500', 'delay 100',
          'jitter 50', 'loss 10') + 12 * ('off',)
# what the user hears of how a park ended
ENDS = ('parked at|not parked|hung up while|is back from|is parked|'
        'ended while|has left|never said')
NAMES = ('Anna Berg', 'Boris Adler', 'Clara Vogt', 'Dora Lind',
         'Emil Fuchs', 'Frida Kern', 'Gustav Roth', 'Hanna Beck')


class Soak:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng
        self.spots = [l['spot'] for l in p.status()['lamps']
                      if l['kind'] == 'spot']
        self.n = 0
        self.done = {}
        self.faults = {}
        self.known = set()

    def calls(self, *states):
        return [c for c in self.p.calls() if c['state'] in states]

    def outside(self, *places):
        return [r for r in self.p.books()['rows'] if r['kind'] == 'caller'
                and r['fate'] == 'lives' and r['place'] in places]

    def who(self):
        self.n += 1
        return (self.rng.choice(NAMES), '0155%05d' % self.n)

    # each returns what it did, or None: there was no occasion for it

    def call_comes(self):
        if len(self.calls('active', 'held', 'incoming')) >= CALLS:
            return None
        who = self.who()
        self.p.demo('call', *who)
        self.p.wait_call('incoming', peer=who[1])
        return who[1]

    def answer(self):
        c = self.calls('incoming')
        if not c:
            return None
        c = self.rng.choice(c)
        self.p.ctl('answer', c['id'])
        self.p.wait_call('active', id=c['id'])
        self.known.add(c['peer'])
        return c['peer']

    def hangup(self):
        # who comes back after a park is not refused: the PBX drops him
        c = [c for c in self.calls('active', 'held', 'incoming')
             if c['state'] != 'incoming' or c['peer'] not in self.known]
        if not c or self.rng.random() < 0.5:
            return None
        c = self.rng.choice(c)
        self.p.ctl('hangup', c['id'])
        return c['peer']

    def switch(self):
        c = self.calls('held')
        if not c:
            return None
        c = self.rng.choice(c)
        self.p.ctl('resume', c['id'])
        self.p.wait_call('active', id=c['id'])
        return c['peer']

    def hold(self):
        c = self.calls('active')
        if not c:
            return None
        self.p.ctl('hold')
        return c[0]['peer']

    def park(self, *spot):
        c = self.calls('active')
        if not c:
            return None
        fault = self.rng.choice(FAULTS)
        # this dialplan drops the caller then: no phone could keep him
        if spot and fault in ('spot-raced', 'no-room', 'no-room-unnamed'):
            fault = 'off'
        self.p.fault(*fault.split())
        then = monotonic()
        try:
            self.p.ctl('park', *spot)
            self.p.told(ENDS, then, 20)
            # what goes wrong goes wrong for this park alone
            if fault != 'refer-no-sipfrag':
                self.p.wait(lambda s: not [
                    x for x in s['calls'] if x['state'] == 'parking' and
                    x['id'] == c[0]['id']], 'the park is over', 20)
        finally:
            self.p.fault('off')
        self.faults[fault.split()[0]] = self.faults.get(
            fault.split()[0], 0) + 1
        self.faster()
        return '%s at %s, %s' % (c[0]['peer'], spot or 'lot', fault)

    def faster(self):
        """Who took a spot in the same moment leaves"""
        for r in self.outside('parked'):
            if r['name'] == 'Faster':
                self.p.demo('hangup', r['number'])

    def park_at(self):
        return self.park(self.rng.choice(self.spots))

    def retrieve(self):
        r = self.outside('parked')
        if not r:
            return None
        r = self.rng.choice(r)
        self.p.ctl('retrieve', r['spot'])
        self.p.wait_call('active', peer=r['number'], name=r['name'])
        return r['number']

    def undo(self):
        self.p.ctl('undo')
        self.p.wait(lambda s: not [c for c in s['calls'] if c['state'] in (
            'dialing', 'retrieving')], 'taken back')
        return 'the last'

    def colleague_parks(self):
        if len(self.outside('parked')) >= len(self.spots) - 1:
            return None
        who = self.who()
        self.p.demo('park', self.rng.choice(('102', '103')), *who)
        return who[1]

    def colleague_takes(self):
        r = self.outside('parked')
        if not r:
            return None
        r = self.rng.choice(r)
        self.p.demo('retrieve', '104', r['spot'], 300)
        return r['number']

    def caller_leaves(self):
        r = self.outside('parked', 'talking', 'ringing')
        if not r or self.rng.random() < 0.5:
            return None
        r = self.rng.choice(r)
        self.p.demo('hangup', r['number'])
        return r['number']

    def step(self):
        ops = (self.call_comes, self.call_comes, self.answer, self.answer,
               self.hangup, self.switch, self.hold, self.park, self.park_at,
               self.retrieve, self.undo, self.colleague_parks,
               self.colleague_takes, self.caller_leaves)
        while True:
            op = self.rng.choice(ops)
            try:
                did = op()
            except Refused as e:        # a clear answer is an outcome too
                did = 'refused: %s' % e
            if did:
                break
        self.done[op.__name__] = self.done.get(op.__name__, 0) + 1
        return '%s %s' % (op.__name__, did)


def eyes(b):
    """the comparison itself: it sees a lamp that is wrong, and silence"""
    p = b.desk()
    p.fault('lamps-silent')
    p.demo('park', '102', *demo.ANNA, '701')
    check('lamp 701 is free' in (p.disagreement() or ''),
          'a lamp that was not told: "%s"' % p.disagreement())
    p.demo('hangup', demo.ANNA[1])
    p.agree()
    p.fault('deaf')
    p.demo('call', *demo.ANNA)
    p.wait_call('incoming')
    p.ctl('answer')
    try:
        p.both_hear(demo.ANNA, timeout=1.0)
        raise AssertionError('silence is not noticed')
    except demo.Failed as e:
        proves('a call that is silent: "%s"' % str(e).split('\n')[0])
    p.fault('off')
    p.both_hear(demo.ANNA)
    p.over()


def soak(b):
    """random operations; books and phone compared at each quiet moment"""
    seed = os.environ.get('PARKDECK_SEED', '14041')
    seed = (random.SystemRandom().randrange(1 << 16) if seed == 'random'
            else int(seed))
    proves('PARKDECK_SEED=%d' % seed)
    # announce 1: the line is not kept open for the spoken number
    p = b.desk(lines=['park *{spot}', 'announce 1'],
               opts=['--spots', 4, '--park-time', 600])
    s = Soak(p, random.Random(seed))
    end, n = monotonic() + SECONDS, 0
    while n < STEPS and monotonic() < end:
        n += 1
        did = s.step()
        p.agree(15, 'step %d (%s), seed %d: phone and books agree' % (
            n, did, seed))
    print('  ' + ', '.join('%s %d' % x for x in sorted(s.done.items())))
    print('  parks: ' + ', '.join('%s %d' % x for x in sorted(
        s.faults.items())))
    print('  callers: ' + ', '.join('%s %d' % x for x in sorted(
        p.books()['fates'].items())))
    check(n == STEPS or n >= 15, '%d operations' % n)
    p.over()


if __name__ == '__main__':
    demo.main(eyes, soak)
