#!/usr/bin/env python3
"""No sound card: a call is not lost for that, and the phone says so."""
import lab
from lab import check, proves, stays


def talk_in_silence(l, lines):
    p = l.desk('101', record=False, lines=lines)
    check(p.status()['sound']['ok'] is False and p.last['sound']['text'],
          'status says that there is no device: "%s"' %
          p.last['sound']['text'], p.last['sound'])
    # a call in
    anna = l.pbx.call('anna', '101')
    c = p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active', id=c['id'])
    stays(lambda: [x for x in p.calls() if x['id'] == c['id'] and
                   x['state'] == 'active'] and anna.alive(),
          'the call goes on', 4, show=p.short)
    check(l.pbx.bridges() == [2], 'the call goes on, says the PBX too')
    check(p.message() or p.said('sound|device|audio'),
          'the user is told: "%s"' % p.message())
    # and it can be parked and taken back like any other
    at = anna.mark()
    p.ctl('park')
    l.pbx.wait_parked('701')
    anna.hears(lab.MUSIC, at)
    p.wait_no_calls(15)
    p.ctl('retrieve', '701')
    p.wait_call('active', name='Anna Berg')
    p.ctl('hangup')
    p.wait_no_calls()
    anna.wait_gone()
    # a call out
    boris = l.pbx.bot('boris')
    p.ctl('dial', boris.number)
    p.wait_call('active')
    stays(lambda: boris.alive(), 'the call out goes on', 2, show=p.short)
    proves('park, retrieve and a call out go on as well')
    p.ctl('hangup')
    p.wait_no_calls()


def missing(l):
    """a device of a name that no device has"""
    talk_in_silence(l, ['audio_source portaudio,no such microphone',
                        'audio_player portaudio,no such speaker'])


def switched_off(l):
    """`none` is silence by choice: nothing is amiss"""
    p = l.desk('101', record=False,
               lines=['audio_source none', 'audio_player none'])
    anna = l.pbx.call('anna', '101')
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    stays(lambda: anna.alive(), 'the call goes on', 2, show=p.short)
    p.ctl('hangup')
    p.wait_no_calls()


if __name__ == '__main__':
    lab.main(missing, switched_off)
