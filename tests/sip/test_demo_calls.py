#!/usr/bin/env python3
"""Calls on the built-in PBX: who hears whom, by its books and by ours."""
import demo
from demo import (ANNA, BORIS, ME, MUSIC, TONE, check, monotonic, proves,
                  twice, wait_for)


def registers(b):
    """registered, every lamp subscribed once and known"""
    p = b.desk()
    books = p.books()
    lamps = p.status()['lamps']
    check(books['bindings'] == 1 and
          books['subscriptions'] == len(lamps) == 10,
          'one binding, %d lamps, %d subscriptions' % (
              len(lamps), books['subscriptions']), books)
    check(not books['rows'], 'nobody calls by himself', books)
    p.agree()


def rings(b):
    """a call comes in, both hear each other, either hangs up"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        p.agree()
        p.demo('hangup', ANNA[1])
        p.wait_no_calls()
        p.talk(BORIS)
        p.ctl('hangup')
        p.wait_row(BORIS, 'was hung up on', fate='was hung up on')
        # not answered: he gives up, then we refuse
        p.demo('call', *ANNA)
        p.wait_call('incoming', peer=ANNA[1])
        p.demo('hangup', ANNA[1])
        p.wait_no_calls()
        p.demo('call', *ANNA)
        p.wait_call('incoming', peer=ANNA[1])
        p.ctl('hangup')
        p.wait_row(ANNA, 'was refused', fate='was refused')
        p.over()
    twice(story)


def dials(b):
    """a call goes out: answered, busy, away, never answered, no such
    number, echo"""
    p = b.desk()

    def story():
        p.demo('colleague', '102', 'answer')
        now = p.mark()
        p.ctl('dial', '102')
        p.wait_call('active', direction='outgoing')
        p.both_hear('102', now)
        p.wait_lamp('102', ('busy', 'parked'))
        p.agree()
        p.ctl('hangup')
        p.wait_lamp('102', 'free')
        for habit, reason in (('busy', '486|busy'), ('away', '480')):
            p.demo('colleague', '102', habit)
            then = monotonic()
            p.ctl('dial', '102')
            proves('%s: "%s"' % (habit, p.told(reason, then)))
            p.wait_no_calls()
        p.demo('colleague', '102', 'never')
        p.ctl('dial', '102')
        p.wait_call('ringing')
        p.ctl('hangup')
        p.wait_no_calls()
        p.wait_row('102', 'is left alone', fate='was hung up on')
        then = monotonic()
        p.ctl('dial', '999')
        p.told('404', then)
        p.wait_no_calls()
        now = p.mark()
        p.ctl('dial', '600')
        p.wait_call('active')
        p.hears(TONE, now, 0.3)
        p.ctl('hangup')
        p.over()
    twice(story)


def holds(b):
    """a held caller hears music; the second call holds the first"""
    p = b.desk()

    def story():
        a = p.talk(ANNA)
        p.ctl('hold')
        p.wait_row(ANNA, 'is held', held=True, hears=MUSIC)
        p.wait_call('held', id=a['id'])
        p.ctl('resume')
        p.both_hear(ANNA)
        c = p.talk(BORIS)
        p.wait_row(ANNA, 'is held by the second', held=True, hears=MUSIC)
        p.agree()
        p.ctl('resume', a['id'])
        p.wait_row(BORIS, 'is held now', held=True, hears=MUSIC)
        p.both_hear(ANNA)
        p.ctl('hangup', a['id'])
        p.wait_call('held', id=c['id'])
        p.ctl('resume', c['id'])
        p.both_hear(BORIS)
        p.ctl('mute', 'on')
        p.wait_row(BORIS, 'hears nothing while muted', hears=0)
        p.ctl('mute', 'off')
        p.both_hear(BORIS)
        p.over()
    twice(story)


def tcp(b):
    """the same over TCP"""
    p = b.desk(opts=['--tcp'])

    def story():
        p.talk(ANNA)
        p.demo('hangup', ANNA[1])
        p.wait_no_calls()
        p.ctl('dial', '103')
        p.wait_call('active')
        p.both_hear('103')
        p.ctl('hangup')
        p.over()
    twice(story)


def lossy(b):
    """one datagram in five is lost each way: all of it takes longer, none
    of it goes wrong"""
    p = b.desk()

    def story():
        p.fault('loss', 20)
        p.demo('call', *ANNA)
        c = p.wait_call('incoming', 20, peer=ANNA[1])
        p.ctl('answer', c['id'])
        p.wait_call('active', 20)
        p.both_hear(ANNA, timeout=20)
        p.fault('off')
        p.over()
    twice(story)


def commands(b):
    """`demo` says what is wrong with a wish"""
    p = b.desk()
    for words in (['dance'], ['call', 'Anna'], ['hangup', '0800'],
                  ['park', '199', 'Anna', '1'], ['retrieve', '102', '701'],
                  ['retrieve', '102', '701', 'x'], ['fault', 'tired'],
                  ['fault', 'loss', '101'], ['fault', 'refer-nothing', '2'],
                  ['colleague', '102', 'asleep'], ['colleague', '9', 'busy'],
                  ['restart', 'soon'], ['life', 'perhaps'],
                  ['park', '102', 'A', '1', '799']):
        p.refused('demo', *words)
    p.demo('park', '102', ANNA[0], ANNA[1], '703')
    p.waits(ANNA, '703')
    p.refused('demo', 'park', '103', 'B', '2', '703')
    p.demo('life', 'on')
    wait_for(lambda: p.calls(), 'life goes on: somebody calls', 5,
             show=p.short)
    p.demo('life', 'off')
    check(p.row(ME)['place'] == 'rung', 'and rings here')
    p.over()


if __name__ == '__main__':
    demo.main(registers, rings, dials, holds, tcp, lossy, commands)
