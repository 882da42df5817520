#!/usr/bin/env python3
"""Lamps that grow from a list of the PBX's (RFC 4662)."""
import lab
from lab import check, pbx_with, proves


def subscribed(l, ext):
    """Whom that phone subscribed to, goodbyes and challenges apart"""
    return [m.first.split()[1].split(':')[1].split('@')[0]
            for m in l.pbx.of_user(ext)
            if m.method == 'SUBSCRIBE' and not m.status and not m.out and
            'authorization' in m.headers and m.headers['expires'] != '0']


@pbx_with(spots=20)
def spots(l):
    """a list of 20 spots: all grow by one subscription, and flash"""
    d = l.desk('101', spots=False, lines=['list parking-all'])
    for spot in l.pbx.spots:
        d.wait_lamp(spot, 'free')
    check(subscribed(l, '101') == ['parking-all'],
          'one SUBSCRIBE for all', subscribed(l, '101'))
    anna = l.pbx.park_bot('anna', '703')
    d.wait_lamp('703', 'parked')
    boris = l.pbx.park_bot('boris', '720')
    d.wait_lamp('720', 'parked')
    d.ctl('retrieve', '703')
    d.wait_call('active')
    d.wait_lamp('703', 'free')
    anna.hears(d.tone)
    check(boris.alive(), 'a spot that has grown is taken back from')


@pbx_with(spots=30)
def full(l):
    """full state each time: more than the 8 kB that libre reads by itself"""
    d = l.desk('101', spots=False, lines=[
        'list sip:parking-full@127.0.0.1:%d' % l.pbx.sip,
        'spot 702;label="Front desk"'])
    for spot in l.pbx.spots:
        d.wait_lamp(spot, 'free')
    l.pbx.park_bot('anna', '702')
    d.wait_lamp('702', 'parked')
    sent = [m for m in l.pbx.of_user('parking-full') if m.method == 'NOTIFY'
            and m.out and not m.status]
    sizes = [int(m.headers['content-length']) for m in sent]
    check(len(sizes) >= 2 and min(sizes) > 8192,
          'each NOTIFY is larger than 8 kB', sizes)
    check(subscribed(l, '101') == ['parking-full'],
          'the spot with a line of its own needs no SUBSCRIBE',
          subscribed(l, '101'))


def phones(l):
    """a list of colleagues, told in changes only"""
    d = l.desk('101', spots=False,
               lines=['list phones-all;kind=extension'])
    other = l.desk('102', spots=False)
    for ext in ('102', '103', '107'):
        d.wait_lamp(ext, 'free')
    anna = l.talk(other, 'anna')
    d.wait_lamp('102', 'busy')
    anna.hang_up()
    d.wait_lamp('102', 'free')
    proves('a colleague of the list is seen talking')


def missing(l):
    """a list that there is not: said, and the spots are watched singly"""
    d = l.desk('101', lines=['list nowhere'])
    for spot in l.pbx.spots:
        d.wait_lamp(spot, 'free')
    check('refuses it with 404' in d.log(), 'the user was told')


if __name__ == '__main__':
    lab.main(spots, full, phones, missing)
