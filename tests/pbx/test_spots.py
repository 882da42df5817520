#!/usr/bin/env python3
"""A spot of one's choice: where the PBX's dialplan allows it."""
import re

import lab
from lab import MUSIC, check, proves, wait_for


def at_the_chosen_spot(l, ext, lines, refer_to):
    d1, d2 = l.desk(ext, lines=lines), l.desk('102')
    anna = l.talk(d1, 'anna')
    at = anna.mark()
    d1.ctl('park', '703')
    l.pbx.wait_parked('703')
    d1.wait_lamp('703', 'parked', who='Anna Berg')
    d2.wait_lamp('703', 'parked')
    anna.hears(MUSIC, at)
    d1.wait_no_calls(15)
    sent = [m.headers['refer-to'] for m in l.pbx.wire()
            if m.method == 'REFER' and not m.status and not m.out]
    check(len(sent) == 1 and re.search('sip:%s@' % re.escape(refer_to),
                                       sent[0]),
          'parked at 703 by one REFER to %s' % refer_to, sent)
    now = d1.mark()
    d1.ctl('retrieve', '703')
    d1.wait_call('active', name='Anna Berg')
    d1.hears(anna.tone, now)
    l.pbx.wait_free('703')
    proves('and taken back from there')


def by_template(l):
    """profile asterisk, park=*{spot}"""
    at_the_chosen_spot(l, '101', ['pbx asterisk', 'park *{spot}'], '*703')


def generic(l):
    """profile generic: REFER to the spot itself parks there"""
    at_the_chosen_spot(l, '107', ['pbx generic'], '703')


def by_context(l):
    """profile asterisk, the spot as it is: the PBX's TRANSFER_CONTEXT of
    this phone parks there"""
    at_the_chosen_spot(l, '107', ['pbx asterisk', 'park {spot}'], '703')


def taken_meanwhile(l):
    """two phones park at the same spot in the same moment: the PBX puts one
    into the next spot. No lamp bears the wrong name, none is lost"""
    desks = [l.desk(e, lines=['pbx asterisk', 'park *{spot}'])
             for e in ('101', '102')]
    bots = [l.talk(d, key) for d, key in zip(desks, ('anna', 'boris'))]
    lines = [lab.Line(d) for d in desks]
    for attempt in range(5):
        refused = lab.at_once(*[lambda x=x: x.ask('park', '703')
                                for x in lines])
        if refused == [None, None]:
            break
        # warned, since the lamp was quicker: the same once more
        first = refused.index(None)
        desks[first].wait_no_calls(20)
        desks[first].ctl('retrieve', '703')
        desks[first].wait_call('active', name=bots[first].name)
        for d in desks:
            d.wait_lamp('703', 'free')
    check(refused == [None, None], 'both were told that 703 is free', refused)
    wait_for(lambda: all(l.pbx.where(b) for b in bots),
             'the PBX parks both', every=0.15, show=l.pbx.parked)
    there = {l.pbx.where(b): b for b in bots}
    check(sorted(there) == ['703', '704'], '`parking show`: %s' % {
        k: b.name for k, b in sorted(there.items())})
    for d in desks:
        d.wait_no_calls(20)
        d.wait_lamp('703', 'parked')
        d.wait_lamp('704', 'parked')
    lab.names_are_true(l, desks)
    for spot, bot in there.items():
        now = desks[0].mark()
        desks[0].ctl('retrieve', spot)
        desks[0].wait_call('active', name=bot.name)
        desks[0].hears(bot.tone, now)
        proves('%s: %s, heard' % (spot, bot.name))


def occupied(l):
    """a spot that is taken is not parked on: the caller stays"""
    d1 = l.desk('101', lines=['pbx asterisk', 'park *{spot}'])
    boris = l.pbx.park_bot('boris', '703')
    d1.wait_lamp('703', 'parked')
    anna = l.talk(d1, 'anna')
    d1.refused('park', '703')
    now, at = d1.mark(), anna.mark()
    d1.wait_call('active', id=anna.call_id)
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    check(not [m for m in l.pbx.wire() if m.method == 'REFER'],
          'no REFER was sent, she is still in the user\'s ear')
    check(boris.alive() and list(l.pbx.parked()) == ['703'],
          'and Boris still waits in 703')


if __name__ == '__main__':
    lab.main(by_template, by_context, generic, occupied, taken_meanwhile)
