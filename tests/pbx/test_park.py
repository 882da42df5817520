#!/usr/bin/env python3
"""The main job: a call rings, is answered, parked to the lot, seen as a lamp
on two phones, and taken back on the other one. Prints the wire."""
import os
import re

import lab
from lab import MUSIC, check, proves, wait_for


def name_of(m):
    """Who the message says it is from"""
    return m.headers.get('p-asserted-identity') or m.headers.get(
        'remote-party-id') or ''


def the_main_job(l):
    """call, park, lamp, retrieve by a colleague; each step on the wire"""
    d1, d2 = l.desk('101'), l.desk('102')
    anna = l.talk(d1, 'anna')
    check(not l.pbx.parked(), 'nothing is parked yet')
    at = anna.mark()
    d1.ctl('park')
    l.pbx.wait_parked('701')
    d1.wait_lamp('701', 'parked', 3, who='Anna Berg')
    d2.wait_lamp('701', 'parked', 3)
    proves('`parking show`: she is in 701; lamp parked on both phones, with '
           'her name on the parker\'s')
    anna.hears(MUSIC, at)
    here = [x for x in d1.status()['parked'] if x['where'] == '701']
    check(len(here) == 1 and here[0]['who'] == 'Anna Berg' and here[0]['by'],
          'parker\'s list: Anna Berg in 701, parked by "%s"' % (
              here[0]['by'] if here else ''), d1.last['parked'])
    there = [x for x in d2.status()['parked'] if x['where'] == '701']
    check(len(there) == 1 and '701' in there[0]['retrieve'],
          'colleague\'s list: a call in 701, to be taken with %s' % (
              there[0]['retrieve'] if there else ''), d2.last['parked'])
    d1.wait_no_calls(15)
    check('701' in l.pbx.parked() and anna.alive(),
          'the parker\'s leg is gone, she still waits')

    now, at = d2.mark(), anna.mark()
    d2.ctl('retrieve', '701')
    d2.wait_call(('active',), name='Anna Berg')
    d2.hears(anna.tone, now)
    anna.hears(d2.tone, at)
    check(not l.pbx.parked() and l.pbx.bridges() == [2],
          'taken back by 102: her name is shown, both hear each other, the '
          'PBX has nothing parked and one bridge of two',
          (l.pbx.parked(), l.pbx.bridges()))
    d1.wait_lamp('701', 'free')
    d2.wait_lamp('701', 'free')
    check(not d1.status()['parked'] and not d2.status()['parked'],
          'both lists are empty again', (d1.last['parked'],
                                         d2.last['parked']))
    d2.ctl('hangup')
    anna.wait_gone()
    story(l.pbx.wire())


def story(wire):
    """The five messages that are the point of it all"""
    def first(what, cond):
        for i, m in enumerate(wire):
            if cond(m):
                show(m)
                return i
        raise lab.Failed('on the wire: ' + what)

    def show(m):
        state = [' '.join(x) for x in re.findall(
            r'<dialog id="([^"]*)".*?<state>(.*?)</state>', m.body, re.S)]
        # the phone's contact is a uuid: who it is tells more
        first = re.sub(r'[0-9a-f-]{36}@\S+', 'phone', m.first)
        ladder.append('%s %s %-8s %s' % (
            m.at[11:], 'PBX ->' if m.out else '-> PBX',
            m.method if not m.status else '%d' % m.status,
            '  '.join(x for x in (
                first.split(' ')[1] if not m.status else m.cseq,
                'Refer-To: ' + m.headers['refer-to']
                if 'refer-to' in m.headers else '',
                'Event: ' + m.headers['event'].split(';')[0]
                if 'event' in m.headers else '',
                'lamp ' + ' '.join(state) if state else '',
                m.body.split('\n')[0] if 'sipfrag' in m.headers.get(
                    'content-type', '') else '',
                'P-Asserted-Identity: ' + name_of(m)
                if name_of(m) else '') if x)))
        proves(ladder[-1])

    def lamp(m, spot, state):
        return m.out and m.method == 'NOTIFY' and not m.status and \
            'dialog id="%s"' % spot in m.body and \
            '<state>%s</state>' % state in m.body

    print('  -- the wire, by the PBX\'s log')
    ladder = []
    refer = first('REFER', lambda m: m.method == 'REFER' and not m.status)
    check(re.search(r'sip:700@', wire[refer].headers['refer-to']),
          'REFER names the lot, 700', wire[refer].headers['refer-to'])
    check('referred-by' in wire[refer].headers,
          'and says by whom (Referred-By)')
    ok = first('202', lambda m: m.method == 'REFER' and m.status == 202)
    note = first('NOTIFY of the lamp', lambda m: lamp(m, '701', 'confirmed'))
    frag = first('sipfrag 200', lambda m: m.out and m.method == 'NOTIFY'
                 and m.body.startswith('SIP/2.0 200'))
    bye = first('the parker\'s BYE', lambda m: m.method == 'BYE'
                and not m.out and not m.status)
    inv = first('INVITE to the spot', lambda m: m.method == 'INVITE'
                and not m.out and re.match(r'INVITE sip:701@', m.first))
    who = first('the caller\'s name', lambda m: m.out and not m.status and
                m.method in ('INVITE', 'UPDATE') and
                'Anna Berg' in name_of(m) and
                wire.index(m) > inv)
    free = first('the lamp goes out', lambda m: lamp(m, '701', 'terminated')
                 and wire.index(m) > inv)
    check(refer < ok and refer < note < inv < who and note < free,
          'in that order')
    check(ok < frag < bye, 'BYE only after the sipfrag 2xx, not on 202')
    check(not [m for m in wire if m.method == 'UPDATE' and m.out],
          'the phone does not advertise UPDATE, so none was sent')
    # ./run test shows it: of a test that passed nobody sees the output
    with open(os.path.join(lab.BUILD_DIR, 'wire.txt'), 'w') as f:
        f.write('A call parked and taken back, as the PBX saw it:\n' +
                ''.join('  %s\n' % line for line in ladder))


def picked_up_by_its_parker(l):
    """the parker himself takes it back, by name and without a number"""
    d1 = l.desk('101')
    anna = l.talk(d1, 'anna')
    d1.ctl('park')
    l.pbx.wait_parked('701')
    d1.wait_no_calls(15)
    now, at = d1.mark(), anna.mark()
    d1.ctl('retrieve')              # the one that has waited longest
    d1.wait_call('active', name='Anna Berg')
    d1.hears(anna.tone, now)
    anna.hears(d1.tone, at)
    wait_for(lambda: not l.pbx.parked(), 'nothing is parked', every=0.2)
    proves('`retrieve` alone took the only parked call back')


def outgoing_call_is_parked(l):
    """a call that the user dialled can be parked as well"""
    d1, d2 = l.desk('101'), l.desk('102')
    anna = l.pbx.bot('anna')
    d1.ctl('dial', anna.number)
    d1.wait_call('active')
    anna.hears(d1.tone)
    at = anna.mark()
    d1.ctl('park')
    l.pbx.wait_parked('701')
    anna.hears(MUSIC, at)
    d2.wait_lamp('701', 'parked')
    d1.wait_no_calls(15)
    now = d2.mark()
    d2.ctl('retrieve', '701')
    d2.hears(anna.tone, now)
    proves('parked, and heard by the colleague who took it')


def without_identity(l):
    """send_pai=no on both phones: parked, seen and taken back all the
    same"""
    d1, d2 = l.desk('105'), l.desk('106')
    anna = l.talk(d1, 'anna')
    at = anna.mark()
    d1.ctl('park')
    l.pbx.wait_parked('701')
    anna.hears(MUSIC, at)
    d1.wait_lamp('701', 'parked', who='Anna Berg')
    d1.wait_no_calls(15)
    check(l.pbx.where(anna) == '701', 'the parker\'s leg is gone, she waits '
          'in 701')
    d2.wait_lamp('701', 'parked')
    now, at = d2.mark(), anna.mark()
    d2.ctl('retrieve', '701')
    d2.hears(anna.tone, now)
    anna.hears(d2.tone, at)
    d2.wait_call('active', timeout=15)
    d1.wait_lamp('701', 'free')
    check(not l.pbx.parked() and l.pbx.bridges() == [2],
          'taken back by the colleague, both hear each other',
          (l.pbx.parked(), l.pbx.bridges()))


def a_withheld_number(l):
    """a caller without name and number is parked and taken back"""
    d1, d2 = l.desk('101'), l.desk('102')
    bot = l.talk(d1, 'nobody')
    d1.ctl('park')
    l.pbx.wait_parked('701')
    d1.wait_lamp('701', 'parked')
    d1.wait_no_calls(15)
    check(l.pbx.where(bot) == '701', 'waits in 701')
    d2.wait_lamp('701', 'parked')
    now, at = d2.mark(), bot.mark()
    d2.ctl('retrieve', '701')
    d2.hears(bot.tone, now)
    bot.hears(d2.tone, at)
    d2.wait_call('active', timeout=15)
    l.pbx.wait_free('701')
    proves('taken back by the colleague, both hear each other')


if __name__ == '__main__':
    lab.main(the_main_job, picked_up_by_its_parker, outgoing_call_is_parked,
             without_identity, a_withheld_number)
