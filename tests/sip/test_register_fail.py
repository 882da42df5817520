#!/usr/bin/env python3
"""Registration with servers that say no, or nothing any more."""
import re
import socket
import time

import peer
from peer import answer, check, proves, stays, wait_for


def accounts(p):
    return p.status()['accounts'][0]


def challenge(req, nonce):
    return answer(req, 401, 'Unauthorized', [
        'WWW-Authenticate: Digest realm="%s", nonce="%s", algorithm=MD5'
        % (peer.REALM, nonce)])


def wrong_password_403(b):
    """401, and 403 to our password, as FreeSWITCH and Kamailio say it: twice
    at most, then quiet"""
    b.peer.handlers['REGISTER'] = lambda req: answer(
        req, 403, 'Forbidden') if req['authorization'] else \
        challenge(req, 'n')
    p = b.desk(register=False, spots='701')
    p.wait(lambda s: s['accounts'][0]['reason'].startswith(
        '403 Forbidden: the user name or the password is refused'),
        'reason: 403, refused', 15)
    check(len(b.peer.got('REGISTER')) == 4, 'after two tries',
          b.peer.got('REGISTER'))
    stays(lambda: len(b.peer.got('REGISTER')) == 4 and
          not b.peer.got('SUBSCRIBE'), 'quiet', 8, show=b.peer.got)


def forbidden_later(b):
    """403 once the password has been good: it may pass, so not given up"""
    good = [True]

    def register(req):
        if not req['authorization']:
            return challenge(req, 'n')
        return b.peer.accept(req, expires=4) if good[0] else answer(
            req, 403, 'Busy Now')
    b.peer.handlers['REGISTER'] = register
    p = b.desk()
    good[0] = False
    p.wait(lambda s: s['accounts'][0]['reason'].startswith('403'),
           'reason 403')
    check(accounts(p)['reason'] == '403 Busy Now', 'not told as a refused '
          'password', accounts(p)['reason'])


def not_found(b):
    """400 and 404: tried again as soon as after any failure"""
    codes = [404, 400, 404]
    b.peer.handlers['REGISTER'] = lambda req: answer(
        req, codes.pop(0), 'Not Now') if codes else b.peer.accept(req)
    b.desk().registered(20)
    proves('registered at the fourth try')


def no_name_server(b):
    """no answer from the name server is not told as one of the server"""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    config = b.config(lines=['dns_server 127.0.0.1:%d' %
                             s.getsockname()[1]])
    config[0] = 'account <sip:101@pbx.example.com>;auth_pass=x'
    p = b.phone('101', config)
    p.wait(lambda s: 'DNS' in s['accounts'][0]['reason'], 'a reason: DNS', 60)
    check('no answer from the server' not in accounts(p)['reason'],
          'reason: "%s"' % accounts(p)['reason'])
    s.close()


def falls_while_refreshing(b):
    """TCP: the connection falls while a renewal is not answered: said at
    once, and registered anew over another"""
    def reply(conn, req):
        if req.method == 'OPTIONS':
            return answer(req, 200, 'OK')
        if conn == 1 and len(server.got('REGISTER')) > 1:
            return False
        return answer(req, 200, 'OK', ['Expires: 4'])
    server = peer.TcpRegistrar(b, reply)
    config = b.config()
    config[0] = 'account <sip:101@127.0.0.1:%d;transport=tcp>' % server.port
    p = b.phone('101', config).registered()
    wait_for(lambda: len(server.got('REGISTER')) > 1, 'a renewal', 20)
    at = time.monotonic()
    wait_for(lambda: [n for n, r in server.got('REGISTER') if n == 2],
             'a REGISTER over another connection', 10)
    check(p.said('connection to the server lost'), 'said: lost')
    p.registered()
    check(time.monotonic() - at < 20, 'long before the 32 s of its renewal')


def not_registering(b):
    """regint=0 and a host name: OPTIONS tells who the server is, its calls
    come in"""
    def options(req):
        m = re.search(r'<([^>]+)>', req['contact'])
        b.peer.contacts['101'] = m.group(1)
        b.peer.phone_addr = req.src
        return answer(req, 404, 'Not Found')
    b.peer.handlers['OPTIONS'] = options
    config = b.config()
    config[0] = 'account <sip:101@localhost:%d>;regint=0' % b.peer.port
    p = b.phone('101', config)
    wait_for(lambda: b.peer.contacts, 'an OPTIONS')
    check(accounts(p)['registered'] and 'regint=0' in accounts(p)['reason'],
          'reason: "%s"' % accounts(p)['reason'])
    wait_for(lambda: 'TRYING -> OK' in p.log(), 'its answer is read')
    s = b.peer.sipp(b, 'call-in-rejected')
    p.ctl('hangup', p.wait_call('incoming')['id'])
    s.done()
    check(not b.peer.got('REGISTER'), 'no REGISTER')


def falls_silent(b):
    """UDP: a server that has answered OPTIONS does no more: lamps are stale
    within 33 s, long before the registration runs out; and if it registers
    us all the same, that stays so"""
    answers = [True]
    b.peer.handlers['OPTIONS'] = lambda req: answer(
        req, 200, 'OK') if answers[0] else None
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    wait_for(lambda: b.peer.got('OPTIONS'), 'an OPTIONS')
    answers[0] = False
    regs = len(b.peer.got('REGISTER'))
    p.wait_lamp('701', 'stale', 60)
    check(p.said('no answer from the server'), 'said: no answer')
    p.registered(20)
    check(len(b.peer.got('REGISTER')) > regs, 'registered anew')
    p.wait_lamp('701', 'free')


def no_answer_at_all(b):
    """no answer for the whole 32 s: said, and tried on"""
    b.peer.handlers['REGISTER'] = lambda req: None
    p = b.desk(register=False)
    p.wait(lambda s: re.search('answer|time', s['accounts'][0]['reason']),
           'a reason: no answer', 45)
    proves('reason: "%s"' % accounts(p)['reason'])
    first = b.peer.got('REGISTER')[0]['call-id'], \
        b.peer.got('REGISTER')[0]['cseq']
    wait_for(lambda: [m for m in b.peer.got('REGISTER')
                      if (m['call-id'], m['cseq']) != first],
             'another REGISTER', 70)
    proves('and another one is sent')
    b.peer.handlers['REGISTER'] = b.peer.register
    p.registered(20)


if __name__ == '__main__':
    peer.main(wrong_password_403, forbidden_later, not_found, no_name_server,
              falls_while_refreshing, not_registering, falls_silent,
              no_answer_at_all)
