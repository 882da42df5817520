#!/usr/bin/env python3
"""No room: a lot that is full gives the caller back to the user."""
import re

import lab
from lab import check, proves, wait_for


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


def unwatched(l, ext='101', key='anna'):
    """nobody could know: the PBX cannot park, the two are put together
    again"""
    d1 = l.desk(ext, spots=False)
    fill(l)
    bot = l.talk(d1, key)
    try:
        d1.ctl('park')
    except lab.Refused as e:
        # a phone that watches no spot may say that it cannot know
        raise lab.Failed('park without lamps: the PBX decides; refused: '
                         '%s' % e)
    d1.wait_call(('active', 'held', 'parking'), id=bot.call_id)
    # the PBX says 200 in its sipfrag all the same: what comes after that
    # counts
    wait_for(lambda: [m for m in l.pbx.wire() if m.out and
                      m.method == 'NOTIFY' and
                      m.body.startswith('SIP/2.0 200')],
             'the PBX says 200 OK in a sipfrag', 15)
    d1.wait(lambda s: [c for c in s['calls'] if c['id'] == bot.call_id
                       and c['state'] == 'active'],
            'the call is with the user again', 45)
    d1.wait_message(r'full|503|no answer', 5)
    proves('said: "%s"' % d1.message())
    both_talk(l, d1, bot)


def nameless(l):
    """no identity updates (send_pai=no): nothing in SIP tells that the two
    were put together again"""
    unwatched(l, '105')


def withheld(l):
    """a caller without a number: no re-INVITE names her"""
    unwatched(l, '101', 'nobody')


def nameless_withheld(l):
    """neither updates nor a number"""
    unwatched(l, '106', 'nobody')


def last_spot(l):
    """two phones want the last spot in the same moment, without identity
    updates: one gets it, the other keeps his caller although he sees a lamp
    go on and a sipfrag 200"""
    desks = [l.desk('105'), l.desk('106')]
    l.pbx.park_bot('clara', '701')
    for d in desks:
        d.wait_lamp('701', 'parked')
    bots = [l.talk(d, key) for d, key in zip(desks, ('anna', 'boris'))]
    lines = [lab.Line(d) for d in desks]
    for attempt in range(5):
        refused = lab.at_once(*[lambda x=x: x.ask('park') for x in lines])
        if refused == [None, None]:
            break
        # warned, since the lamp was quicker: the same once more
        first = refused.index(None)
        desks[first].wait_no_calls(20)
        desks[first].ctl('retrieve', '702')
        desks[first].wait_call('active', timeout=20)
        for d in desks:
            d.wait_lamp('702', 'free')
    check(refused == [None, None], 'both send their REFER', refused)
    l.pbx.wait_parked('702')
    wait_for(lambda: sum(m.out and m.method == 'NOTIFY' and
                         m.body.startswith('SIP/2.0 200')
                         for m in l.pbx.wire()) >= 2,
             'both are told 200 OK in a sipfrag', 20)
    inside = l.pbx.parked()['702']
    won = [b for b in bots if inside in b.channels()]
    check(len(won) == 1, '`parking show`: %s is in 702' % won[0].name,
          (inside, [b.channels() for b in bots]))
    lost = [b for b in bots if b is not won[0]][0]
    loser = desks[bots.index(lost)]
    winner = desks[bots.index(won[0])]
    winner.wait_no_calls(20)
    winner.wait_lamp('702', 'parked', who=won[0].name)
    proves('parked by %s, named on its lamp' % winner.name)
    loser.wait(lambda s: [c for c in s['calls'] if c['id'] == lost.call_id
                          and c['state'] == 'active'],
               'the other one\'s caller is with him again', 45)
    now, at = loser.mark(), lost.mark()
    loser.hears(lost.tone, now)
    lost.hears(loser.tone, at)
    check(loser.lamp('702')['who'] != lost.name and
          not [x for x in loser.status()['parked']
               if x['who'] == lost.name],
          'and no lamp of his bears her name', loser.short())
    check(sorted(l.pbx.parked()) == ['701', '702'] and
          l.pbx.bridges() == [2], 'the PBX: two parked, one call of two',
          (l.pbx.parked(), l.pbx.bridges()))


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
    lab.main(watched, unwatched, nameless, withheld, nameless_withheld,
             last_spot, spots=2)
