"""The scripted far side of the sip suite.

A Peer is one UDP port on loopback that the phone takes for its server. It is
registrar and lamp notifier by itself, in ways that each test sets; calls are
the business of SIPp: whatever belongs to a call is passed on, unchanged, to
and from the SIPp that runs a scenario. So both look like one server, and the
phone, which takes requests only from the server that it is registered with,
is content.

     phone  <-- P -->  Peer  <-- Q -->  sipp -sf scenarios/x.xml
"""
import hashlib
import os
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lib'))

import phone                                        # noqa: E402
from phone import (PATIENCE, Bench, Failed, Skip, check,  # noqa: E402
                   proves, stays, wait_for)

REALM, USER, PASSWORD = 'sip lab', '101', 'lab101'


class Message:
    """One SIP message; headers by their lower-case long names"""

    SHORT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id',
             'm': 'contact', 'l': 'content-length', 'c': 'content-type',
             'o': 'event', 'r': 'refer-to', 'b': 'referred-by'}

    def __init__(self, data, src=None, out=False):
        self.at = time.monotonic()
        self.data, self.src, self.out = data, src, out
        self.text = data.decode('utf-8', 'replace')
        head, _, self.body = self.text.replace('\r\n', '\n').partition(
            '\n\n')
        lines = head.split('\n')
        self.first = lines[0]
        self.headers = {}
        self.vias = []
        for line in lines[1:]:
            k, _, v = line.partition(':')
            k = k.strip().lower()
            k = self.SHORT.get(k, k)
            v = v.strip()
            if k == 'via':
                self.vias.append(v)
            self.headers.setdefault(k, v)
        if self.first.startswith('SIP/2.0'):
            self.status = int(self.first.split()[1])
            self.method = (self['cseq'].split() or [''])[-1]
        else:
            self.status = 0
            self.method = self.first.split(' ')[0]
        self.uri = '' if self.status else (self.first.split(' ') + [''])[1]

    def __getitem__(self, name):
        return self.headers.get(name, '')

    def tag(self, name):
        m = re.search(r';tag=([^;>\s]+)', self[name])
        return m.group(1) if m else None

    def user(self):
        m = re.match(r'sips?:([^@;>]+)@', self.uri)
        return m.group(1) if m else ''

    def __repr__(self):
        return '%s %s' % ('->' if self.out else '<-', self.first)


def answer(req, code, phrase, headers=(), body='', tag=None):
    """The text of a response"""
    lines = ['SIP/2.0 %d %s' % (code, phrase) if phrase is not None
             else 'SIP/2.0 %d' % code]
    lines += ['Via: ' + v for v in req.vias]
    to = req['to']
    if ';tag=' not in to and code > 100:
        to += ';tag=' + (tag or 'p%08x' % random.getrandbits(32))
    lines += ['From: ' + req['from'], 'To: ' + to,
              'Call-ID: ' + req['call-id'], 'CSeq: ' + req['cseq']]
    lines += list(headers)
    lines += ['Content-Length: %d' % len(body.encode()), '', body]
    return '\r\n'.join(lines)


def digest_ok(req, nonce, user=USER, password=PASSWORD):
    """Are these the right credentials for our nonce (RFC 7616, MD5)"""
    got = dict(re.findall(r'(\w+)="?([^",]+)"?',
                          req['authorization'].partition(' ')[2]))
    if got.get('nonce') != nonce or got.get('username') != user or \
       got.get('realm') != REALM:
        return False

    def h(s):
        return hashlib.md5(s.encode()).hexdigest()
    a1 = h('%s:%s:%s' % (user, REALM, password))
    a2 = h('%s:%s' % (req.method, got.get('uri', '')))
    if got.get('qop'):
        want = h(':'.join((a1, nonce, got.get('nc', ''),
                           got.get('cnonce', ''), got['qop'], a2)))
    else:
        want = h(':'.join((a1, nonce, a2)))
    return want == got.get('response')


def dialog_info(spot, state, version=0, full=True, inner=None):
    """A dialog-info document as a real PBX sends it"""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
            'version="%d" state="%s" entity="sip:%s@127.0.0.1">\n%s'
            '</dialog-info>\n' % (
                version, 'full' if full else 'partial', spot,
                inner if inner is not None else
                '<dialog id="%s"><state>%s</state></dialog>\n' % (
                    spot, state)))


class Subscription:
    """A lamp as the notifier sees it"""

    def __init__(self, peer, req, expires):
        self.peer, self.call_id = peer, req['call-id']
        self.spot = req.user()
        self.ours = req['to'] + ';tag=n%08x' % random.getrandbits(32)
        self.theirs = req['from']
        m = re.search(r'<([^>]+)>', req['contact'])
        self.target = m.group(1) if m else req['contact'].split(';')[0]
        self.src = req.src
        self.cseq = random.randrange(100, 9000)
        self.version = 0
        self.expires = expires
        self.over = False

    def tag(self):
        return self.ours.rpartition('=')[2]

    def notify(self, body=None, state='active', ctype=
               'application/dialog-info+xml', event='dialog', cseq=None,
               extra=()):
        """Send NOTIFY; its CSeq. body: a state word, or a document"""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        if body is None:
            body = self.peer.lamps.get(self.spot, 'terminated')
        if re.fullmatch(r'[a-z]+', body):
            body = dialog_info(self.spot, body, self.version)
            self.version += 1
        head = ['NOTIFY %s SIP/2.0' % self.target,
                'Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKn%d%s;rport'
                % (self.peer.port, cseq, self.tag()),
                'Max-Forwards: 70', 'From: ' + self.ours,
                'To: ' + self.theirs, 'Call-ID: ' + self.call_id,
                'CSeq: %d NOTIFY' % cseq,
                'Contact: <sip:127.0.0.1:%d>' % self.peer.port,
                'Event: ' + event,
                'Subscription-State: ' + (
                    'active;expires=%d' % self.expires
                    if state == 'active' else state)]
        if ctype:
            head.append('Content-Type: ' + ctype)
        head += list(extra)
        head += ['Content-Length: %d' % len(body.encode()), '', body]
        self.peer.send('\r\n'.join(head), self.src)
        return cseq

    def answered(self, cseq, timeout=5.0):
        """Status of the phone's answer to that NOTIFY"""
        def find():
            for m in self.peer.got(status=True, method='NOTIFY'):
                if m['call-id'] == self.call_id and \
                   m['cseq'].split()[0] == str(cseq):
                    return m
            return None
        return wait_for(find, 'an answer to NOTIFY %d' % cseq,
                        timeout).status


class Peer:
    """Registrar, notifier, and the way to SIPp"""

    def __init__(self, addr='127.0.0.1'):
        self.sock = self._bind(addr)
        self.port = self.sock.getsockname()[1]
        self.inner = self._bind()
        self.inner_port = self.inner.getsockname()[1]
        self.sipp_addr = None       # where calls are passed on to
        self.log = []
        self.lock = threading.RLock()
        self.handlers = {'REGISTER': self.register,
                         'SUBSCRIBE': self.subscribe}
        self.contacts = {}          # Contact URI by user
        self.phone_addr = None
        self.lamps = {}             # spot: state word or document
        self.subs = []
        self.expires = 300
        self.on = True
        self.held = None            # what SIPp said and is kept back
        self.held_if = None
        self.done = False
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()

    @staticmethod
    def _bind(addr='127.0.0.1'):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((addr, 0))
        return s

    def close(self, verdict=True):
        self.done = True
        self.thread.join()
        self.sock.close()
        self.inner.close()
        return []

    # -- passing on --------------------------------------------------------

    def _loop(self):
        while not self.done:
            ready, _, _ = select.select([self.sock, self.inner], [], [],
                                        0.05)
            for s in ready:
                data, src = s.recvfrom(65535)
                if not data.strip() or not self.on:
                    continue
                if s is self.inner:
                    self.sipp_addr = src
                    self._pass_on(data.decode('utf-8', 'replace'))
                    continue
                try:
                    self._take(Message(data, src))
                except Exception as e:      # seen by who waits for it
                    with self.lock:
                        self.log.append(Message(
                            b'ERROR in the peer: %r' % e))
                    raise

    def _pass_on(self, text):
        with self.lock:
            if self.held_if and re.search(self.held_if, text):
                self.held = text
                return
        self.send(text, self.phone_addr)

    def hold_back(self, pattern):
        """Keep what SIPp says and matches from the phone, until let_go()"""
        with self.lock:
            self.held, self.held_if = None, pattern

    def let_go(self):
        """What was kept goes on its way; waits until there is something"""
        wait_for(lambda: self.held, 'SIPp said what was held back')
        with self.lock:
            text, self.held, self.held_if = self.held, None, None
        self.send(text, self.phone_addr)

    def _take(self, msg):
        with self.lock:
            self.log.append(msg)
        if not msg.status:
            handler = self.handlers.get(msg.method)
            if handler:
                reply = handler(msg)
                if reply:
                    self.send(reply, msg.src)
                return
        elif msg.method in ('NOTIFY',) and any(
                s.call_id == msg['call-id'] for s in self.subs):
            return
        if self.sipp_addr:
            self.inner.sendto(msg.data, self.sipp_addr)
        elif not msg.status and msg.method != 'ACK':
            self.send(answer(msg, 481, 'Nobody Here'), msg.src)

    def send(self, text, addr):
        data = text.encode()
        with self.lock:
            self.log.append(Message(data, addr, out=True))
        if addr:
            self.sock.sendto(data, addr)

    # -- the default server ------------------------------------------------

    def register(self, req):
        """Whoever asks is registered"""
        return self.accept(req)

    def accept(self, req, contact=True, expires=None):
        m = re.search(r'<([^>]+)>', req['contact'])
        user = re.search(r'sip:([^@]+)@', req['to']).group(1)
        asked = re.search(r';expires=(\d+)', req['contact'])
        seconds = int(asked.group(1) if asked else
                      req['expires'] or self.expires)
        if m and seconds:
            self.contacts[user] = m.group(1)
            self.phone_addr = req.src
        elif not seconds:
            self.contacts.pop(user, None)
        seconds = min(seconds, expires or self.expires)
        headers = ['Expires: %d' % seconds]
        if contact and m:
            headers.append('Contact: <%s>;expires=%d' % (
                m.group(1), seconds))
        return answer(req, 200, 'OK', headers)

    def subscribe(self, req):
        """Any spot there is; its first NOTIFY comes at once"""
        sub = self.find_sub(req)
        if sub is None:
            if req.tag('to'):
                return answer(req, 481, 'Subscription Does Not Exist')
            sub = Subscription(self, req, self.expires)
            with self.lock:
                self.subs.append(sub)
        self.granted(req, sub)
        return None

    def granted(self, req, sub):
        seconds = int(req['expires'] or 0)
        self.send(answer(req, 200, 'OK', [
            'Expires: %d' % min(seconds, self.expires),
            'Contact: <sip:127.0.0.1:%d>' % self.port], tag=sub.tag()),
            req.src)
        if seconds:
            sub.notify()
        else:
            sub.over = True
            sub.notify(state='terminated')

    def find_sub(self, req):
        with self.lock:
            for s in self.subs:
                if s.call_id == req['call-id'] and not s.over and \
                   s.tag() == req.tag('to'):
                    return s
        return None

    def sub(self, spot, timeout=8.0):
        """The living subscription to that spot (the newest)"""
        def find():
            with self.lock:
                for s in reversed(self.subs):
                    if s.spot == spot and not s.over:
                        return s
            return None
        return wait_for(find, 'a subscription to %s' % spot, timeout)

    # -- what was seen -----------------------------------------------------

    def got(self, method=None, status=False, user=None):
        """What the phone sent: requests, or (status) responses"""
        with self.lock:
            return [m for m in self.log if not m.out and
                    bool(m.status) == status and
                    (method is None or m.method == method) and
                    (user is None or m.user() == user)]

    def sent(self, method=None):
        with self.lock:
            return [m for m in self.log if m.out and
                    (method is None or m.method == method)]

    def dump(self, path):
        with self.lock, open(path, 'w') as f:
            for m in self.log:
                f.write('===== %.3f %s %s\n%s\n' % (
                    m.at, 'to' if m.out else 'from', m.src,
                    m.text.replace('\r', '')))

    # -- SIPp --------------------------------------------------------------

    def sipp(self, bench, scenario, keys=None, service=USER, calls=True,
             rtp=None, timeout=60):
        """Start SIPp with that scenario; a Sipp. calls: it begins itself
        (a UAC), else it waits for the phone's call"""
        s = Sipp(self, bench, scenario, keys or {}, service, rtp, timeout)
        bench.closers.append(s.close)
        if not calls:
            self.sipp_addr = ('127.0.0.1', s.port)
            s.wait_listening()
        return s


class TcpRegistrar:
    """One connection after the other; `answer(request)` says what to do:
    a text to send, None for nothing, or False to close"""

    def __init__(self, b, answer_, tls=None):
        """tls: an ssl.SSLContext"""
        self.tls = tls
        self.sock = socket.create_server(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.answer, self.seen, self.conn = answer_, [], 0
        b.closers.append(self.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            self.conn += 1
            try:
                with self.tls.wrap_socket(c, server_side=True) \
                        if self.tls else c as s:
                    self._one(s)
            except OSError:             # a handshake that it refused
                c.close()

    def _one(self, c):
        data = b''
        while True:
            got = c.recv(65535)
            if not got:
                return
            data = (data + got).lstrip()
            while b'\r\n\r\n' in data:
                head, _, data = data.partition(b'\r\n\r\n')
                req = Message(head + b'\r\n\r\n')
                if req.status:
                    continue
                self.seen.append((self.conn, req))
                reply = self.answer(self.conn, req)
                if reply is False:
                    return
                if reply:
                    c.sendall(reply.encode())

    def got(self, method):
        return [(n, r) for n, r in self.seen if r.method == method]

    def close(self, verdict):
        self.sock.close()
        return []


class Sipp:
    """One SIPp with one call of one scenario; exit code 0 is its verdict"""

    def __init__(self, peer, bench, scenario, keys, service, rtp, timeout):
        if not shutil.which('sipp'):
            raise Skip('no sipp: the package sip-tester is not installed')
        self.name = scenario
        bench.sipps = getattr(bench, 'sipps', 0) + 1
        self.base = os.path.join(bench.root, 'sipp-%d-%s' % (
            bench.sipps, scenario))
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(('127.0.0.1', 0))
        self.port = s.getsockname()[1]
        s.close()
        # what the test chooses is written into the scenario (SIPp takes no
        # keyword for a status code), what follows from the ports are keys
        with open(os.path.join(HERE, 'scenarios', scenario + '.xml')) as f:
            text = f.read()
        for k, v in keys.items():
            text = text.replace('[%s]' % k, v)
        with open(self.base + '.xml', 'w') as f:
            f.write(text)
        keys = {'peer': str(peer.port), 'rtp': str(rtp or 9),
                'contact': peer.contacts.get(
                    USER, 'sip:%s@127.0.0.1' % USER)}
        argv = ['sipp', '127.0.0.1:%d' % peer.inner_port, '-sf',
                self.base + '.xml',
                '-i', '127.0.0.1', '-p', str(self.port), '-m', '1',
                '-s', service, '-nostdin', '-nd',
                '-timeout', '%ds' % (timeout * PATIENCE),
                '-timeout_error', '-trace_err', '-error_file',
                self.base + '.err', '-trace_msg', '-message_file',
                self.base + '.msg']
        for k, v in keys.items():
            argv += ['-key', k, v]
        with open(self.base + '.out', 'wb') as out:
            self.proc = phone.spawn(argv, stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=out, cwd=bench.root)
        self.code = None

    def wait_listening(self):
        want = '0100007F:%04X' % self.port

        def bound():
            if self.proc.poll() is not None:
                raise Failed('sipp %s ended: %s' % (self.name, self.why()))
            with open('/proc/net/udp') as f:
                return want in f.read()
        wait_for(bound, 'sipp listens')

    def why(self):
        out = ''
        for ext in ('.err', '.out'):
            try:
                with open(self.base + ext, errors='replace') as f:
                    out += f.read()[-700:]
            except FileNotFoundError:
                pass
        return out

    def done(self, timeout=15):
        """Until its call is over; it must have gone by the scenario"""
        wait_for(lambda: self.proc.poll() is not None,
                 'sipp %s is through' % self.name, timeout, show=self.why)
        self.code = self.proc.returncode
        phone.reap(self.proc, 0)
        check(self.code == 0, 'sipp: the call went by %s.xml' % self.name,
              'exit code %s: %s' % (self.code, self.why()))

    def close(self, verdict):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        phone.reap(self.proc, 0)
        if verdict and self.code is None:
            return ['sipp %s was never awaited' % self.name]
        return []


class SipBench(Bench):
    """One test case: a peer and a phone"""

    def __init__(self, case):
        super().__init__('sip', '%s-%s' % (os.path.splitext(
            os.path.basename(sys.argv[0]))[0], case.__name__))
        self.peers = []
        self.peer = self.new_peer()

    def new_peer(self, *args):
        p = Peer(*args)
        self.peers.append(p)
        self.closers.append(p.close)
        return p

    def config(self, peer=None, spots=None, lines=(), params='',
               user=USER):
        out = ['account <sip:%s@127.0.0.1:%d;transport=udp>;auth_pass=%s%s'
               % (user, (peer or self.peer).port, PASSWORD, params),
               'net_interface 127.0.0.1']
        if not [x for x in lines if x.startswith('pbx ')]:
            out.append('pbx asterisk')
        if spots:
            out.append('spots ' + spots)
        return out + list(lines)

    def desk(self, name='101', register=True, start=True, **kw):
        p = self.phone(name, self.config(**kw), start=start, tone=1000)
        if register and start:
            p.registered()
        return p

    def keep(self):
        for i, p in enumerate(self.peers):
            p.dump(os.path.join(self.root, 'peer-%d.sip' % i))
        return super().keep()


def together(*jobs):
    """Run at the same time (they wait for the protocol's own 32 s); the
    first failure is raised when all are through"""
    failures = []

    def run(job):
        try:
            job()
        except BaseException as e:
            failures.append(e)
    threads = [threading.Thread(target=run, args=(j,)) for j in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


def main(*cases):
    sys.exit(phone.run_cases('sip', cases, SipBench))
