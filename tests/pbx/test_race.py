#!/usr/bin/env python3
"""Two hands for one caller: one gets her and knows it, the other is told.

With identity updates (P-Asserted-Identity in a re-INVITE) the winner has
proof at once. With send_pai=no neither gets a sign: the loser's call is
ended some 5 s later, which is how it is told apart.
"""
import threading

import lab
from lab import check, proves, wait_for

LOST = r'lost|gone|taken|already|nobody|empty|too late|no longer'


def both_retrieve(desks, spot):
    def go(d):
        try:
            d.ctl('retrieve', spot)
        except lab.Refused as e:
            d.race_refused = str(e)
    for d in desks:
        d.race_refused = None
    threads = [threading.Thread(target=go, args=(d,)) for d in desks]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def race(l, exts, named):
    desks = [l.desk(e) for e in exts]
    anna = l.pbx.park_bot('anna')
    for d in desks:
        d.wait_lamp(anna.spot, 'parked')
    marks = [d.mark() for d in desks]
    at = anna.mark()
    both_retrieve(desks, anna.spot)

    # the verdict: who hears her
    wait_for(lambda: [d for d, m in zip(desks, marks)
                      if d.rec.run(anna.tone, m) >= 0.6],
             'one of them hears her', every=0.2,
             show=lambda: [d.rec.describe((anna.tone,), m)
                           for d, m in zip(desks, marks)])
    won = [d for d, m in zip(desks, marks)
           if d.rec.run(anna.tone, m) >= 0.6]
    check(len(won) == 1, '%s hears her' % won[0].name)
    winner = won[0]
    loser = [d for d in desks if d is not winner][0]
    anna.hears(winner.tone, at)
    invites = [m for m in l.pbx.wire() if m.method == 'INVITE' and
               not m.out and not m.status and
               m.first.startswith('INVITE sip:%s@' % anna.spot) and
               'authorization' in m.headers]
    if len(invites) == 2:
        proves('both INVITEs reached the PBX, both were answered 200')

    if named:
        winner.wait_call('active', name='Anna Berg', timeout=3)
        proves('the winner is shown her name at once')
    winner.wait_call('active', timeout=12)
    loser.wait_no_calls(15)
    wait_for(lambda: loser.race_refused or loser.said(LOST),
             'the loser is told', 5,
             show=lambda: (loser.short(), loser.event_lines[-6:]))
    proves('the loser is told: "%s"' % (loser.race_refused or
                                        loser.message()))
    check(not [1 for c in loser.calls() if c['state'] == 'active'],
          'and has no call that claims to be hers')
    check(loser.rec.run(anna.tone) == 0, 'and never heard her')
    winner.wait_call('active')
    check(not winner.said(LOST), 'the winner was never told to have lost',
          winner.said(LOST))
    check(not l.pbx.parked() and anna.alive(), 'the PBX: nothing parked, '
          'she is in a call', l.pbx.parked())


def with_identity(l):
    """identity updates on"""
    race(l, ('101', '102'), True)


def without_identity(l):
    """send_pai=no"""
    race(l, ('105', '106'), False)


def proof_without_identity(l):
    """send_pai=no, nobody else: not called proven before 7 s, then it is"""
    d = l.desk('105')
    anna = l.pbx.park_bot('anna')
    d.wait_lamp(anna.spot, 'parked')
    d.ctl('retrieve', anna.spot)
    d.wait_call('retrieving')
    d.hears(anna.tone)
    check([c for c in d.calls() if c['state'] == 'retrieving'],
          'she is heard, and it still says retrieving', d.short())
    d.wait_call('active', timeout=12)
    proves('after a while without BYE: active')


def nobody_there(l):
    """an empty spot: told, nothing hangs around"""
    d = l.desk('101')
    try:
        d.ctl('retrieve', '702')
        d.wait_message(LOST, 12)
    except lab.Refused as e:
        proves('retrieve 702 is refused: "%s"' % e)
    d.wait_no_calls(15)
    l.pbx.wait_channels(0)


def dialled_spot(l):
    """an occupied spot dialled by hand gives its caller, with her name"""
    d = l.desk('101')
    anna = l.pbx.park_bot('anna')
    d.wait_lamp(anna.spot, 'parked')
    d.ctl('dial', anna.spot)
    d.wait_call('active', name='Anna Berg')
    d.hears(anna.tone)
    proves('her name is shown')


def active_call_is_held(l):
    """a retrieve during a call: that call is held first, not dropped"""
    d = l.desk('101')
    boris = l.talk(d, 'boris')
    anna = l.pbx.park_bot('anna')
    d.wait_lamp(anna.spot, 'parked')
    at = boris.mark()
    d.ctl('retrieve', anna.spot)
    d.wait_call('active', name='Anna Berg')
    d.wait_call('held', id=boris.call_id)
    boris.hears(lab.MUSIC, at)
    now = d.mark()
    d.hears(anna.tone, now)
    check(d.rec.total(boris.tone, now) == 0, 'Anna is heard, Boris has '
          'music')


if __name__ == '__main__':
    lab.main(with_identity, without_identity, proof_without_identity,
             nobody_there, dialled_spot, active_call_is_held)
