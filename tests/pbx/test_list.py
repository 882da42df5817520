#!/usr/bin/env python3
"""Lamps that grow from a list of the PBX's (RFC 4662)."""
import re

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


def transfer_to_a_spot(l):
    """a spot that has grown from a list is never transferred to as such:
    the PBX would take that as a pick-up, and drop her"""
    d = l.desk('101', spots=False, lines=['list parking-all'])
    d.wait_lamp('703', 'free')
    anna = l.talk(d, 'anna')
    try:
        d.ctl('transfer', '703')
        l.pbx.wait_parked('701')
        proves('it goes to the lot: "%s"' % d.message())
        d.wait_no_calls(15)
    except lab.Refused as e:
        proves('refused: "%s"' % e)
        now = d.mark()
        d.wait_call('active', id=anna.call_id)
        d.hears(anna.tone, now)
    sent = [m.headers['refer-to'] for m in l.pbx.wire()
            if m.method == 'REFER' and not m.status and not m.out]
    check(not [r for r in sent if re.search(r'sip:70[1-9]@', r)],
          'no REFER named a bare spot', sent)
    check(anna.alive(), 'she is not lost')


@pbx_with(spots=150)
def too_large(l):
    """a list that fits into no datagram: 200, and then nothing ever comes;
    the spots are watched singly, and the user is told"""
    d = l.desk('101', lines=['list parking-full'])
    check('too large to send' in l.pbx.said(),
          'the PBX could not send the list\'s NOTIFY')
    check(len(subscribed(l, '101')) > len(l.pbx.spots),
          'one SUBSCRIBE for the list, then one a spot')
    # RFC 6665 4.1.2.4: the time that a first NOTIFY has is 32 s
    d.wait_message(r'list parking-full.* one by one', 45)
    proves('said: "%s"' % d.message())
    anna = l.pbx.park_bot('anna', '845')
    d.wait_lamp('845', 'parked')
    now = d.mark()
    d.ctl('retrieve', '845')
    d.wait_call('active', name='Anna Berg')
    d.hears(anna.tone, now)
    d.wait_lamp('845', 'free')
    proves('and they live: she was seen in 845 and taken')


if __name__ == '__main__':
    lab.main(spots, full, phones, missing, transfer_to_a_spot, too_large)
