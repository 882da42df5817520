#!/usr/bin/env python3
"""Forgotten: the PBX gives a parked call back to its parker."""
import lab
from lab import check, pbx_with, proves


def recall(l):
    """after parkingtime the parker's phone rings with her name"""
    d1, d2 = l.desk('101'), l.desk('102')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    d1.wait_no_calls(6)
    c = d1.wait_call('incoming', timeout=l.pbx.parktime + 5)
    check(c['name'] == 'Anna Berg' and '5550101' in c['peer'],
          'it rings again: Anna Berg', c)
    d1.wait_lamp('701', 'free')
    d2.wait_lamp('701', 'free')
    check(not l.pbx.parked() and not d2.calls(),
          'the lamps are out; the colleague\'s phone is quiet')
    check(not d1.status()['parked'], 'she is on no list of parked calls',
          d1.last['parked'])
    now, at = d1.mark(), anna.mark()
    d1.ctl('answer', c['id'])
    d1.wait_call('active', id=c['id'])
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    proves('answered, both hear each other')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    l.pbx.wait_parked('701')
    proves('and can be parked again')


def recall_during_a_call(l):
    """the recall rings while the parker talks to someone else"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked')
    boris = l.talk(d1, 'boris')
    c = d1.wait_call('incoming', timeout=l.pbx.parktime + 5)
    check(c['name'] == 'Anna Berg', 'Anna rings during the call', c)
    now = d1.mark()
    d1.hears(boris.tone, now)
    d1.ctl('answer', c['id'])
    d1.wait_call('active', id=c['id'])
    d1.wait_call('held', id=boris.call_id)
    now = d1.mark()
    d1.hears(anna.tone, now)
    check(d1.rec.total(boris.tone, now) == 0, 'answered: Boris is held')


@pbx_with(back_to='103')
def recall_to_another(l):
    """the PBX gives a forgotten call to the reception, not to its parker"""
    d1, d3 = l.desk('101'), l.desk('103')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    d1.wait_no_calls(6)
    c = d3.wait_call('incoming', timeout=l.pbx.parktime + 5)
    check(c['name'] == 'Anna Berg' and '5550101' in c['peer'],
          'it rings there: Anna Berg', c)
    d1.wait_lamp('701', 'free')
    check(not d1.calls() and not d1.status()['parked'],
          'the parker\'s phone is quiet and shows her nowhere', d1.short())
    check(not d1.said('is back from'), 'nor says that she was back with him')
    now, at = d3.mark(), anna.mark()
    d3.ctl('answer', c['id'])
    d3.wait_call('active', id=c['id'])
    d3.hears(anna.tone, now)
    anna.hears(d3.tone, at)
    proves('answered, both hear each other')


if __name__ == '__main__':
    lab.main(recall, recall_during_a_call, recall_to_another, parktime=7)
