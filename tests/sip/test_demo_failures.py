#!/usr/bin/env python3
"""Every way that a park can fail, with every profile in its system's manner,
on the built-in PBX: the caller ends with the user or where he was parked (and
is had back from there), or is gone by his own will; nobody is lost. The PBX's
books say where he is, a tone in each direction that he is really there.

    PARKDECK_PROFILES="asterisk kazoo"     only these
"""
import json
import os
import subprocess

import demo
import phone
from demo import ANNA, BORIS, CLARA, Refused, check, monotonic, proves, together

AT_ONCE = 16            # so many phones at the same time: they mostly wait

# failure, the PBX's fault, answer to REFER, where the caller may end, what
# the user is told
KEPT, PARKED, RINGS, GONE = 'with the user', 'parked', 'rings again', 'gone'
QUICK = (
    ('refused, 403', 'refer-403', '403', (KEPT,), '403'),
    ('refused, 603', 'refer-603', '603', (KEPT,), '603'),
    ('sipfrag 486', 'sipfrag-486', '202', (KEPT,), '486'),
    ('sipfrag 503', 'sipfrag-503', '202', (KEPT,), '503'),
    ('sipfrag 603', 'sipfrag-603', '202', (KEPT,), '603'),
    ('sipfrag 503, no phrase', 'sipfrag-503-bare', '202', (KEPT,), '503'),
    ('sipfrag 200, no phrase', 'sipfrag-bare', '202', (PARKED,), 'parked'),
    ('sipfrag before its 100', 'sipfrag-swapped', '202', (PARKED,),
     'parked'),
    ('sipfrag after BYE', 'sipfrag-after-bye', '202', (PARKED,), 'parked'),
    ('BYE instead of sipfrag', 'bye-only', '202', (PARKED,),
     'parked|while it was being parked'),
    ('spot taken in the same moment', 'spot-raced', '202',
     (KEPT, PARKED, RINGS), 'parked|is back|with you'),
    ('no room', 'no-room', '202', (KEPT, RINGS), 'is back|not parked'),
    ('no room, nobody is named', 'no-room', '202', (KEPT, RINGS),
     'is back|not parked'),
    ('bounced back to us', 'bounced', '202', (RINGS,), 'is back'),
    ('network gone for 3 s', 'cut', '202', (PARKED,),
     'parked|never said|with you'),
    ('hangs up meanwhile', 'caller-gone', '202', (GONE,),
     'hung up|has left|no longer|parked'),
)
# these last for the protocol's own 32 s: three callers at the same time; the
# last fault lasts, since its REFER is repeated
SLOW = (
    ('parked, and silence', 'refer-no-sipfrag', '202', (PARKED,),
     'parked|never said'),
    ('202, then silence', 'refer-nothing', '202', (KEPT,),
     'did not confirm'),
    ('never answered', 'refer-unanswered', '-', (KEPT,), 'did not answer'),
)


def profiles():
    """Name: parks on extensions, one call each"""
    out = subprocess.run([phone.PARKDECK, 'profiles', '--json'], check=True,
                         stdout=subprocess.PIPE).stdout
    only = os.environ.get('PARKDECK_PROFILES', '').split()
    return {p['name']: p['personal'] for p in json.loads(out) if not only or
            p['name'] in only}


def place(p, who):
    """Where he ended by the books: one of the four, and the spot"""
    r = p.row(who)
    if r['place'] == 'parked':
        return PARKED, r['spot']
    if r['place'] == 'talking' and r['with'] == demo.ME:
        return KEPT, ''
    if r['place'] == 'ringing':
        return RINGS, ''
    if r['fate'] == 'hung up himself':
        return GONE, ''
    return None, r


class Desk:
    """One phone in one manner, and a caller who is in its user's ear"""

    def __init__(self, b, name, personal, table):
        self.name, self.personal, self.table = name, personal, table
        self.p = b.desk(name, name=name, start=False,
                        lines=['announce 2'],
                        opts=['--park-time', 600])
        self.p.start()
        self.p.wait(lambda s: s['accounts'] and s['accounts'][0][
            'registered'] and not [l for l in s['lamps'] if l['state'] in
                                   ('unknown', 'stale') and
                                   l['label'] != 'Parked for me'],
                    'all that can be known of the lamps is')

    def talk(self, who):
        """Until he is in the user's ear, from wherever he is"""
        r = self.p.row(who)
        if not r or r['fate'] != 'lives':
            self.p.talk(who)
        self.resume(who)
        return self.p.wait_call('active', peer=who[1])

    def resume(self, who):
        for c in self.p.calls():
            if c['peer'] == who[1] and c['state'] == 'held':
                self.p.ctl('resume', c['id'])

    def judge(self, who, row, since):
        """Where he is, is where he may be; had back, both hear"""
        what, fault, answer, may, told = row
        p = self.p
        seen = []

        def there():
            seen[:] = [place(p, who)]
            # the line that the PBX does not end goes when he is back
            return seen[0][0] in may and (
                fault == 'refer-no-sipfrag' or not [
                    c for c in p.calls() if c['state'] == 'parking' and
                    c['peer'] == who[1]]) and \
                p.said('"event":"message".*(%s)' % told, since)
        demo.wait_for(there, '%s: %s: he is %s; told: %s' % (
            self.name, what, ' or '.join(may), told), 20, every=0.1,
            show=lambda: (seen, p.short(), p.event_lines[-12:]))
        end, spot = seen[0]
        p.fault('off')

        if end == GONE:
            p.wait_no_calls()
            verdict = 'gone by his own will'
        else:
            verdict = 'kept'
            for c in p.calls():         # a line that is ours, and empty
                if end != KEPT and c['peer'] == who[1] and \
                        c['state'] == 'active':
                    p.ctl('hangup', c['id'])
            if end == RINGS:
                c = p.wait_call('incoming', peer=who[1])
                p.ctl('answer', c['id'])
            elif end == PARKED:
                p.ctl('retrieve', spot)
            p.wait_call('active', 20, peer=who[1])
            p.both_hear(who)
        self.table.append((what, self.name, answer, end + (
            ' at ' + spot if spot else ''), verdict))

    def others_leave(self):
        """Who was faster"""
        for r in self.p.books()['rows']:
            if r['name'] == 'Faster' and r['fate'] == 'lives':
                try:
                    self.p.demo('hangup', r['number'])
                except Refused:
                    pass
        self.p.agree()

    def quick(self):
        for row in QUICK:
            self.talk(ANNA)
            if row[1] == 'no-room' and 'named' in row[0]:
                self.p.fault('no-room-unnamed')
            else:
                self.p.fault(row[1])
            then = monotonic()
            self.p.ctl('park')
            self.judge(ANNA, row, then)
            self.others_leave()

    def slow(self, rows):
        """The faults are set one after the other, the waits are together"""
        todo = []
        for who, row, ext in zip((ANNA, BORIS, CLARA), rows,
                                 ((), ('103',), ('104',))):
            self.p.demo('fault', 'off')
            self.talk(who)
            self.p.fault(row[1])
            then = monotonic()
            self.p.ctl('park', *ext if self.personal else ())
            self.p.told('parking %s at' % who[0], then)
            todo.append((who, row, then))
        for who, row, then in todo:
            self.p.told(row[4], then, 60)
        for who, row, then in todo:
            self.resume(who)
            self.judge(who, row, then)
        self.others_leave()

    def run(self):
        self.quick()
        self.slow(SLOW)
        b = self.p.books()
        bad = [r for r in b['rows'] if r['fate'] in (
            'was dropped', 'was lost') and r['kind'] == 'caller']
        check(not bad, '%s: nobody was dropped or lost' % self.name, bad)
        self.p.over(timeout=60)
        self.p.stop()


def everything(b):
    """every failure with every profile: the caller is kept, or gone by his
    own will"""
    names, table = profiles(), []
    jobs = [lambda n=n: Desk(b, n, names[n], table).run()
            for n in reversed(list(names))]

    def worker():
        while jobs:
            jobs.pop()()
    together(*[worker] * AT_ONCE)

    print('  %-30s %-16s %-6s %-22s %s' % (
        'failure', 'profile', 'REFER', 'where the caller ended', 'verdict'))
    order = [r[0] for r in QUICK + SLOW]
    for row in sorted(table, key=lambda r: (order.index(r[0]),
                                            list(names).index(r[1]))):
        print('  %-30s %-16s %-6s %-22s %s' % row)
    check(len(table) == len(names) * len(order),
          '%d failures with %d profiles, none was lost' % (
              len(order), len(names)), len(table))
    proves('kept: %d, gone by his own will: %d' % (
        sum(r[4] == 'kept' for r in table),
        sum(r[4] != 'kept' for r in table)))


if __name__ == '__main__':
    demo.main(everything)
