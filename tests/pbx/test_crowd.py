#!/usr/bin/env python3
"""Twenty phones park in the same moment; each caller is where the PBX says,
no lamp bears a wrong name, and each is taken back and heard."""
import lab
from lab import CROWD, check, proves, wait_for

PHONES = ['1%d' % (30 + i) for i in range(20)]


def twenty_at_once(l):
    """20 calls, 20 phones, 20 spots, one moment"""
    desks = [l.desk(ext) for ext in PHONES]
    bots = [l.pbx.call(who.key, d.name) for who, d in zip(CROWD, desks)]
    for d, bot in zip(desks, bots):
        bot.call_id = d.wait_call('incoming', timeout=20)['id']
        d.ctl('answer', bot.call_id)
    for d, bot in zip(desks, bots):
        d.wait_call('active', id=bot.call_id)
    for d, bot in zip(desks, bots):
        d.hears(bot.tone)
    check(l.pbx.bridges() == [2] * 20, '20 calls, each heard')

    lines = [lab.Line(d) for d in desks]
    refused = lab.at_once(*[lambda x=x: x.ask('park') for x in lines])
    check(refused == [None] * 20, '20 times `park` in one moment', refused)
    wait_for(lambda: all(l.pbx.where(b) for b in bots),
             'the PBX parks all 20', 20, every=0.2, show=l.pbx.parked)
    there = {b: l.pbx.where(b) for b in bots}
    check(len(set(there.values())) == 20, '`parking show`: 20 callers in 20 '
          'spots')
    for d in desks:
        d.wait_no_calls(30)
        d.wait(lambda s: all(x['state'] == 'parked' for x in s['lamps']),
               'all lamps parked')
    check(all(l.pbx.where(b) == at for b, at in there.items()),
          'all legs of the parkers are gone, the callers still wait',
          l.pbx.parked())
    lab.names_are_true(l, desks)

    # each takes the caller of the next one
    marks = [d.mark() for d in desks]
    refused = lab.at_once(*[
        lambda x=x, b=b: x.ask('retrieve', there[b])
        for x, b in zip(lines, bots[1:] + bots[:1])])
    check(refused == [None] * 20, '20 times `retrieve` in one moment',
          refused)
    for d, b, now in zip(desks, bots[1:] + bots[:1], marks):
        d.wait_call('active', timeout=20, name=b.name)
        d.hears(b.tone, now)
    check(not l.pbx.parked() and l.pbx.bridges() == [2] * 20,
          'each caller is heard by the one who took her; nothing is parked',
          (l.pbx.parked(), l.pbx.bridges()))
    for x in lines:
        x.close()
    proves('20 parked, 20 taken back')


if __name__ == '__main__':
    lab.main(twenty_at_once, spots=20, phones=PHONES)
