#!/usr/bin/env python3
"""Calls through a real PBX; who is heard is told by the tones."""
import lab
from lab import check, proves, wait_for


def incoming(l):
    """a caller rings, is answered, both hear each other, both hang up"""
    p = l.desk('101')
    anna = l.pbx.call('anna', '101')
    c = p.wait_call('incoming')
    check(c['peer'] and '5550101' in c['peer'] and c['name'] == 'Anna Berg'
          and c['direction'] == 'incoming',
          'it rings: Anna Berg, 5550101', c)
    check(p.rec.run(anna.tone) == 0, 'nothing of her is heard before')
    p.ctl('answer')
    p.wait_call('active', id=c['id'])
    p.hears(anna.tone)
    anna.hears(p.tone)
    check(l.pbx.bridges() == [2], 'both hear the other\'s tone; the PBX '
          'has one bridge of two', l.pbx.bridges())
    c = p.wait(lambda s: [c for c in s['calls'] if c['seconds'] >= 1],
               'the call has a second')[0]
    check(c['held'] is False and c['state'] == 'active' and
          c['seconds'] < 20, 'status: active for %s s' % c['seconds'], c)
    p.ctl('hangup')
    p.wait_no_calls()
    anna.wait_gone()
    proves('the user hangs up: the caller is gone')

    boris = l.talk(p, 'boris')
    boris.hang_up()
    p.wait_no_calls()
    proves('the caller hangs up: the call is gone')


def outgoing(l):
    """the phone dials, is heard and hears, hangs up"""
    p = l.desk('101')
    anna = l.pbx.bot('anna')
    p.ctl('dial', anna.number)
    c = p.wait_call('active')
    check(c['direction'] == 'outgoing' and anna.number in c['peer'],
          'active, outgoing, to %s' % anna.number, c)
    p.hears(anna.tone)
    anna.hears(p.tone)
    proves('both hear the other\'s tone')
    p.ctl('hangup', c['id'])
    p.wait_no_calls()
    l.pbx.wait_channels(0)


def refused(l):
    """busy, and a number that does not exist: the reason is shown"""
    p = l.desk('101')
    p.ctl('dial', '602')
    p.wait_message(r'486|busy')
    p.wait_no_calls()
    proves('602 is busy: "%s"' % p.message())
    p.ctl('dial', '4711')
    p.wait_message(r'404|not found')
    p.wait_no_calls()
    proves('4711 does not exist: "%s"' % p.message())


def not_answered(l):
    """a caller gives up; another is turned away"""
    p = l.desk('101')
    anna = l.pbx.call('anna', '101')
    p.wait_call('incoming')
    anna.hang_up()
    p.wait_no_calls()
    proves('the caller gives up: nothing rings')
    boris = l.pbx.call('boris', '101')
    c = p.wait_call('incoming')
    p.ctl('hangup', c['id'])
    p.wait_no_calls()
    boris.wait_gone()
    out = [m for m in l.pbx.wire() if m.method == 'INVITE' and not m.out
           and m.status >= 300]
    check([m for m in out if m.status in (486, 603)],
          'turned away with 486 or 603', [m.first for m in out])


def keys(l):
    """DTMF arrives at the PBX"""
    p = l.desk('101')
    p.ctl('dial', '601')
    p.wait_call('active')
    p.ctl('dtmf', '15*0')
    wait_for(lambda: l.pbx.glob('DIGITS'), 'the PBX has got digits', 12,
             every=0.2)
    check(l.pbx.glob('DIGITS') == '15*0', 'the PBX has got 15*0',
          l.pbx.glob('DIGITS'))
    p.wait_no_calls()


def utf8_name(l):
    """a name beyond ASCII is shown as it is"""
    p = l.desk('101')
    dave = l.pbx.call('dave', '101')
    c = p.wait_call('incoming')
    check(c['name'] == dave.name, 'it rings: %s' % dave.name, c)
    p.ctl('hangup')
    p.wait_no_calls()


if __name__ == '__main__':
    lab.main(incoming, outgoing, refused, not_answered, keys, utf8_name)
