#!/usr/bin/env python3
"""The far end's sound: heard, answered, and missed when it is gone."""
import array
import math
import socket
import struct
import sys
import threading
import time

import peer
from peer import answer, check, proves, stays, together, wait_for


def ulaw(x):
    """G.711 of one sample"""
    sign = 0x80 if x < 0 else 0
    x = min(abs(int(x)), 32635) + 132
    exponent = max(0, x.bit_length() - 8)
    return ~(sign | exponent << 4 | (x >> (exponent + 3)) & 15) & 0xff


def linear(u):
    u = ~u & 0xff
    x = (((u & 15) << 3) + 132 << (u >> 4 & 7)) - 132
    return -x if u & 0x80 else x


class Rtp:
    """A tone sent to whoever sends to us first; what comes is kept"""

    def __init__(self, hz):
        self.hz = hz
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.sock.settimeout(0.01)
        self.to = None
        self.heard = array.array('h')
        self.sending, self.done = True, False
        self.rtcp = False           # receiver reports, twice a second
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        seq, due, n = 0, time.monotonic(), 0
        wave = [ulaw(8000 * math.sin(2 * math.pi * self.hz * i / 8000))
                for i in range(8000)]
        while not self.done:
            try:
                data, self.to = self.sock.recvfrom(2048)
                if len(data) > 12 and data[1] & 0x7f == 0:
                    self.heard.extend(linear(u) for u in data[12:])
            except socket.timeout:
                pass
            while self.to and time.monotonic() >= due:
                due += 0.02
                if self.sending:
                    self.sock.sendto(
                        struct.pack('>BBHII', 0x80, 0, seq & 0xffff, n, 7) +
                        bytes(wave[(n + i) % 8000] for i in range(160)),
                        self.to)
                if self.rtcp and seq % 25 == 0:
                    self.sock.sendto(struct.pack('>BBHI', 0x80, 201, 1, 7),
                                     (self.to[0], self.to[1] + 1))
                seq += 1
                n += 160
            if not self.to:
                due = time.monotonic()
        self.sock.close()

    def close(self, verdict):
        self.done = True
        return []

    def hears(self, hz):
        a = self.heard[-4000:]
        return len(a) == 4000 and peer.phone.Recording and \
            __import__('tone').power_share(a, 8000, hz) > 0.5


def both_ways(b):
    """G.711 both ways, tone against tone"""
    p = b.desk()
    rtp = Rtp(700)
    b.closers.append(rtp.close)
    s = b.peer.sipp(b, 'call-in-hung-up', rtp=rtp.port)
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    p.hears(700)
    wait_for(lambda: rtp.hears(1000), 'the far end hears 1000 Hz', 5)
    proves('both hear the other\'s tone')
    p.ctl('hangup')
    s.done()


def falls_silent(b):
    """rtp_timeout: a call that hears nothing more is ended, not before"""
    p = b.desk(lines=['rtp_timeout 3'])
    rtp = Rtp(700)
    b.closers.append(rtp.close)
    s = b.peer.sipp(b, 'call-in-hung-up', rtp=rtp.port)
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    p.hears(700)
    stays(lambda: p.status()['calls'], 'the call goes on while it is heard',
          5, show=p.short)
    rtp.sending = False
    at = time.monotonic()
    p.wait_no_calls(12)
    took = time.monotonic() - at
    check(took > 2, 'ended %.1f s after the last packet' % took)
    p.wait_message('.')
    proves('said: "%s"' % p.message())
    s.done()


def only_rtcp(b):
    """rtp_timeout: a far end that sends no silence, but RTCP, lives"""
    p = b.desk(lines=['rtp_timeout 3'])
    rtp = Rtp(700)
    b.closers.append(rtp.close)
    s = b.peer.sipp(b, 'call-in-hung-up', rtp=rtp.port)
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    p.hears(700)
    rtp.rtcp, rtp.sending = True, False
    stays(lambda: p.status()['calls'], 'the call goes on', 7, show=p.short)
    rtp.rtcp = False
    p.wait_no_calls(12)
    proves('ended once that is missing too')
    s.done()


def never_heard(b):
    """rtp_timeout: a call that never hears anything is ended too"""
    p = b.desk(lines=['rtp_timeout 3'])
    s = b.peer.sipp(b, 'call-in-hung-up')
    p.wait_call('incoming')
    p.ctl('answer')
    at = time.monotonic()
    p.wait_call('active')
    p.wait_no_calls(12)
    took = time.monotonic() - at
    check(took > 2, 'ended %.1f s after the answer' % took)
    check(p.said('nothing heard from the far end'), 'and why')
    s.done()


def held_and_the_pbx(b):
    """a call on hold ends with a PBX that is dead for ten times rtp_timeout;
    not with one that answers anything, be it no"""
    peers = [b.peer, b.new_peer()]

    def held(n):
        q = peers[n]
        q.handlers['REGISTER'] = lambda req: q.accept(req, expires=4)
        rtp = Rtp(700)
        b.closers.append(rtp.close)
        p = b.desk(name='desk%d' % n, peer=q, lines=['rtp_timeout 1'])
        s = q.sipp(b, 'call-in-held', rtp=rtp.port, timeout=120)
        p.wait_call('incoming')
        p.ctl('answer')
        p.wait_call('active')
        p.ctl('hold')
        p.wait_call('held')
        rtp.sending = False
        return p, s

    def dead():
        p, s = held(0)
        peers[0].on = False
        s.code = 0
        p.wait(lambda s: not s['accounts'][0]['registered'], 'silent', 50)
        at = time.monotonic()
        p.wait_no_calls(40)
        took = time.monotonic() - at
        check(took > 8, 'dead: ended %.1f s later' % took)
        check(p.said('on hold, and the PBX is dead'), 'and why')

    def refuses():
        p, s = held(1)
        peers[1].handlers['REGISTER'] = lambda req: answer(
            req, 500, 'No')
        p.wait(lambda s: not s['accounts'][0]['registered'], 'refused', 50)
        stays(lambda: [c for c in p.calls() if c['state'] == 'held'],
              'refused: it stays', 20, show=p.short)
        p.ctl('hangup')
        s.done()
    together(dead, refuses)


def held_is_not_dead(b):
    """rtp_timeout does not end a call that is on hold"""
    p = b.desk(lines=['rtp_timeout 3'])
    rtp = Rtp(700)
    b.closers.append(rtp.close)
    s = b.peer.sipp(b, 'call-in-held', rtp=rtp.port)
    p.wait_call('incoming')
    p.ctl('answer')
    p.wait_call('active')
    p.hears(700)
    p.ctl('hold')
    p.wait_call('held')
    rtp.sending = False
    stays(lambda: [c for c in p.calls() if c['state'] == 'held'],
          'held and silent: it goes on', 7, show=p.short)
    p.ctl('hangup')
    s.done()


if __name__ == '__main__':
    peer.main(both_ways, falls_silent, only_rtcp, never_heard,
              held_and_the_pbx, held_is_not_dead)
