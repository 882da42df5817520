"""The pbx suite's laboratory: one Asterisk and the parkdecks around it.

Each test case has an Asterisk of its own: its configuration, database and
log are in a temporary folder that the installed Asterisk (see setup) sees as
/srv/lab, by a bind mount in a mount namespace that ends with the process.
All is bound to 127.0.0.1, on ports found free at that moment.

Callers are *bots*: channels of the PBX whose voice and ear is the test itself
(AudioSocket), each with a tone of its own, so that it can be told who is
heard, and by whom. Verdicts come from the PBX's books (parking, channels, the
SIP messages in its log) and from those tones.
"""
import collections
import glob
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lib'))

import phone                                        # noqa: E402
import tone                                         # noqa: E402
from phone import (BUILD_DIR, PATIENCE, Failed, Refused, Skip,  # noqa: E402
                   check, proves, stays, wait_for)

# where setup puts it: the presets share one
ASTERISK = os.environ.get('PARKDECK_ASTERISK') or os.path.join(
    BUILD_DIR.rpartition('/build/')[0] + '/build'
    if '/build/' in BUILD_DIR else BUILD_DIR, 'asterisk')

# Tones [Hz]: far enough apart, none a multiple of another
MUSIC = 330
PHONE_TONES = {'101': 1150, '102': 1330, '103': 1510, '105': 1730,
               '106': 1930, '107': 2170}
PHONE_TONE = 470        # of any other

Caller = collections.namedtuple('Caller', 'key name number tone')
CALLERS = {c.key: c for c in (
    Caller('anna', 'Anna Berg', '5550101', 523),
    Caller('boris', 'Boris Adler', '5550102', 659),
    Caller('clara', 'Clara Vogt', '5550103', 797),
    Caller('dave', 'Dave Ødegård', '5550104', 941),
    # withholds his number: RFC 3323's anonymous, to the phones
    Caller('nobody', 'Anonymous', 'anonymous', 1061),
)}
# as many as are wanted at once
CROWD = [Caller('guest%d' % i, 'Guest %02d' % i, '55502%02d' % i,
                2290 + 60 * i) for i in range(20)]
CALLERS.update({c.key: c for c in CROWD})

# What the phones are to the PBX
ENDPOINTS = {
    '101': {}, '102': {}, '103': {},
    # identity updates off, as in many an installation
    '105': {'send_pai': 'no'}, '106': {'send_pai': 'no'},
    # REFER to a spot's own number parks there
    '107': {'set_var': 'TRANSFER_CONTEXT=slots'},
}

TLS = '''[transport-tls]
type=transport
protocol=tls
bind=127.0.0.1:%d
cert_file=/srv/lab/keys/server.pem
priv_key_file=/srv/lab/keys/server.key
method=tlsv1_2
'''

OUTSIDE = '''external_signaling_address=127.0.0.1
external_signaling_port=%d'''

Message = collections.namedtuple(
    'Message', 'at out peer first method status cseq headers body text')


def _message(at, out, peer, text):
    head, _, body = text.partition('\n\n')
    lines = head.split('\n')
    headers = {}
    for line in lines[1:]:
        k, _, v = line.partition(':')
        headers.setdefault(k.strip().lower(), v.strip())
    first = lines[0]
    cseq = headers.get('cseq', '')
    if first.startswith('SIP/2.0'):
        status, method = int(first.split()[1]), (cseq.split() or [''])[-1]
    else:
        status, method = 0, first.split(' ')[0]
    return Message(at, out, peer, first, method, status, cseq, headers,
                   body.strip(), text)


class Voices:
    """The bots' end of their sound: AudioSocket, a TCP connection a bot.
    Frames are a type, a length (big endian) and that many bytes: 0x01 the
    bot's uuid, 0x10 sound (8 kHz, 16 bit, mono), 0x00 the end."""

    FRAME_S, FRAME = 0.02, 320

    def __init__(self):
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.ears = {}          # by the bot's extension: tone.Memory
        self.done = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.done = True
        self.thread.join()

    def _run(self):
        lines, due = {}, time.monotonic()
        while not self.done:
            timeout = max(0.0, min(due - time.monotonic(), self.FRAME_S))
            ready, _, _ = select.select([self.server] + list(lines), [], [],
                                        timeout)
            for s in ready:
                if s is self.server:
                    conn, _ = s.accept()
                    lines[conn] = {'buf': b'', 'ear': None, 'wave': None,
                                   'at': 0}
                elif not self._read(s, lines[s]):
                    s.close()
                    del lines[s]
            while time.monotonic() >= due:
                due += self.FRAME_S
                for s, line in list(lines.items()):
                    if line['wave'] is None:
                        continue
                    at = line['at']
                    line['at'] = (at + self.FRAME) % len(line['wave'])
                    try:
                        s.sendall(struct.pack('>BH', 0x10, self.FRAME) +
                                  line['wave'][at:at + self.FRAME])
                    except OSError:
                        s.close()
                        del lines[s]
        for s in lines:
            s.close()
        self.server.close()

    def _read(self, s, line):
        try:
            data = s.recv(8192)
        except OSError:
            return False
        if not data:
            return False
        line['buf'] += data
        while len(line['buf']) >= 3:
            kind, size = struct.unpack('>BH', line['buf'][:3])
            if len(line['buf']) < 3 + size:
                break
            body = line['buf'][3:3 + size]
            line['buf'] = line['buf'][3 + size:]
            if kind == 0x01:
                ext = body.hex()[-6:]
                line['ear'] = self.ears.get(ext)
                # one second of a whole number of periods: it can be looped
                line['wave'] = tone.wave(int(ext[:4]))
            elif kind == 0x10 and line['ear'] is not None:
                line['ear'].append(body)
            elif kind == 0x00:
                return False
        return True


class Pbx:
    """One Asterisk"""

    def __init__(self, root, spots=4, parktime=120, tls_name=None,
                 phones=(), back_to=None, outside=False):
        """tls_name: whom its certificate is for; None: no TLS
        outside: it tells phones to reach it at another port (UDP), where
        the test stands in between
        phones: endpoints besides the usual ones
        back_to: the extension that gets a call that was parked for too
        long; None: its parker"""
        if os.getuid() != 0:
            raise Skip('a real PBX is run as root only')
        if not os.access(os.path.join(ASTERISK, 'usr/sbin/asterisk'),
                         os.X_OK):
            raise Skip('no Asterisk in %s: tests/pbx/setup' % ASTERISK)
        self.root = os.path.join(root, 'pbx')
        self.spots = ['%d' % (701 + i) for i in range(spots)]
        self.parktime = parktime
        self.tls_name = tls_name
        self.back_to = back_to
        self.behind, self.outside = outside, None
        self.endpoints = dict(ENDPOINTS, **{n: {} for n in phones})
        self.proc = None
        self.block = None
        self.serial = 0
        self.bots = []
        self.voices = Voices()
        self.log_path = os.path.join(self.root, 'log', 'messages.log')

    # -- its life ----------------------------------------------------------

    def start(self):
        """Until fully booted; another block of ports if one was taken"""
        for attempt in range(4):
            if self.block is None:
                self.block = phone.port_block()
                self.sip, self.tls = self.block, self.block + 1
                self.outside = self.block + 2 if self.behind else None
                self._write_config()
            if self._boot():
                return self
            if attempt == 3 or self.serial:
                break
            phone.port_release(self.block)
            self.block = None
        raise Failed('Asterisk did not come up: %s' % self._last_words())

    def _last_words(self):
        out = ''
        for f in ('log/console.log', 'log/messages.log'):
            p = os.path.join(self.root, f)
            if os.path.exists(p):
                with open(p, errors='replace') as g:
                    out += g.read()[-800:]
        return out

    def _boot(self):
        run = os.path.join(self.root, 'run')
        os.makedirs(os.path.join(ASTERISK, 'srv/lab'), exist_ok=True)
        for f in ('asterisk.pid', 'asterisk.ctl'):
            if os.path.exists(os.path.join(run, f)):
                os.unlink(os.path.join(run, f))
        with open(os.path.join(self.root, 'log/console.log'), 'ab') as con:
            self.proc = phone.spawn(
                ['unshare', '--mount', '--propagation', 'private',
                 '/bin/sh', '-c',
                 'mount --bind "$1" "$2/srv/lab" && '
                 'mount -t proc proc "$2/proc" && '
                 'exec chroot "$2" /usr/bin/env -i LC_ALL=C.UTF-8 '
                 'PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root '
                 '/usr/sbin/asterisk -f -C /srv/lab/etc/asterisk.conf',
                 'sh', self.root, ASTERISK],
                stdin=subprocess.DEVNULL, stdout=con, stderr=con, cwd='/')
        end = time.monotonic() + 30 * PATIENCE
        while time.monotonic() < end:
            if self.proc.poll() is not None:
                phone.reap(self.proc, 0)
                self.proc = None
                return False
            if os.path.exists(os.path.join(run, 'asterisk.ctl')) and \
               'fully booted' in self.cli('core waitfullybooted'):
                up = self.cli('pjsip show transports')
                if '127.0.0.1:%d' % self.sip in up:
                    return True
                break       # a transport that could not be bound
            time.sleep(0.05)
        self.kill()
        return False

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.cli('core stop now')
        if self.proc:
            phone.reap(self.proc, 6)
            self.proc = None

    def close(self):
        """For good: its ports are the next case's"""
        self.stop()
        self.voices.close()
        if self.block is not None:
            phone.port_release(self.block)
            self.block = None

    def kill(self):
        """kill -9: no farewell to anybody"""
        self.proc.kill()
        self.proc.wait()
        phone.reap(self.proc, 0)
        self.proc = None

    def cli(self, command):
        """asterisk -rx; '' when it does not answer"""
        p = subprocess.run(
            ['nsenter', '-t', str(self.proc.pid), '--mount', '--root',
             '/usr/bin/env', '-C', '/', '/usr/sbin/asterisk', '-C',
             '/srv/lab/etc/asterisk.conf', '-rx', command],
            capture_output=True, text=True, errors='replace',
            timeout=20 * PATIENCE, stdin=subprocess.DEVNULL)
        return re.sub(r'\x1b\[[0-9;]*[A-Za-z]', '', p.stdout)

    # -- its books ---------------------------------------------------------

    def parked(self):
        """{spot: channel} by `parking show`"""
        out, spot = {}, None
        for line in self.cli('parking show default').split('\n'):
            m = re.match(r'\s*Space\s*:\s*(\d+)', line)
            if m:
                spot = m.group(1)
            m = re.match(r'\s*Channel\s*:\s*(\S+)', line)
            if m and spot:
                out[spot] = m.group(1)
        return out

    def channels(self):
        """Names by `core show channels concise`"""
        return [l.split('!')[0] for l in
                self.cli('core show channels concise').split('\n')
                if '!' in l]

    def where(self, bot):
        """The spot where that bot is parked, or None"""
        mine = bot.tag()
        for spot, channel in self.parked().items():
            if mine in channel:
                return spot
        return None

    def bridges(self):
        """Numbers of channels in each bridge of two parties or more (not
        where the parked ones wait)"""
        return sorted(int(n) for n in re.findall(
            r'^\S{36} .* (\d+) +basic ', self.cli('bridge show all'),
            re.M))

    def contacts(self, ext):
        """URIs registered for that endpoint"""
        return [m.group(1).replace('\\/', '/') for m in re.finditer(
            r'^/registrar/contact/%s;@.*?"uri":"([^"]+)"' % ext,
            self.cli('database show registrar/contact'), re.M)]

    def subscriptions(self, ext):
        """Number of inbound subscriptions of that endpoint"""
        n, mine = 0, False
        for l in self.cli('pjsip show subscriptions inbound').split('\n'):
            m = re.match(r'\s*Endpoint:\s+(\S+)', l)
            if m:
                mine = m.group(1).split('/')[0] == ext
            if re.match(r'\s*Resource:', l) and mine:
                n += 1
        return n

    def glob(self, name):
        m = re.search(r'^\s*%s=(.*)$' % name,
                      self.cli('dialplan show globals'), re.M)
        return m.group(1).strip() if m else None

    def wait_parked(self, spot, timeout=10.0):
        wait_for(lambda: spot in self.parked(),
                 '`parking show` has a call in %s' % spot, timeout,
                 every=0.15, show=self.parked)

    def wait_free(self, spot, timeout=10.0):
        wait_for(lambda: spot not in self.parked(),
                 '`parking show` has %s free' % spot, timeout,
                 every=0.15, show=self.parked)

    def wait_channels(self, n, timeout=10.0):
        wait_for(lambda: len(self.channels()) == n,
                 'the PBX has %d channels' % n, timeout, every=0.15,
                 show=self.channels)

    # -- its callers -------------------------------------------------------

    def bot(self, key):
        """A new bot; not calling yet"""
        self.serial += 1
        self.bots.append(Bot(self, CALLERS[key], self.serial))
        return self.bots[-1]

    def call(self, key, ext):
        """A bot calls that extension under its name"""
        return self.bot(key).call(ext)

    def park_bot(self, key, spot=None):
        """A bot is parked: in the first free spot or in that one"""
        bot = self.bot(key)
        before = set(self.parked())
        bot.call(spot or '700')
        wait_for(lambda: set(self.parked()) - before,
                 'the PBX parks %s' % bot.who.name, every=0.15,
                 show=self.parked)
        bot.spot = (set(self.parked()) - before).pop()
        return bot

    # -- the wire ----------------------------------------------------------

    def said(self):
        """All of its log"""
        with open(self.log_path, errors='replace') as f:
            return f.read()

    def wire(self, peer=None):
        """All SIP messages so far, by the PBX's log, in order

        peer: only those to and from that port (or any of a set)
        """
        with open(self.log_path, errors='replace', newline='') as f:
            text = f.read().replace('\r\n', '\n')
        out = []
        for m in re.finditer(
                r'^\[([^\]]+)\][^\n]*<--- (Received|Transmitting) SIP '
                r'\w+ \(\d+ bytes\) (?:from|to) (\w+):'
                r'(\S+) --->\n(.*?)(?=^\[\d\d\d\d-|\Z)', text, re.M | re.S):
            at, way, _, addr, body = m.groups()
            if peer is not None and int(addr.rsplit(':')[-1]) not in (
                    peer if isinstance(peer, (set, list, tuple))
                    else (peer,)):
                continue
            out.append(_message(at, way == 'Transmitting', addr,
                                body.rstrip('\n') + '\n'))
        return out

    def of_user(self, ext, wire=None):
        """The messages with that user in From (its requests, and ours)"""
        rx = re.compile(r'sip:%s@' % re.escape(ext))
        return [m for m in (wire if wire is not None else self.wire())
                if rx.search(m.headers.get('from', ''))]

    # -- its configuration -------------------------------------------------

    def _write_config(self):
        for d in ('etc', 'run', 'log', 'db', 'spool', 'cache', 'moh',
                  'keys/keys'):
            os.makedirs(os.path.join(self.root, d), exist_ok=True)
        os.chmod(self.root, 0o700)
        moh = os.path.join(self.root, 'moh', 'music.sln')
        if not os.path.exists(moh):
            with open(moh, 'wb') as f:
                f.write(tone.wave(MUSIC, 20))
        if self.tls_name and not os.path.exists(
                os.path.join(self.root, 'keys/ca.pem')):
            make_keys(os.path.join(self.root, 'keys'), self.tls_name)
        lib = os.path.join(ASTERISK, 'usr/lib')
        moddir = [os.path.join('/usr/lib', d, 'asterisk/modules')
                  for d in os.listdir(lib) if os.path.isdir(
                      os.path.join(lib, d, 'asterisk/modules'))][0]
        fill = {
            'MODDIR': moddir, 'SIP': self.sip,
            'OUTSIDE': OUTSIDE % self.outside if self.outside else '',
            'TLS': TLS % self.tls if self.tls_name else '',
            'RTP_FIRST': self.block + 10,
            'RTP_LAST': self.block + phone.PORTS_STEP - 1,
            'VOICES': self.voices.port, 'LAST': self.spots[-1],
            'PARKTIME': self.parktime,
            'TO_ORIGIN': 'no' if self.back_to else 'yes',
            'BACK_TO': self.back_to or '',
            'ENDPOINTS': '\n'.join(_endpoint(n, o)
                                   for n, o in self.endpoints.items()),
            'HINTS': '\n'.join(
                'exten => %s,hint,PJSIP/%s\n'
                'exten => %s,1,Goto(ring,%s,1)' % (n, n, n, n)
                for n in self.endpoints),
            'CALLERS': '\n'.join(_caller(c) for c in CALLERS.values()),
            'LISTS': '\n'.join(_list(*l) for l in (
                ('parking-all', 'no', self.spots),
                ('parking-full', 'yes', self.spots),
                ('phones-all', 'no', self.endpoints))),
        }
        etc = os.path.join(self.root, 'etc')
        for name in sorted(os.listdir(os.path.join(HERE, 'etc'))):
            with open(os.path.join(HERE, 'etc', name)) as f:
                text = f.read()
            text = re.sub(r'@([A-Z_]+)@',
                          lambda m: str(fill[m.group(1)]), text)
            with open(os.path.join(etc, name), 'w') as f:
                f.write(text)
        for name in ('manager', 'http', 'ari'):
            with open(os.path.join(etc, name + '.conf'), 'w') as f:
                f.write('[general]\nenabled=no\n')
        # files that are looked for; empty says "nothing"
        for name in ('acl', 'ccss', 'cdr', 'cel', 'cli', 'cli_aliases',
                     'cli_permissions', 'codecs', 'extconfig',
                     'geolocation', 'indications', 'pjproject',
                     'pjsip_notify', 'sorcery', 'stasis', 'udptl'):
            with open(os.path.join(etc, name + '.conf'), 'w') as f:
                if name in ('ccss', 'cdr', 'cel', 'codecs', 'stasis',
                            'udptl'):
                    f.write('[general]\n')


def _endpoint(name, options):
    opts = dict({'send_pai': 'yes'}, **options)
    return ('\n[%s](phone)\nauth=%s\naors=%s\n'
            'callerid="Phone %s" <%s>\n%s\n'
            '[%s](login)\nusername=%s\npassword=lab%s\n[%s](where)' % (
                name, name, name, name, name,
                '\n'.join('%s=%s' % kv for kv in opts.items()),
                name, name, name, name))


def _list(name, full, items):
    return ('[%s]\ntype=resource_list\nevent=dialog\nfull_state=%s\n'
            % (name, full) + ''.join('list_item=%s\n' % i for i in items))


def _caller(c):
    # a bot parks itself in exactly the spot that it calls, rings anything
    # else
    who = 'CALLERID(all)="%s" <%s>' % (c.name, c.number)
    if c.number == 'anonymous':
        who = 'CALLERID(pres)=prohib'
    return ('[from-%s]\n'
            'exten => _[78]XX,1,Set(%s)\n'
            ' same => n,Goto(slots,${EXTEN},1)\n'
            'exten => _1XX,1,Set(%s)\n'
            ' same => n,Goto(ring,${EXTEN},1)\n' % (c.key, who, who))


def make_keys(to, server_name):
    """A small CA, and the server's certificate for that address"""
    alt = ('IP:' if re.match(r'^[\d.]+$', server_name) else 'DNS:') + \
        server_name

    def openssl(*args):
        p = subprocess.run(('openssl',) + args, capture_output=True,
                           text=True, cwd=to, stdin=subprocess.DEVNULL)
        if p.returncode:
            raise Failed('openssl %s: %s' % (args[0], p.stderr))
    if not shutil.which('openssl'):
        raise Skip('no openssl to make a certificate with')
    new = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
           '-nodes')
    openssl('req', '-x509', *new, '-days', '30', '-subj', '/CN=lab CA',
            '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', *new, '-subj', '/CN=%s' % server_name, '-keyout',
            'server.key', '-out', 'server.csr')
    with open(os.path.join(to, 'ext'), 'w') as f:
        f.write('subjectAltName=%s\n' % alt)
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey',
            'ca.key', '-CAcreateserial', '-days', '30', '-extfile', 'ext',
            '-out', 'server.pem')


class Bot:
    """A caller with a voice of its own"""

    def __init__(self, pbx, who, serial):
        self.pbx, self.who, self.serial = pbx, who, serial
        self.ext = '%04d%02d' % (who.tone, serial)
        self.rec = tone.Memory('what %s heard' % who.name)
        pbx.voices.ears[self.ext] = self.rec
        self.spot = None
        self.number = '8' + self.ext        # to be dialled by a phone

    @property
    def tone(self):
        return self.who.tone

    @property
    def name(self):
        return self.who.name

    def call(self, ext):
        self.pbx.cli('channel originate Local/%s@bot/n extension %s@from-%s'
                     % (self.ext, ext, self.who.key))
        return self

    def channels(self):
        return [c for c in self.pbx.channels()
                if c.startswith(('Local/%s@bot' % self.ext,
                                 'AudioSocket/127.0.0.1:%d-00000000-0000-'
                                 '4000-8000-000000%s' % (
                                     self.pbx.voices.port, self.ext)))]

    def tag(self):
        """What the names of its channels have, and no other's"""
        return 'Local/%s@bot-' % self.ext

    def alive(self):
        return bool(self.channels())

    def hang_up(self):
        for c in self.channels():
            self.pbx.cli('channel request hangup %s' % c)

    def wait_gone(self, timeout=10.0):
        wait_for(lambda: not self.alive(), '%s is gone' % self.name,
                 timeout, every=0.15, show=self.pbx.channels)

    def mark(self):
        return self.rec.mark()

    def hears(self, hz, since=0.0, seconds=0.6, timeout=10.0):
        wait_for(lambda: self.rec.run(hz, since) >= seconds,
                 '%s hears %d Hz for %g s' % (self.name, hz, seconds),
                 timeout, every=0.2, show=lambda: self.rec.describe(
                     (hz, MUSIC) + tuple(PHONE_TONES.values()), since))


class Lab(phone.Bench):
    """One test case: a PBX and phones; nothing may be left over"""

    def __init__(self, case, **pbx):
        super().__init__('pbx', '%s-%s' % (os.path.splitext(
            os.path.basename(sys.argv[0]))[0], case.__name__))
        self.pbx = None
        try:
            self.pbx = Pbx(self.root, **pbx)
            self.closers.append(self._close_pbx)
            self.pbx.start()
        except BaseException:
            if self.pbx:
                self.pbx.close()
            self.drop()
            raise

    def _close_pbx(self, verdict):
        bad = []
        if self.pbx.proc:
            try:
                if verdict:     # with the phones gone; bots still parked
                    bad = self._orphans()
            finally:
                self.pbx.stop()
        self.pbx.close()
        return bad

    def _orphans(self):
        """All phones are gone: whoever is still there must be a bot that
        is parked, and it can be hung up"""
        try:
            wait_for(lambda: not [c for c in self.pbx.channels()
                                  if c.startswith('PJSIP/')],
                     'no phone has a channel left', 8, every=0.15,
                     show=self.pbx.channels)
            for c in self.pbx.channels():
                self.pbx.cli('channel request hangup %s' % c)
            wait_for(lambda: not self.pbx.channels(),
                     'no channel is left at the PBX', 8, every=0.15,
                     show=self.pbx.channels)
            proves('no channel is left at the PBX')
        except Failed as e:
            return [str(e)]
        return []

    def config(self, ext, transport='udp', password=None, spots=True,
               lines=(), host='127.0.0.1', params=''):
        """The lines of a phone's configuration"""
        out = ['account <sip:%s@%s:%d;transport=%s>;auth_pass=%s%s' % (
            ext, host, self.pbx.tls if transport == 'tls' else
            self.pbx.outside or self.pbx.sip,
            transport, password or 'lab' + ext, params),
            'net_interface 127.0.0.1']
        if not [l for l in lines if l.startswith('pbx ')]:
            out.append('pbx asterisk')
        if spots:
            out.append('spots %s-%s' % (self.pbx.spots[0],
                                        self.pbx.spots[-1]))
        return out + list(lines)

    def desk(self, ext, start=True, register=True, record=True, **kw):
        """A parkdeck registered as that extension"""
        p = self.phone(ext, self.config(ext, **kw), start=start,
                       tone=PHONE_TONES.get(ext, PHONE_TONE), record=record)
        p.tone = PHONE_TONES.get(ext, PHONE_TONE)
        if start and register:
            p.registered()
            if kw.get('spots', True):
                for spot in self.pbx.spots:
                    p.wait_lamp(spot, ('free', 'parked'))
        return p

    def talk(self, desk, key):
        """A bot calls that phone, it answers, both hear each other"""
        bot = self.pbx.call(key, desk.name)
        c = desk.wait_call('incoming')
        desk.ctl('answer', c['id'])
        desk.wait_call('active', id=c['id'])
        bot.call_id = c['id']
        desk.hears(bot.tone, of=[MUSIC])
        bot.hears(desk.tone)
        return bot

    def keep(self):
        if self.pbx:
            shutil.rmtree(os.path.join(self.pbx.root, 'moh'),
                          ignore_errors=True)
            for ext, ear in self.pbx.voices.ears.items():
                ear.save(os.path.join(self.pbx.root, 'heard-%s.wav' % ext))
        return super().keep()


class Line:
    """A line to a phone's control socket that is kept open: commands without
    a process each, for what must be quick"""

    def __init__(self, desk):
        self.desk = desk
        path, = glob.glob(os.path.join(desk.run_dir, 'parkdeck', '*.sock'))
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20 * PATIENCE)
        self.sock.connect(path)
        self.file = self.sock.makefile('rb')

    def ask(self, *words):
        """Run a command; its reply, or Refused"""
        self.sock.sendall(' '.join(words).encode() + b'\n')
        got = json.loads(self.file.readline())
        if not got.pop('ok'):
            raise Refused(got['error'])
        return got

    def close(self):
        self.file.close()
        self.sock.close()


def names_are_true(l, desks):
    """A name on a lamp or in a list is that of who is there by `parking
    show`; none is no lie"""
    parked = l.pbx.parked()
    who = {spot: b.name for spot, ch in parked.items()
           for b in l.pbx.bots if b.tag() in ch}
    for d in desks:
        s = d.status()
        shown = [(x['spot'], x['who']) for x in s['lamps']] + [
            (x['where'], x['who']) for x in s['parked']]
        wrong = [(at, name) for at, name in shown
                 if name and who.get(at) != name]
        check(not wrong, '%s: each name is on the right lamp (%d of %d '
              'known)' % (d.name, len([1 for x in s['lamps'] if x['who']]),
                          len(parked)), (wrong, who))


def at_once(*calls):
    """Run all of them in the same moment; what each raised, or None"""
    start = threading.Barrier(len(calls))
    raised = [None] * len(calls)

    def run(i, call):
        start.wait()
        try:
            call()
        except Exception as e:
            raised[i] = e
    threads = [threading.Thread(target=run, args=x)
               for x in enumerate(calls)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return raised


def main(*cases, **pbx):
    """Run this file's cases; **pbx: how their Asterisk is set up"""
    def make(case):
        return Lab(case, **dict(pbx, **getattr(case, 'pbx', {})))
    sys.exit(phone.run_cases('pbx', cases, make))


def pbx_with(**options):
    """Decorator: this case's Asterisk is another one"""
    def set_on(case):
        case.pbx = options
        return case
    return set_on
