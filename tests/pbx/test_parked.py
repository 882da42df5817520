#!/usr/bin/env python3
"""Around parking: the next call at once, a caller who gives up, undo, spots
that may not be named, and a phone that dies."""
import re
import time

import lab
from lab import MUSIC, check, proves, wait_for


def refers(l):
    return [m.headers.get('refer-to', '') for m in l.pbx.wire()
            if m.method == 'REFER' and not m.status and not m.out]


def next_call_at_once(l):
    """while the PBX still speaks the spot's number, the next call is taken
    and heard alone"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    boris = l.pbx.call('boris', '101')
    b = d1.wait_call('incoming')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked')
    d1.ctl('answer', b['id'])
    d1.wait_call('active', id=b['id'])
    boris.hears(d1.tone, timeout=3)
    now = d1.mark()
    d1.hears(boris.tone, now, timeout=3)
    frag = [m for m in l.pbx.wire() if m.method == 'NOTIFY' and m.out and
            m.body.startswith('SIP/2.0 200')]
    check(not frag, 'Boris is heard before the announcement is over')
    end = d1.mark()
    check(d1.rec.total(boris.tone, now, end) >= 0.7 * (end - now) - 0.2,
          'and he alone: the announcement is not mixed in',
          d1.rec.describe((boris.tone,), now))
    wait_for(lambda: len(d1.calls()) == 1, 'only Boris is left', 12,
             show=d1.short)
    d1.wait_call('active', id=b['id'])
    check('701' in l.pbx.parked() and anna.alive(), 'Anna is still parked')


def caller_gives_up(l):
    """the parked caller hangs up: the lamp goes out everywhere"""
    d1, d2 = l.desk('101'), l.desk('102')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    d2.wait_lamp('701', 'parked')
    d1.wait_no_calls(15)
    anna.hang_up()
    d1.wait_lamp('701', 'free', 3)
    d2.wait_lamp('701', 'free', 3)
    check(not l.pbx.parked() and not d1.status()['parked'],
          'lamps free, lists empty, as the PBX says', d1.last['parked'])
    d1.refused('retrieve')
    d2.refused('undo')


def undo(l):
    """undo takes back what I parked last"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    l.pbx.wait_parked('701')
    d1.wait_lamp('701', 'parked')
    d1.wait_no_calls(15)
    boris = l.pbx.park_bot('boris', '702')      # someone else's
    d1.wait_lamp('702', 'parked')
    now, at = d1.mark(), anna.mark()
    d1.ctl('undo')
    d1.wait_call('active', name='Anna Berg')
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    l.pbx.wait_free('701')
    check(list(l.pbx.parked()) == ['702'] and boris.alive(),
          'Anna is back, Boris was left alone', l.pbx.parked())


def undo_at_once(l):
    """undo while the announcement is still being spoken"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked')
    now, at = d1.mark(), anna.mark()
    d1.ctl('undo')
    d1.wait_call('active', name='Anna Berg')
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    wait_for(lambda: not l.pbx.parked(), 'nothing is parked', every=0.2)
    wait_for(lambda: len(d1.calls()) == 1, 'one call', 12, show=d1.short)
    proves('she is back')


def a_bare_spot(l):
    """a stock Asterisk takes REFER to a free spot as a pick-up and drops the
    caller: it is never sent"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    try:
        d1.ctl('park', '703')
        l.pbx.wait_parked('701')
        proves('park 703 went to the lot; said: "%s"' % d1.message())
        d1.wait_message('lot|700')
    except lab.Refused as e:
        proves('park 703 is refused: "%s"' % e)
        now = d1.mark()
        d1.wait_call('active', id=anna.call_id)
        d1.hears(anna.tone, now)
    check(not [r for r in refers(l) if re.search(r'sip:70[1-9]@', r)],
          'no REFER named a bare spot', refers(l))
    check(anna.alive(), 'the caller is not lost')


def what_a_spot_key_does(l):
    """spot: parks on a free one, retrieves from an occupied one"""
    d1 = l.desk('101')
    boris = l.pbx.park_bot('boris', '702')
    d1.wait_lamp('702', 'parked')
    wait_for(lambda: spot_key(d1, '702'), 'key of 702', 5, every=0.3)
    d1.wait_call('active', name='Boris Adler')
    now = d1.mark()
    d1.hears(boris.tone, now)
    proves('702 was occupied: its key took Boris')
    d1.wait_lamp('701', 'free')
    wait_for(lambda: spot_key(d1, '701'), 'key of 701', 5, every=0.3)
    wait_for(l.pbx.parked, 'Boris is parked', every=0.2)
    check(not [r for r in refers(l) if re.search(r'sip:70[1-9]@', r)],
          '701 was free: its key parked him, by the lot', refers(l))


def spot_key(desk, spot):
    """The key is asleep for a moment after a change: press until it acts"""
    try:
        desk.ctl('spot', spot)
        return True
    except lab.Refused:
        return False


def phone_dies_while_parking(l):
    """kill -9 while the spot's number is spoken: the caller stays parked; who
    he is, that we parked him and the note are known after the restart, and
    one key takes him back"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    at = anna.mark()
    d1.ctl('park')
    l.pbx.wait_parked('701')
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    d1.ctl('note', '701', 'wants', 'the', 'invoice')
    d1.wait_call('parking')
    d1.kill()
    anna.hears(MUSIC, at)
    check('701' in l.pbx.parked() and anna.alive(), 'she still waits')
    d1.start()
    d1.registered()
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    p, = d1.status()['parked']
    check((p['who'], p['by'], p['note']) ==
          ('Anna Berg', 'me', 'wants the invoice'),
          'known after kill -9: who, by whom, the note', p)
    now = d1.mark()
    d1.ctl('undo')
    d1.wait_call('active', name='Anna Berg')
    d1.hears(anna.tone, now)
    proves('the phone started anew shows her and takes her back')
    # the leg of the phone that died hears nobody: the PBX must be told
    d1.ctl('hangup')
    d1.wait_no_calls()
    for c in l.pbx.channels():
        l.pbx.cli('channel request hangup %s' % c)


def one_after_another(l):
    """three calls parked in a row get three spots and three names"""
    d1, d2 = l.desk('101'), l.desk('102')
    bots = []
    for key, spot in (('anna', '701'), ('boris', '702'), ('clara', '703')):
        bot = l.talk(d1, key)
        bots.append(bot)
        d1.ctl('park')
        d1.wait_lamp(spot, 'parked', who=bot.name)
    l_ = {x['spot']: x['who'] for x in d1.status()['lamps']}
    check([l_[s] for s in ('701', '702', '703')] ==
          [b.name for b in bots], 'names on the lamps: %s' % l_)
    check(sorted(l.pbx.parked()) == ['701', '702', '703'],
          '`parking show` agrees', l.pbx.parked())
    for i, spot in ((1, '702'), (0, '701'), (2, '703')):
        now = d2.mark()
        d2.ctl('retrieve', spot)
        d2.wait_call('active', name=bots[i].name)
        d2.hears(bots[i].tone, now)
        proves('%s: %s, heard' % (spot, bots[i].name))
    check(len([c for c in d2.calls() if c['state'] == 'held']) == 2,
          'the ones before are held', d2.short())


def attended_to_the_lot(l):
    """dial the lot, hear which spot it is, join: she is there"""
    d1, d2 = l.desk('101'), l.desk('102')
    anna = l.talk(d1, 'anna')
    at = anna.mark()
    d1.ctl('attended', '700')
    d1.wait_call('held', id=anna.call_id)
    anna.hears(MUSIC, at)
    wait_for(l.pbx.parked, 'the PBX parks the consultation', every=0.15)
    spot, = l.pbx.parked()
    d2.wait_lamp(spot, 'parked')
    d1.wait_call('active', direction='outgoing')
    d1.ctl('attended')
    wait_for(lambda: l.pbx.where(anna) == spot,
             '`parking show`: she is in %s' % spot, 15, every=0.15,
             show=l.pbx.parked)
    d1.wait_no_calls(40)
    check(l.pbx.where(anna) == spot and anna.alive(),
          'she waits there, the parker has no call left')
    now, at = d2.mark(), anna.mark()
    d2.ctl('retrieve', spot)
    d2.wait_call('active', name='Anna Berg')
    d2.hears(anna.tone, now)
    anna.hears(d2.tone, at)
    l.pbx.wait_free(spot)
    proves('and is taken back by the colleague')


if __name__ == '__main__':
    lab.main(next_call_at_once, caller_gives_up, undo, undo_at_once,
             a_bare_spot, what_a_spot_key_does, phone_dies_while_parking,
             one_after_another, attended_to_the_lot)
