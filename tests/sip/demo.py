"""The phone on its built-in PBX, in one process, steered through ctl: what
the user does (`ctl park`) and what the others do (`ctl demo call`). The
PBX's books say who hears whom; at the end of each story they must agree
with what the phone shows. Standard library only.
"""
import json
import os
import re
import sys
import threading
from time import monotonic                          # noqa: F401

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, 'lib'))

import phone                                                # noqa: E402
from phone import (Bench, Failed, Phone, Refused, check,    # noqa: E402,F401
                   proves, stays, wait_for)

ME = '101'
TONE = 2100             # ours; nobody at the built-in PBX plays it
MUSIC, INVALID = 260, 320

# who calls, in the order of their appearance
ANNA, BORIS, CLARA, DORA = (
    ('Anna Berg', '015550101'), ('Boris Adler', '015550102'),
    ('Clara Vogt', '015550103'), ('Dora Lind', '015550104'))


class DemoPhone(Phone):
    """One `parkdeck demo --headless`"""

    def __init__(self, root, name, manner='asterisk', opts=(), lines=()):
        self.harmed = 0         # callers who came to harm so far
        self.opts = ['--as', manner, '--no-life'] + [str(o) for o in opts]
        super().__init__(root, name, lines, tone=TONE)

    def write_config(self, lines):
        """The demo writes it; ours are added by --set"""
        self.config = list(lines)

    def argv(self):
        out = [phone.PARKDECK, 'demo', '--headless', '-f', self.dir]
        for line in self.config:
            out += ['--set', line]
        return out + self.opts

    def ready(self):
        """Registered, and every lamp is known"""
        self.registered()
        self.wait(lambda s: s['lamps'] and all(
            l['state'] == 'free' for l in s['lamps']), 'all lamps free')
        return self

    # what the user is told

    def told(self, pattern, since, timeout=10.0):
        """Until a message after that moment (monotonic) matches"""
        rx = re.compile('"event":"message".*(%s)' % pattern, re.I)

        def probe(_=None):
            for at, line in list(self.event_lines):
                if at >= since and rx.search(line):
                    return json.loads(line)['text']
            return None
        return self.wait(probe, 'a message /%s/' % pattern, timeout)

    # what the others do

    def demo(self, *args):
        return self.ctl('demo', *args)

    def fault(self, name, *n):
        self.demo('fault', name, *n)

    def talk(self, who, heard=True):
        """He calls, is answered, and both hear each other; the call"""
        now = self.mark()
        self.demo('call', *who)
        c = self.wait_call('incoming', peer=who[1])
        if c['name'] != who[0]:
            raise Failed('rings: "%s"\n      seen: %s' % (who[0], c))
        self.ctl('answer', c['id'])
        c = self.wait_call('active', id=c['id'])
        if heard:
            self.both_hear(who, now)
        return c

    # what the books say

    def books(self):
        return self.demo('books')

    def row(self, who):
        """Caller's or colleague's row: the one that lives, or the latest"""
        number = who if isinstance(who, str) else who[1]
        best = None
        for r in self.books()['rows']:
            if r['number'] == number and (
                    not best or (r['fate'] == 'lives') >=
                    (best['fate'] == 'lives')):
                best = r
        return best

    def wait_row(self, who, what, timeout=10.0, **fields):
        """Until the books say so of him; his row"""
        seen = []

        def probe():
            r = self.row(who)
            seen[:] = [r]
            return r if r and all(r[k] == v for k, v in fields.items()
                                  ) else None
        return wait_for(probe, '%s: %s: %s' % (
            self.name, who if isinstance(who, str) else who[0], what),
            timeout, show=lambda: (seen, self.short()))

    def both_hear(self, who, since=None, timeout=10.0):
        """He hears us by the books; we hear him by our own recording"""
        if since is None:
            since = self.mark()
        r = self.wait_row(who, 'talks with us and hears us', timeout,
                          place='talking', held=False, hears=TONE,
                          **{'with': ME})
        self.hears(r['plays'], since, 0.3, timeout)
        return r

    def waits(self, who, spot, timeout=10.0):
        """Parked there by the books, with music; the lamp shows it"""
        r = self.wait_row(who, 'waits at %s with music' % spot, timeout,
                          place='parked', spot=spot, hears=MUSIC)
        self.wait_lamp(spot, 'parked', timeout)
        return r

    def takes_back(self, who, *command):
        """Retrieved by us: named, both hear each other; the call"""
        now, then = self.mark(), monotonic()
        self.ctl(*command)
        c = self.wait_call('active', peer=who[1], name=who[0])
        self.both_hear(who, now)
        self.told('%s is back' % who[0], then)
        return c

    def disagreement(self):
        """What phone and books do not agree about now, or None"""
        books, s = self.books(), self.status()
        rows = books['rows']
        live = [r for r in rows if r['fate'] == 'lives']
        at = {r['spot']: r for r in live if r['place'] == 'parked'}
        for l in s['lamps']:
            if l['kind'] != 'spot':
                continue
            want = 'parked' if l['spot'] in at else 'free'
            # our own extension's: nobody tells what was before
            if l['spot'] == ME and l['state'] == 'unknown':
                l['state'] = 'free'
            if l['state'] != want:
                return 'lamp %s is %s, the books: %s' % (
                    l['spot'], l['state'], at.get(l['spot']))
        known = {x['where']: x for x in s['parked']}
        if set(known) != set(at):
            return 'list of parked calls %s, the books: %s' % (
                sorted(known), sorted(at))
        for spot, r in at.items():
            if known[spot]['by'] and known[spot]['who'] != r['name']:
                return '%s: parked "%s", the books: "%s"' % (
                    spot, known[spot]['who'], r['name'])
        legs = [r for r in live if r['kind'] == 'phone']
        calls = [c for c in s['calls'] if c['state'] != 'closed']
        if len(legs) != len(calls):
            return '%d calls, the books: %d' % (len(calls), len(legs))
        partners = sorted(r['with'] for r in legs if
                          r['place'] == 'talking')
        peers = sorted(c['peer'] for c in calls
                       if c['state'] in ('active', 'held', 'retrieving'))
        if partners != peers:
            return 'in calls with %s, the books: %s' % (peers, partners)
        lost = [r for r in rows if r['place'] == 'nowhere']
        if lost:
            return 'somebody is nowhere: %s' % lost
        try:
            self.demo('check')
        except Refused as e:
            return str(e)
        return None

    def agree(self, timeout=10.0, what='phone and books agree'):
        """Poll until the two tell the same; it must come to that"""
        last = []

        def probe():
            last[:] = [self.disagreement()]
            return last[0] is None
        wait_for(probe, '%s: %s' % (self.name, what), timeout, every=0.1,
                 show=lambda: '%s\n      %s' % (last[0], self.short()))

    def over(self, dropped=0, timeout=15.0):
        """Nobody is left anywhere, and nobody came to harm"""
        for c in self.calls():
            try:
                self.ctl('hangup', c['id'])
            except Refused:     # over by itself, or a parked leg's end
                pass
        for r in self.books()['rows']:
            if r['fate'] == 'lives' and r['kind'] == 'caller':
                try:
                    self.demo('hangup', r['number'])
                except Refused:
                    pass
        self.wait_no_calls(timeout)
        self.agree(timeout)
        b = self.books()
        left = [r for r in b['rows'] if r['fate'] == 'lives']
        harm = b['fates']['was dropped'] + b['fates']['was lost'] - \
            self.harmed
        self.harmed += harm
        check(not left and not b['legs'] and harm == dropped,
              'no call is left over, %s, books and phone agree' % (
                  'no caller was dropped' if not dropped else
                  '%d was dropped' % dropped),
              (left, b['legs'], '%d dropped' % harm, b['rows']))


class DemoBench(Bench):
    def __init__(self, case):
        super().__init__('sip', '%s-%s' % (os.path.splitext(
            os.path.basename(sys.argv[0]))[0], case.__name__))

    def desk(self, manner='asterisk', opts=(), lines=(), name=None,
             start=True):
        p = DemoPhone(self.root, name or '%s-%d' % (
            manner, len(self.phones)), manner, opts, lines)
        self.phones.append(p)
        if start:
            p.start()
            p.ready()
        return p


def twice(story, *args, **kw):
    """What is done once may have left something behind"""
    for n in (1, 2):
        proves('-- %s time' % ('first', 'second')[n - 1])
        story(*args, **kw)


def together(*jobs):
    """Run at the same time; the first failure is raised at the end"""
    failures = []

    def run(job):
        try:
            job()
        except BaseException as e:
            failures.append(e)
    threads = [threading.Thread(target=run, args=(j,)) for j in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


def main(*cases):
    sys.exit(phone.run_cases('sip', cases, DemoBench))
