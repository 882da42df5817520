#!/usr/bin/env python3
"""Several parked calls on the built-in PBX, and what becomes of them."""
import demo
from demo import ANNA, BORIS, MUSIC, check, proves, twice


def one_after_another(b):
    """two parks at once, the second while the first is under way: each
    lamp has its own name; the oldest is taken first"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.talk(BORIS)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.waits(BORIS, '702')
        p.wait_lamp('701', 'parked', who=ANNA[0])
        p.wait_lamp('702', 'parked', who=BORIS[0])
        p.wait_no_calls()
        p.agree()
        check([p.lamp(s)['who'] for s in ('701', '702')] ==
              [ANNA[0], BORIS[0]], 'the names stay', p.short())
        p.takes_back(ANNA, 'retrieve')
        p.takes_back(BORIS, 'retrieve')    # Anna is held meanwhile
        p.wait_row(ANNA, 'is held', held=True, hears=MUSIC)
        p.agree()
        p.over()
    twice(story)


def hung_up_while_parked(b):
    """the caller has enough: the lamp goes out, nothing is left of him"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        p.ctl('park')
        p.waits(ANNA, '701')
        p.demo('hangup', ANNA[1])       # while our leg is still there
        p.wait_lamp('701', 'free')
        p.wait_no_calls()
        p.agree()
        p.talk(BORIS)
        p.ctl('park')
        p.waits(BORIS, '701')
        p.wait_no_calls()
        p.demo('hangup', BORIS[1])      # when it is gone
        p.wait_lamp('701', 'free')
        check(not p.status()['parked'], 'on no list', p.short())
        p.refused('retrieve', '701')
        p.over()
    twice(story)


def noted(b):
    """a note stays with the parked call, and goes with it"""
    p = b.desk()
    p.talk(ANNA)
    p.ctl('park')
    p.waits(ANNA, '701')
    p.ctl('note', '701', 'wants', 'the', 'invoice')
    check(p.status()['parked'][0]['note'] == 'wants the invoice',
          'the note is on the list', p.last['parked'])
    p.wait_no_calls()
    p.demo('hangup', ANNA[1])
    p.wait_lamp('701', 'free')
    p.talk(BORIS)
    p.ctl('park')
    p.waits(BORIS, '701')
    p.wait_lamp('701', 'parked', who=BORIS[0])
    check(not p.status()['parked'][0]['note'], 'Boris has none',
          p.last['parked'])
    proves('a new call at 701')
    p.over()


if __name__ == '__main__':
    demo.main(one_after_another, hung_up_while_parked, noted)
