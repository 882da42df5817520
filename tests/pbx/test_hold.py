#!/usr/bin/env python3
"""Hold, resume, several calls at once: told by who hears whom."""
import lab
from lab import MUSIC, check, proves


def hold(l):
    """the held caller hears music, not the user; resumed, all is back"""
    p = l.desk('101')
    anna = l.talk(p, 'anna')
    at, mine = anna.mark(), p.mark()
    p.ctl('hold')
    p.wait_call('held', id=anna.call_id, held=True)
    anna.hears(MUSIC, at)
    at = anna.mark()
    anna.hears(MUSIC, at, seconds=1.0)
    check(anna.rec.total(p.tone, at) == 0,
          'held: she hears music and nothing of the user')
    mine = p.mark()
    p.ctl('resume')
    p.wait_call('active', id=anna.call_id, held=False)
    p.hears(anna.tone, mine)
    anna.hears(p.tone, at)
    proves('resumed: both hear each other again')
    p.ctl('hangup')
    p.wait_no_calls()
    anna.wait_gone()


def several(l):
    """three callers: one is heard, the others have music"""
    p = l.desk('101')
    anna = l.talk(p, 'anna')
    at = anna.mark()
    boris = l.pbx.call('boris', '101')
    b = p.wait_call('incoming')
    check([c for c in p.calls() if c['id'] == anna.call_id
           and c['state'] == 'active'], 'a second one rings during the call')
    p.ctl('answer', b['id'])
    p.wait_call('active', id=b['id'])
    p.wait_call('held', id=anna.call_id)
    anna.hears(MUSIC, at)
    now = p.mark()
    p.hears(boris.tone, now)
    boris.hears(p.tone)
    check(p.rec.total(anna.tone, now) == 0,
          'answering Boris holds Anna: she has music, he is heard, alone')

    clara = l.pbx.bot('clara')
    p.ctl('dial', clara.number)
    c = p.wait_call('active', direction='outgoing')
    p.wait_call('held', id=b['id'])
    now = p.mark()
    p.hears(clara.tone, now)
    check(p.rec.total(boris.tone, now) == 0,
          'dialling Clara holds Boris')
    check(len([x for x in p.calls() if x['state'] == 'held']) == 2,
          'two are held', p.short())
    check(l.pbx.bridges() == [2, 2, 2] or len(l.pbx.channels()) == 9,
          'the PBX has three calls', (l.pbx.bridges(), l.pbx.channels()))

    now = p.mark()
    p.ctl('hangup', c['id'])
    p.wait(lambda s: not [x for x in s['calls'] if x['id'] == c['id']
                          and x['state'] != 'closed'], 'Clara is gone')
    p.ctl('resume', anna.call_id)
    p.wait_call('active', id=anna.call_id)
    now = p.mark()
    p.hears(anna.tone, now)
    check(p.rec.total(boris.tone, now) == 0 and
          [x for x in p.calls() if x['id'] == b['id']
           and x['state'] == 'held'],
          'resumed Anna is heard, Boris still waits')
    boris.hang_up()
    anna.hang_up()
    p.wait_no_calls()


def swap_by_resume(l):
    """resuming the held one holds the active one"""
    p = l.desk('101')
    anna = l.talk(p, 'anna')
    boris = l.talk(p, 'boris')
    at = boris.mark()
    p.ctl('resume', anna.call_id)
    p.wait_call('active', id=anna.call_id)
    p.wait_call('held', id=boris.call_id)
    boris.hears(MUSIC, at)
    now = p.mark()
    p.hears(anna.tone, now)
    check(p.rec.total(boris.tone, now) == 0, 'Anna is heard, Boris has '
          'music')


if __name__ == '__main__':
    lab.main(hold, several, swap_by_resume)
