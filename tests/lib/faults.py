"""What the tests of faults share: the table of how long lamps took to be
right, and a stranger who sends whatever he likes. Standard library only.
"""
import collections
import heapq
import random
import re
import select
import socket
import threading
import time

from phone import Failed, proves, wait_for

# What the standards allow [s]
TIMER_F = 32            # RFC 3261 17.1.2.2: so long is a NOTIFY repeated
TIMER_N = 32            # RFC 6665 4.1.2.4: SUBSCRIBE without a NOTIFY
BACK_OFF = 60           # ours at most; RFC 5626 4.5 would go on to 1800

Row = collections.namedtuple('Row', 'fault limit why took right of')


class Table:
    """One line for each fault; printed whatever came of it"""

    def __init__(self):
        self.rows = []
        self.lock = threading.Lock()

    def measure(self, fault, limit, why, look, since=None, rounds=None):
        """From `since` (monotonic; now) until all lamps are right

        rounds: what makes them change anew, and how often: the longest
        time counts

        look: how many lamps are as the PBX's books say, of how many, and
        those that are not. They must still be right a second later, and
        the time that counts is when they began to be so.
        """
        change, times = rounds or (None, 1)
        longest = 0.0
        for n in range(times):
            began = since or time.monotonic()
            if change:
                change(n)
            took, right, of, wrong = self._once(limit, look, began)
            longest = max(longest, took)
            if took > limit:
                break
        with self.lock:
            self.rows.append(Row(fault, limit, why, longest, right, of))
        if longest > limit:
            raise Failed('%s: all lamps right within %d s\n      seen: '
                         '%d of %d after %.1f s, wrong: %s' % (
                             fault, limit, right, of, longest, wrong))
        proves('%s: %d of %d lamps right after %.1f s of %d' % (
            fault, right, of, longest, limit))

    @staticmethod
    def _once(limit, look, since):
        began = None
        while True:
            now = time.monotonic()
            right, of, wrong = look()
            if right != of or not of:
                began = None
            elif began is None:
                began = now
            elif now - began > 1.0:
                return began - since, right, of, wrong
            if began is None and now - since > limit:
                return now - since, right, of, wrong
            time.sleep(0.1)

    def show(self):
        print('\n  %-46s %6s  %6s  %-6s %s' % (
            'fault', 'limit', 'taken', 'right', 'limit by'))
        for r in self.rows:
            print('  %-46s %4d s  %4.1f s  %-6s %s' % (
                r.fault, r.limit, r.took, '%d/%d' % (r.right, r.of), r.why))
        print(flush=True)


def ears(p):
    """Its SIP port and its Contact's user, by its own log"""
    log = p.log()
    port = re.search(r'TX UDP \S+:(\d+) -> ', log).group(1)
    return int(port), re.search(r'Contact: <sip:([^@>]+)@', log).group(1)


def dialogs(p):
    """Call-ID, our tag and the PBX's tag of NOTIFYs that came, by the log"""
    out, now = {}, {}
    for line in p.log().split('\n'):
        m = re.search(r'sip\| (.*)$', line)
        text = m.group(1).rstrip() if m else ''
        if re.match(r'[A-Z]+ sip:|SIP/2\.0 ', text):
            now = {'first': text}
        for k, rx in (('callid', r'Call-ID: (\S+)'),
                      ('to', r'To: .*;tag=(\S+)'),
                      ('from', r'From: .*;tag=(\S+)'),
                      ('spot', r'From: .*sip:([^@>]+)@')):
            m = re.match(rx, text)
            if m:
                now[k] = m.group(1)
        if text == 'Event: dialog' and now.get('first', '').startswith(
                'NOTIFY') and 'to' in now:
            out[now['callid']] = dict(now)
    return list(out.values())


class Stranger:
    """Somebody with a socket of his own, and no business with the phone

    The phone knows its server by the address: at 127.0.0.1 he would be one
    who forges the PBX's.
    """

    def __init__(self, port, address='127.0.0.2', seed=4235):
        self.to = ('127.0.0.1', port)
        self.rng = random.Random(seed)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 0))
        self.here = '%s:%d' % self.sock.getsockname()
        self.codes = collections.Counter()      # of what he was answered
        self.invited = collections.Counter()    # ... to INVITE
        self.n = 0

    def close(self):
        self.sock.close()

    def listen(self, seconds=0.0):
        """Count the answers that are there, or come so soon"""
        while select.select([self.sock], [], [], seconds)[0]:
            data = self.sock.recv(65535)
            m = re.match(rb'SIP/2\.0 (\d{3}) ', data)
            # a final answer to INVITE is repeated until the ACK, which
            # never comes
            codes = self.invited if re.search(
                rb'\nCSeq:\s*\d+\s+INVITE', data) else self.codes
            codes[int(m.group(1)) if m else
                  'STUN' if data[:2] in (b'\1\1', b'\1\x11') else
                  repr(data[:20])] += 1

    def _queue(self):
        """Bytes that the phone has not read yet, datagrams it never got"""
        want = '0100007F:%04X' % self.to[1]

        def probe():        # the kernel skips a line now and then
            with open('/proc/net/udp') as f:
                for line in f:
                    v = line.split()
                    if v[1] == want:
                        return int(v[4].split(':')[1], 16), int(v[-1])
            return None
        return wait_for(probe, 'somebody listens at UDP port %d' %
                        self.to[1], 2, every=0.01)

    def send_all(self, datagrams):
        """As fast as the phone reads them, so that it reads them all"""
        before, n = self._queue()[1], 0
        for d in datagrams:
            self.sock.sendto(d, self.to)
            n += 1
            if n % 50 == 0:
                self.listen()
                wait_for(lambda: self._queue()[0] < 30000,
                         'the phone reads on', 10, every=0.002)
        wait_for(lambda: self._queue()[0] == 0, 'the phone has read it all',
                 10, every=0.01)
        self.listen(0.3)
        lost = self._queue()[1] - before
        if lost:
            raise Failed('%d of %d datagrams never reached the phone' % (
                lost, n))
        return n

    # -- what he says ------------------------------------------------------

    def notify(self, user, callid=None, to_tag=None, from_tag=None,
               event='dialog', spot='701', state='confirmed', cseq=None):
        self.n += 1
        body = ('<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:'
                'xml:ns:dialog-info" version="%d" state="full" entity="'
                'sip:%s@pbx"><dialog id="%s"><state>%s</state></dialog>'
                '</dialog-info>' % (90000 + self.n, spot, spot, state))
        return ('NOTIFY sip:%s@127.0.0.1 SIP/2.0\r\n'
                'Via: SIP/2.0/UDP %s;rport;branch=z9hG4bKs%d\r\n'
                'Max-Forwards: 70\r\n'
                'To: <sip:101@pbx>%s\r\n'
                'From: <sip:%s@pbx>;tag=%s\r\n'
                'Call-ID: %s\r\nCSeq: %d NOTIFY\r\n'
                'Contact: <sip:%s>\r\n'
                'Event: %s\r\nSubscription-State: active;expires=300\r\n'
                'Content-Type: application/dialog-info+xml\r\n'
                'Content-Length: %d\r\n\r\n%s' % (
                    user, self.here, self.n,
                    ';tag=' + to_tag if to_tag else '', spot,
                    from_tag or 'f%d' % self.n,
                    callid or 'stranger-%d' % self.n,
                    cseq or 1000000 + self.n, self.here, event, len(body),
                    body)).encode()

    def garbage(self, user, n):
        """n datagrams: noise, cut and bent messages, what is far too long"""
        rng, byte = self.rng, self.rng.randrange
        invite = (b'INVITE sip:%s@127.0.0.1 SIP/2.0\r\n'
                  b'Via: SIP/2.0/UDP %s;branch=z9hG4bKg\r\n'
                  b'To: <sip:101@pbx>\r\nFrom: "x" <sip:x@x>;tag=g\r\n'
                  b'Call-ID: g\r\nCSeq: 1 INVITE\r\n'
                  b'Contact: <sip:x@127.0.0.1>\r\nContent-Length: 0\r\n\r\n'
                  % (user.encode(), self.here.encode()))
        answer = (b'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch='
                  b'z9hG4bKnone\r\nTo: <sip:1@x>;tag=a\r\nFrom: <sip:2@x>;'
                  b'tag=b\r\nCall-ID: none\r\nCSeq: 7 SUBSCRIBE\r\n'
                  b'Expires: 4294967296\r\nContent-Length: -1\r\n\r\n')
        for i in range(n):
            kind = i % 8
            if kind == 0:
                d = rng.randbytes(1 + byte(1400))
            elif kind == 1:
                d = rng.choice((b'\r\n\r\n', b'\0' * 20, b'\0\1\0\0' +
                                b'\x21\x12\xa4\x42' + rng.randbytes(12),
                                b'SIP/2.0', b'NOTIFY', b'\r\n'))
            elif kind == 2:
                d = self.notify(user)
                d = d[:byte(len(d))]
            elif kind == 3:
                d = answer
            elif kind == 4 and i % 400 == 4:
                d = self.notify(user) + b'x' * 50000
            else:
                d = bytearray(invite if kind == 5 else self.notify(user))
                for _ in range(1 + byte(12)):
                    d[byte(len(d))] = byte(256)
                d = bytes(d)
            yield d


class Wire(threading.Thread):
    """A wire between one phone and its server, as bad as needed: what comes
    at `port` goes on to `server` and back, some of it lost or late"""

    def __init__(self, port, server, seed=3261):
        super().__init__(daemon=True)
        self.rng = random.Random(seed)
        self.loss, self.jitter = 0.0, 0.0   # of one, up to [s]
        self.server, self.peer = ('127.0.0.1', server), None
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(('127.0.0.1', port))
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.far.bind(('127.0.0.1', 0))
        self.far_port = self.far.getsockname()[1]
        self.passed = self.lost = self.swapped = 0
        self.last = {}
        self.late = []                      # (due, number, way, bytes)
        self.done = False
        self.start()

    def bad(self, loss=0.0, jitter=0.0):
        self.loss, self.jitter = loss, jitter

    def close(self):
        self.done = True
        self.join()
        self.near.close()
        self.far.close()

    def run(self):
        n = 0
        while not self.done:
            wait = 0.05
            if self.late:
                wait = max(0.0, min(wait, self.late[0][0] -
                                    time.monotonic()))
            for s in select.select([self.near, self.far], [], [], wait)[0]:
                try:
                    data, peer = s.recvfrom(65535)
                except OSError:             # "refused": nobody is there
                    continue
                if s is self.near:
                    self.peer = peer
                if self.rng.random() < self.loss:
                    self.lost += 1
                    continue
                n += 1
                heapq.heappush(self.late, (
                    time.monotonic() + self.rng.random() * self.jitter, n,
                    s is self.near, data))
            while self.late and self.late[0][0] <= time.monotonic():
                _, number, outward, data = heapq.heappop(self.late)
                self.passed += 1
                self.swapped += number < self.last.get(outward, 0)
                self.last[outward] = number
                try:
                    if outward:
                        self.far.sendto(data, self.server)
                    elif self.peer:
                        self.near.sendto(data, self.peer)
                except OSError:
                    pass
