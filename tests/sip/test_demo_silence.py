#!/usr/bin/env python3
"""A REFER that nobody answers, and one that is accepted and then nothing:
after 32 s the callers are with the user again. Two at a time each, so that
it happens twice; both phones at the same time, since it lasts."""
import demo
from demo import ANNA, BORIS, MUSIC, check, monotonic, proves, together


def unheard(p, fault, reason):
    p.fault(fault)
    then = monotonic()
    a = p.talk(ANNA)
    p.ctl('park')
    c = p.talk(BORIS, heard=False)
    p.ctl('park')
    said = p.told('not parked: .*Anna Berg is', then, 45)
    check(demo.re.search(reason, said) and 'with you' in said,
          '%s: "%s"' % (fault, said), said)
    said = p.told('not parked: .*Boris Adler is', then, 10)
    check(demo.re.search(reason, said) and 'on hold' in said,
          '%s: "%s"' % (fault, said), said)
    p.wait_call('active', id=a['id'])
    p.both_hear(ANNA)
    p.wait_row(BORIS, 'is held', held=True, hears=MUSIC)
    check(all(l['state'] == 'free' for l in p.status()['lamps']),
          '%s: no lamp shows them' % fault, p.short())
    p.agree()
    p.ctl('resume', c['id'])
    p.both_hear(BORIS)
    p.fault('off')
    p.ctl('park')                       # and now it works
    p.waits(BORIS, '701')
    p.takes_back(BORIS, 'undo')
    p.over()
    proves('%s: all is well again' % fault)


def silence(b):
    """REFER unanswered; 202 and then silence"""
    one, two = b.desk(name='unanswered'), b.desk(name='nothing')
    together(lambda: unheard(one, 'refer-unanswered', 'did not answer'),
             lambda: unheard(two, 'refer-nothing', 'did not confirm'))


if __name__ == '__main__':
    demo.main(silence)
