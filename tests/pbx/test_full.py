#!/usr/bin/env python3
"""No room: a lot that is full gives the caller back to the user."""
import re

import lab
from lab import check, proves


def watched(l):
    """the lamps say that every spot is taken: the user is told, the caller
    stays"""
    d1 = l.desk('101')
    fill(l, d1)
    anna = l.talk(d1, 'anna')
    try:
        d1.ctl('park')
        d1.wait_message(r'full|taken|occupied|no free', 40)
    except lab.Refused as e:
        check(re.search(r'full|taken|occupied|free', str(e), re.I),
              'park says why not: "%s"' % e, e)
    both_talk(l, d1, anna)


def unwatched(l):
    """nobody could know: the PBX cannot park, the two are put together
    again"""
    d1 = l.desk('101', spots=False)
    fill(l)
    anna = l.talk(d1, 'anna')
    try:
        d1.ctl('park')
        d1.wait_call(('active', 'held', 'parking'), id=anna.call_id)
        d1.wait(lambda s: [c for c in s['calls'] if c['id'] == anna.call_id
                           and c['state'] == 'active'],
                'the call is with the user again', 45)
        d1.wait_message(r'full|park|503|no answer', 5)
        proves('said: "%s"' % d1.message())
    except lab.Refused as e:
        # a phone that watches no spot may say that it cannot know
        raise lab.Failed('park without lamps: the PBX decides; refused: '
                         '%s' % e)
    both_talk(l, d1, anna)


def fill(l, desk=None):
    for key, spot in (('boris', '701'), ('clara', '702')):
        l.pbx.park_bot(key, spot)
        if desk:
            desk.wait_lamp(spot, 'parked')
    check(sorted(l.pbx.parked()) == ['701', '702'], 'the lot of two is full')


def both_talk(l, d1, anna):
    now, at = d1.mark(), anna.mark()
    d1.wait_call('active', id=anna.call_id)
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    check(sorted(l.pbx.parked()) == ['701', '702'] and
          l.pbx.bridges() == [2],
          'the caller is in the user\'s ear and he in hers; the two parked '
          'ones still wait', (l.pbx.parked(), l.pbx.bridges()))
    d1.ctl('hangup')
    d1.wait_no_calls()
    anna.wait_gone()
    proves('and this call ends like any other')


if __name__ == '__main__':
    lab.main(watched, unwatched, spots=2)
