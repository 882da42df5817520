#!/usr/bin/env python3
"""Parking against servers that refuse, fail, or fall silent: the caller is
never lost. Verdicts by SIPp: its call may only end as its scenario says."""
import signal
import time

import peer
from peer import answer, check, proves, stays, together, wait_for


def in_call(b, scenario, keys=None, timeout=60, **kw):
    """A call that SIPp has begun and the phone has answered"""
    p = b.desk(**kw)
    s = b.peer.sipp(b, scenario, keys, timeout=timeout)
    c = p.wait_call('incoming')
    p.ctl('answer', c['id'])
    p.wait_call('active', id=c['id'])
    return p, s, c['id']


def back(b, p, s, call_id, pattern, timeout=10):
    """The caller is with the user again, and the reason is on show"""
    p.wait_call('active', id=call_id, timeout=timeout)
    p.wait_message(pattern, timeout=5)
    proves('the caller is back; said: "%s"' % p.message())
    stays(lambda: s.proc.poll() is None and not b.peer.got('BYE'),
          'nothing hangs up', 1.0, show=b.peer.got)
    p.ctl('hangup', call_id)
    s.done()
    p.wait_no_calls()


def park(p, b):
    p.ctl('park')
    refer = wait_for(lambda: b.peer.got('REFER'), 'REFER')[0]
    return refer


def refused(b):
    """603: the caller is back with the user"""
    p, s, i = in_call(b, 'refer-refused', {'code': '603',
                                           'phrase': 'Declined'})
    refer = park(p, b)
    check('<sip:700@' in refer['refer-to'] and
          '<sip:101@' in refer['referred-by'],
          'REFER: %s, by %s' % (refer['refer-to'], refer['referred-by']))
    back(b, p, s, i, '603|Declined')


def not_allowed(b):
    """405: the caller is back with the user"""
    p, s, i = in_call(b, 'refer-refused', {'code': '405',
                                           'phrase': 'Method Not Allowed'})
    park(p, b)
    back(b, p, s, i, '405|Not Allowed')


def sipfrag_503(b):
    """202, then sipfrag 503: the caller is back with the user"""
    p, s, i = in_call(b, 'refer-sipfrag', {
        'frag': 'SIP/2.0 503 Service Unavailable'})
    park(p, b)
    back(b, p, s, i, '503|unavailable')


def sipfrag_without_phrase(b):
    """a sipfrag without a reason phrase counts as well"""
    p, s, i = in_call(b, 'refer-sipfrag', {'frag': 'SIP/2.0 486'})
    park(p, b)
    back(b, p, s, i, '486')


def done(b):
    """202, sipfrag 200: the phone says BYE, the park is shown"""
    b.peer.lamps['701'] = 'terminated'
    p, s, i = in_call(b, 'refer-ok', {'frag': 'SIP/2.0 200 OK'},
                      spots='701')
    p.wait_lamp('701', 'free')
    park(p, b)
    b.peer.sub('701').notify('confirmed')
    p.wait_lamp('701', 'parked', who='Anna Berg')
    s.done()
    p.wait_no_calls()
    proves('lamp parked, with her name; BYE after the sipfrag')


def done_without_phrase(b):
    """the same with `SIP/2.0 200` and nothing behind it"""
    p, s, i = in_call(b, 'refer-ok', {'frag': 'SIP/2.0 200'})
    park(p, b)
    s.done()
    p.wait_no_calls()


def bye_by_server(b):
    """202, then the server's BYE: the call is over and said to be"""
    p, s, i = in_call(b, 'refer-202-bye', spots='701')
    p.wait_lamp('701', 'free')
    park(p, b)
    b.peer.sub('701').notify('confirmed')
    s.done()
    p.wait_no_calls()
    p.wait_lamp('701', 'parked')
    proves('no call is left hanging')


def given_back(b):
    """sipfrag 200, and then the caller is given back (a full lot, as
    Asterisk tells it): no BYE, she is with the user"""
    p, s, i = in_call(b, 'refer-given-back', spots='701')
    p.wait_lamp('701', 'free')
    park(p, b)
    wait_for(lambda: [m for m in b.peer.sent('INVITE')
                      if m['cseq'].startswith('13 ')], 're-INVITE')
    back(b, p, s, i, 'full|back|parked')


def quit_and_given_back(b):
    """quit, by command and by SIGTERM, while a park is under way that then
    fails: not done, since the caller is with the user again"""
    p, s, i = in_call(b, 'refer-sipfrag', {
        'frag': 'SIP/2.0 503 Service Unavailable'})
    b.peer.hold_back('SIP/2.0 503')
    park(p, b)
    p.ctl('quit')
    p.wait_message('quitting when')
    stays(lambda: not b.peer.got('BYE'), 'it waits for the park', 1)
    b.peer.let_go()
    p.wait_message('not quitting: Anna Berg is with you.*503')
    proves('said: "%s"' % p.message())
    c = p.wait_call('active', id=i)
    stays(lambda: s.proc.poll() is None and not b.peer.got('BYE'),
          'nothing hangs up', 1.0, show=b.peer.got)
    check(not p.said('"event":"quit"'), 'no event tells of an end')
    p.ctl('hangup', c['id'])
    s.done()

    s = b.peer.sipp(b, 'refer-sipfrag', {
        'frag': 'SIP/2.0 503 Service Unavailable'})
    c = p.wait_call('incoming')
    p.ctl('answer', c['id'])
    p.wait_call('active', id=c['id'])
    b.peer.hold_back('SIP/2.0 503')
    at = time.monotonic()
    p.ctl('park')
    wait_for(lambda: len(b.peer.got('REFER')) == 2, 'the second REFER')
    p.proc.send_signal(signal.SIGTERM)
    wait_for(lambda: p.said('quitting when', at), 'SIGTERM: it waits')
    b.peer.let_go()
    wait_for(lambda: p.said('not quitting', at), 'said: not quitting')
    p.wait_call('active', id=c['id'])
    p.ctl('hangup', c['id'])
    s.done()
    p.wait_no_calls()


def quit_and_parked(b):
    """quit while a park is under way: ends when that is confirmed"""
    p, s, i = in_call(b, 'refer-ok', {'frag': 'SIP/2.0 200 OK'})
    b.peer.hold_back('Subscription-State: terminated')
    park(p, b)
    p.ctl('quit')
    p.wait_message('quitting when')
    check(p.proc.poll() is None, 'it waits')
    b.peer.let_go()
    p.quit_expected = True
    s.done()
    wait_for(lambda: p.proc.poll() is not None, 'it ends by itself')
    check(p.proc.returncode == 0, 'with 0', p.proc.returncode)
    wait_for(lambda: p.said('"event":"quit"'), 'the event "quit"')
    proves('its last event is "quit"')


def quit_twice(b):
    """quit twice while a park is under way: ends at once"""
    p, s, i = in_call(b, 'refer-never')
    park(p, b)
    p.ctl('quit')
    p.wait_message('quitting when')
    p.quit_expected = True
    p.ctl('quit')
    wait_for(lambda: p.proc.poll() is not None, 'it ends')
    check(p.proc.returncode == 0, 'with 0', p.proc.returncode)
    s.code = 0


def the_long_ones(b):
    """REFER never answered (Timer F, 32 s), and 202 with nothing after it:
    both at once"""
    peers = [b.peer, b.new_peer()]

    class Side:
        """One phone and one peer of this bench"""

        def __init__(self, n):
            self.peer, self.root, self.closers = peers[n], b.root, b.closers
            self.n = n

        def desk(self, **kw):
            return b.desk(name='desk%d' % self.n, peer=self.peer, **kw)

    def never_answered():
        side = Side(0)
        p, s, i = in_call(side, 'refer-never', timeout=120)
        park(p, side)
        stays(lambda: not side.peer.got('BYE'), 'no BYE meanwhile', 5)
        back(side, p, s, i, 'answer|timeout|time', timeout=45)

    def nothing_follows():
        side = Side(1)
        p, s, i = in_call(side, 'refer-202-only', timeout=120)
        park(p, side)
        # 202 alone is no proof: no BYE may follow it
        stays(lambda: not side.peer.got('BYE'), 'no BYE on 202 alone', 20)
        back(side, p, s, i, '.', timeout=60)
    together(never_answered, nothing_follows)


if __name__ == '__main__':
    peer.main(refused, not_allowed, sipfrag_503, sipfrag_without_phrase,
              done, done_without_phrase, bye_by_server, given_back,
              quit_and_given_back, quit_and_parked, quit_twice,
              the_long_ones)
