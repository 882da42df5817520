#!/usr/bin/env python3
"""Calls with scripted peers (SIPp): what a real PBX will not do on demand."""
import re
import socket
import time

import peer
from peer import check, proves, stays, wait_for


def answered(b):
    """in: rings, is answered, the caller hangs up"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in')
    c = p.wait_call('incoming')
    check(c['peer'] == '5550101' and c['name'] == 'Anna Berg' and
          c['direction'] == 'incoming', 'rings: Anna Berg 5550101', c)
    p.ctl('answer', c['id'])
    p.wait_call('active', id=c['id'])
    s.done()
    p.wait_no_calls()


def hung_up(b):
    """in: answered, the phone hangs up"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in-hung-up')
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    p.ctl('hangup')
    p.wait_no_calls()
    s.done()


def cancelled(b):
    """in: the caller gives up (CANCEL): 487, nothing rings"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in-cancelled')
    p.wait_call('incoming')
    s.done()
    p.wait_no_calls()


def rejected(b):
    """in: turned away with 486"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in-rejected')
    c = p.wait_call('incoming')
    p.ctl('hangup', c['id'])
    s.done()
    p.wait_no_calls()


def too_many(b):
    """in: one more than max_calls hears 486, the others ring on"""
    p = b.desk(lines=['max_calls 2'])
    b.peer.sipp(b, 'call-in-hung-up').code = 0
    p.wait_call('incoming')
    b.peer.sipp(b, 'call-in-hung-up').code = 0
    wait_for(lambda: len(p.calls()) == 2, 'two ring', show=p.short)
    s = b.peer.sipp(b, 'call-in-rejected')
    wait_for(lambda: [m for m in b.peer.got('INVITE', status=True)
                      if m.status == 486], 'the third hears 486')
    s.proc.kill()
    s.code = 0
    check(len([c for c in p.calls() if c['state'] == 'incoming']) == 2,
          'the two ring on', p.short())


def dial_by_account(b):
    """out: dial goes by the first account, or the one named; not beyond
    max_calls"""
    other = b.new_peer()
    p = b.phone('101', b.config(lines=['max_calls 2']) + [
        b.config(peer=other, user='102')[0]]).registered()
    p.ctl('dial', '900')
    wait_for(lambda: b.peer.got('INVITE'), 'INVITE to the first server')
    p.wait_no_calls()
    for name in ('102', '102@127.0.0.1:%d' % other.port):
        n = len(other.got('INVITE'))
        p.ctl('dial', '901', name)
        wait_for(lambda: len(other.got('INVITE')) > n, 'INVITE to the other')
        check(other.got('INVITE')[-1].uri.startswith(
            'sip:901@127.0.0.1:%d' % other.port), 'dial 901 %s' % name)
        p.wait_no_calls()
    check('there is none' in p.refused('dial', '901', '103'), 'no account '
          '103')
    for i in range(2):
        b.peer.sipp(b, 'call-in-hung-up').code = 0
        wait_for(lambda: len(p.calls()) == i + 1, 'rings', show=p.short)
    check('max_calls' in p.refused('dial', '900'), 'a third is refused')
    check(len([c for c in p.calls() if c['state'] == 'incoming']) == 2,
          'the two ring on', p.short())


def stranger(b):
    """INVITE and NOTIFY from another address than the server's: refused"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.2', 0))
    s.settimeout(5)
    here = '127.0.0.2:%d' % s.getsockname()[1]
    sub = b.peer.sub('701')

    def ask(method, headers, body=''):
        text = '\r\n'.join([
            '%s %s SIP/2.0' % (method, b.peer.contacts['101']),
            'Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport' % (here, method),
            'Max-Forwards: 70', 'CSeq: 9999 ' + method,
            'Contact: <sip:x@%s>' % here] + headers +
            ['Content-Length: %d' % len(body), '', body])
        s.sendto(text.encode(), b.peer.phone_addr)
        while True:
            try:
                m = peer.Message(s.recvfrom(65535)[0])
            except socket.timeout:
                raise peer.Failed('a final answer to %s' % method)
            if m.status >= 200:
                return m
    new = ['From: "Boss" <sip:1@127.0.0.2>;tag=1', 'To: <sip:101@127.0.0.2>',
           'Call-ID: stranger@127.0.0.2']
    got = ask('INVITE', new)
    check(got.status in (403, 404, 480, 481), 'INVITE: %s' % got.first)
    for event, status in (('park-info', 481), ('dialog', 481),
                          ('refer;id=7', 481), ('presence', 489)):
        got = ask('NOTIFY', new + ['Event: ' + event,
                                   'Subscription-State: active'])
        check(got.status == status, 'NOTIFY %s: %s' % (event, got.first))
    check(got['allow-events'], 'Allow-Events: %s' % got['allow-events'])
    got = ask('NOTIFY', new + ['Subscription-State: active'])
    check(got.status == 489, 'NOTIFY without Event: %s' % got.first)
    stays(lambda: not p.calls(), 'nothing rings', 1, show=p.short)

    # a forged lamp needs the tags of the subscription, which were never
    # sent to a stranger
    got = ask('NOTIFY', ['From: <sip:701@127.0.0.1>;tag=guess',
                         'To: ' + sub.theirs, 'Call-ID: ' + sub.call_id,
                         'Event: dialog',
                         'Subscription-State: active;expires=60',
                         'Content-Type: application/dialog-info+xml'],
              peer.dialog_info('701', 'confirmed', 77))
    stays(lambda: p.lamp('701')['state'] == 'free',
          'a forged NOTIFY dialog does not paint', 1, show=p.short)
    check(got.status >= 400, 'forged NOTIFY dialog: %s' % got.first)
    s.close()


def options(b):
    """OPTIONS is answered; UPDATE is not offered"""
    b.desk()
    b.peer.sipp(b, 'options').done()
    allow = b.peer.got('OPTIONS', status=True)[0]['allow']
    check('INVITE' in allow and 'NOTIFY' in allow and
          'UPDATE' not in allow, 'Allow: %s' % allow, allow)


def renamed(b):
    """a re-INVITE with P-Asserted-Identity changes the name"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in-renamed')
    p.wait_call('incoming', name='Anna Berg')
    p.ctl('answer')
    c = p.wait_call('active', name='Boris Adler')
    check(c['peer'] == '5550102', 'now Boris Adler 5550102', c)
    p.ctl('hangup')
    s.done()


def update(b):
    """UPDATE, not offered, is answered 405 or 501 and harms no call"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-in-updated')
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    wait_for(lambda: [m for m in b.peer.got('UPDATE', status=True)],
             'an answer to UPDATE')
    check(p.wait_call('active'), 'the call goes on')
    p.ctl('hangup')
    s.done()
    check('UPDATE' not in p.stderr(), 'nothing of it on stderr',
          p.stderr()[-300:])


def out_answered(b):
    """out: rings, is answered, the phone hangs up"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-out-answered', calls=False)
    p.ctl('dial', '600')
    p.wait_call('active', direction='outgoing')
    check(p.said('"state":"ringing"') or p.said('ringing'),
          'it was shown to ring')
    inv = b.peer.got('INVITE')[0]
    check(inv.user() == '600' and '127.0.0.1:%d' % b.peer.port in inv.uri,
          'INVITE %s' % inv.uri)
    p.ctl('hangup')
    s.done()
    p.wait_no_calls()


def out_given_up(b):
    """out: rings, the phone gives up: CANCEL"""
    p = b.desk()
    s = b.peer.sipp(b, 'call-out-given-up', calls=False)
    p.ctl('dial', '600')
    p.wait_call('ringing')
    p.ctl('hangup')
    s.done()
    p.wait_no_calls()


def refused_with(code, phrase):
    def case(b):
        p = b.desk()
        s = b.peer.sipp(b, 'call-out-refused',
                        {'code': str(code), 'phrase': phrase}, calls=False)
        p.ctl('dial', '600')
        s.done()
        p.wait_no_calls()
        said = p.wait_message('%d|%s' % (code, phrase))
        proves('said: "%s"' % p.message())
        check(said, 'the reason is shown')
    case.__name__ = 'out_%d' % code
    case.__doc__ = 'out: refused with %d %s' % (code, phrase)
    return case


def dials(b):
    """what may stand in a number goes out as it should"""
    p = b.desk()
    rows = (
        # typed          user part on the wire
        ('*59',          '*59'),
        ('#72',          '%2372'),
        ('+49 30 1234',  '+49301234'),
        ('anna@127.0.0.1:%d' % b.peer.port, 'anna'),
    )
    for n, (typed, user) in enumerate(rows):
        s = b.peer.sipp(b, 'call-out-refused',
                        {'code': '404', 'phrase': 'Not Found'}, calls=False)
        before = len(b.peer.got('INVITE'))
        p.ctl('dial', typed)
        s.done()
        p.wait_no_calls()
        got = b.peer.got('INVITE')[before].user()
        check(got == user, 'row %d: %s goes out as %s' % (n, typed, user),
              got)
    p.refused('dial', 'a b\r\nVia: x')
    p.refused('dial', '')


if __name__ == '__main__':
    peer.main(answered, hung_up, cancelled, rejected, too_many, dial_by_account, stranger,
              options, renamed, update, out_answered, out_given_up,
              refused_with(486, 'Busy Here'),
              refused_with(404, 'Not Found'),
              refused_with(603, 'Decline'),
              refused_with(487, 'Request Terminated'),
              refused_with(503, 'Service Unavailable'),
              dials)
