#!/usr/bin/env python3
"""Registration against every kind of server; no PBX needed."""
import re
import time

import peer
from peer import answer, check, digest_ok, proves, stays, wait_for


def accounts(p):
    return p.status()['accounts'][0]


def accepted(b):
    """200 at once"""
    p = b.desk()
    reg = b.peer.got('REGISTER')[0]
    check(re.match(r'sip:127\.0\.0\.1:%d' % b.peer.port, reg.uri) and
          'sip:101@' in reg['to'] and 'sip:101@' in reg['from'],
          'REGISTER %s, To and From 101' % reg.uri, reg.text)
    m = re.search(r'<sip:([^@]+)@127\.0\.0\.1:\d+', reg['contact'])
    check(m and re.fullmatch(r'[0-9a-f-]{32,36}', m.group(1), re.I),
          'Contact is a uuid at our address', reg['contact'])
    expires = int((re.search(r'expires=(\d+)', reg['contact']) or
                   re.match(r'(\d+)', reg['expires'])).group(1))
    check(60 <= expires <= 300, 'for %d s' % expires)
    check(accounts(p) == dict(accounts(p), registered=True, reason=''),
          'status says registered')
    p.quit_expected = True
    check(p.stop() == 0, 'quit')
    check(not b.peer.contacts, 'the contact was taken back',
          b.peer.contacts)


def with_password(b):
    """401, then the right digest"""
    nonce = 'n0nce/with=odd"chars'.replace('"', '')

    def register(req):
        if not req['authorization']:
            return answer(req, 401, 'Unauthorized', [
                'WWW-Authenticate: Digest realm="%s", nonce="%s", '
                'algorithm=MD5, qop="auth"' % (peer.REALM, nonce)])
        if not digest_ok(req, nonce):
            return answer(req, 403, 'Wrong Digest')
        return b.peer.accept(req)
    b.peer.handlers['REGISTER'] = register
    b.desk()
    check(len(b.peer.got('REGISTER')) == 2, 'two REGISTERs, the second with '
          'the right digest')
    check('lab101' not in ''.join(m.text for m in b.peer.got()),
          'the password is not on the wire')


def several_challenges(b):
    """SHA-256 listed before MD5: the one that is known is answered"""
    nonce = 'abc123'

    def register(req):
        if not req['authorization']:
            return answer(req, 401, 'Unauthorized', [
                'WWW-Authenticate: Digest realm="%s", nonce="%s", '
                'algorithm=SHA-256, qop="auth"' % (peer.REALM, nonce),
                'WWW-Authenticate: Digest realm="%s", nonce="%s", '
                'algorithm=MD5, qop="auth"' % (peer.REALM, nonce)])
        if 'MD5' not in req['authorization'] or not digest_ok(req, nonce):
            return answer(req, 403, 'Wrong Digest')
        return b.peer.accept(req)
    b.peer.handlers['REGISTER'] = register
    b.desk()
    proves('registered')


def wrong_password(b):
    """401 to each try: said, twice at most, no SUBSCRIBE"""
    n = [0]

    def register(req):
        n[0] += 1
        return answer(req, 401, 'Unauthorized', [
            'WWW-Authenticate: Digest realm="%s", nonce="%d", '
            'algorithm=MD5' % (peer.REALM, n[0])])
    b.peer.handlers['REGISTER'] = register
    p = b.desk(register=False, spots='701-703')
    p.wait(lambda s: s['accounts'][0]['reason'].startswith('401'),
           'reason 401', 15)
    seen = [0, time.monotonic()]

    def quiet():
        if n[0] != seen[0]:
            seen[:] = [n[0], time.monotonic()]
        return time.monotonic() - seen[1] > 10
    wait_for(quiet, 'no more REGISTERs', 40, every=0.3)
    check(2 <= n[0] <= 4, 'then quiet after %d REGISTERs' % n[0], n[0])
    check(not b.peer.got('SUBSCRIBE'), 'no SUBSCRIBE')
    check(accounts(p)['reason'].startswith('401'), 'status: "%s"' %
          accounts(p)['reason'])


def forbidden(b):
    """403: its code and text are shown, no hammering, no SUBSCRIBE"""
    b.peer.handlers['REGISTER'] = lambda req: answer(
        req, 403, 'Account Locked')
    p = b.desk(register=False, spots='701')
    p.wait(lambda s: s['accounts'][0]['reason'] == '403 Account Locked',
           'reason "403 Account Locked"')
    stays(lambda: len(b.peer.got('REGISTER')) <= 2 and
          not b.peer.got('SUBSCRIBE'), 'at most two REGISTERs', 6,
          show=b.peer.got)


def unavailable(b):
    """503 with Retry-After: kept to, then registered without a key"""
    times = []

    def register(req):
        times.append(time.monotonic())
        if len(times) == 1:
            return answer(req, 503, 'Service Unavailable',
                          ['Retry-After: 4'])
        return b.peer.accept(req)
    b.peer.handlers['REGISTER'] = register
    p = b.desk(register=False)
    p.wait(lambda s: s['accounts'][0]['reason'].startswith('503'),
           'reason 503')
    p.registered(15)
    check(4.0 <= times[1] - times[0] <= 9.0, 'tried again %.1f s later, as '
          'Retry-After: 4 asks' % (times[1] - times[0]), times)


def silent_then_there(b):
    """no answer, then one: registered without a key"""
    b.peer.on = False
    p = b.desk(register=False)
    stays(lambda: not accounts(p)['registered'], 'not registered', 3)
    b.peer.on = True
    p.registered(20)
    proves('a repeated REGISTER got through')


def no_contact_in_200(b):
    """a 200 without Contact and with an Expires of its own"""
    b.peer.handlers['REGISTER'] = lambda req: b.peer.accept(
        req, contact=False, expires=60)
    p = b.desk()
    proves('registered all the same')
    stays(lambda: accounts(p)['registered'] and
          len(b.peer.got('REGISTER')) == 1, 'it rests', 3,
          show=b.peer.got)


def short_expires(b):
    """the server grants 12 s: renewed in time, lamps stay"""
    b.peer.handlers['REGISTER'] = lambda req: b.peer.accept(
        req, expires=12)
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    wait_for(lambda: len(b.peer.got('REGISTER')) >= 3, 'two renewals', 30)
    at = [m.at for m in b.peer.got('REGISTER')]
    gaps = [y - x for x, y in zip(at, at[1:])]
    check(all(5 < g < 12 for g in gaps), 'renewed before it runs out: %s s' %
          ', '.join('%.1f' % g for g in gaps), gaps)
    check(accounts(p)['registered'] and p.lamp('701')['state'] == 'free' and
          len(b.peer.got('SUBSCRIBE')) == 1,
          'a renewal does not subscribe anew', b.peer.got('SUBSCRIBE'))


def interval_too_brief(b):
    """423 Min-Expires: asked for longer"""
    def register(req):
        asked = int((re.search(r'expires=(\d+)', req['contact']) or
                     re.match(r'(\d+)', req['expires'])).group(1))
        if 0 < asked < 600:
            return answer(req, 423, 'Interval Too Brief',
                          ['Min-Expires: 600'])
        return b.peer.accept(req, expires=600)
    b.peer.handlers['REGISTER'] = register
    b.desk(register=False).registered(20)
    proves('registered for 600 s')


def lost_and_found(b):
    """a renewal is refused: not registered, lamps stale at once; later all
    right again"""
    b.peer.handlers['REGISTER'] = lambda req: b.peer.accept(
        req, expires=10)
    b.peer.lamps['701'] = 'confirmed'
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    b.peer.handlers['REGISTER'] = lambda req: answer(
        req, 500, 'Server Internal Error')
    p.wait(lambda s: not s['accounts'][0]['registered'], 'not registered')
    check(p.last['accounts'][0]['reason'].startswith('500'), 'reason: "%s"'
          % p.last['accounts'][0]['reason'])
    p.wait_lamp('701', 'stale', 1)
    b.peer.handlers['REGISTER'] = b.peer.register
    b.peer.lamps['701'] = 'terminated'
    p.registered(20)
    p.wait_lamp('701', 'free')
    proves('lamp asked anew: free by now')


if __name__ == '__main__':
    peer.main(accepted, with_password, several_challenges, wrong_password,
              forbidden, unavailable, silent_then_there, no_contact_in_200,
              short_expires, interval_too_brief, lost_and_found)
