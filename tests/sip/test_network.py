#!/usr/bin/env python3
"""A machine with loopback only, and a network that comes up later: in a
network namespace of our own, where the test owns addresses and name servers.
"""
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

import peer
from peer import check, proves, wait_for

INSIDE = 'PARKDECK_TEST_NETNS'
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891c
IFF_UP = 1
LATE = '192.0.2.7'                      # RFC 5737: nobody's


def enter():
    """Start this script again in a namespace; 77 where that is impossible"""
    how = ['unshare', '-nm'] if os.geteuid() == 0 else ['unshare', '-rnm']
    if not shutil.which('unshare') or \
       subprocess.run(how + ['true'], capture_output=True).returncode:
        print('skipped: no network namespace can be made here')
        sys.exit(77)
    os.execvpe(how[0], how + [sys.executable] + sys.argv,
               dict(os.environ, **{INSIDE: '1'}))


def ifreq(name, rest):
    return struct.pack('16s', name.encode()) + rest.ljust(24, b'\0')


def inet(addr):
    return struct.pack('HH4s', socket.AF_INET, 0, socket.inet_aton(addr))


def interface(name, addr, up):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        if addr:
            fcntl.ioctl(s, SIOCSIFADDR, ifreq(name, inet(addr)))
            fcntl.ioctl(s, SIOCSIFNETMASK,
                        ifreq(name, inet('255.255.255.255')))
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    ifreq(name, struct.pack('h', IFF_UP if up else 0)))


def config(b, server, lines=()):
    """No net_interface: what the phone finds by itself"""
    return ['account <sip:101@%s:%d;transport=udp>;auth_pass=x' % (
        server, b.peer.port), 'pbx asterisk'] + list(lines)


def loopback_only(b):
    """nothing but loopback: registers at 127.0.0.1, a call comes in"""
    with open('/proc/net/route') as f:
        check(len(f.readlines()) == 1, 'there is no route at all')
    p = b.phone('101', config(b, '127.0.0.1')).registered()
    s = b.peer.sipp(b, 'call-in')
    c = p.wait_call('incoming')
    p.ctl('answer', c['id'])
    s.done()
    p.wait_no_calls()


def loopback_by_name(b):
    """the same by the name localhost"""
    b.phone('101', config(b, 'localhost')).registered()
    proves('registered')


def address_comes_later(b):
    """started before the network is up: registers once it is"""
    b.peer = b.new_peer('0.0.0.0')
    p = b.phone('101', config(b, LATE))
    p.wait(lambda s: re.search('network|reach|unreach',
                               s['accounts'][0]['reason']), 'no network', 20)
    proves('reason: "%s"' % p.status()['accounts'][0]['reason'])
    interface('lo:1', LATE, True)
    try:
        p.registered(30)
        wait_for(lambda: LATE in b.peer.contacts.get('101', ''),
                 'its contact is the new address', 20,
                 show=lambda: b.peer.contacts)
        p.registered()
        proves('registered from %s' % LATE)
    finally:
        interface('lo:1', None, False)


class NameServer:
    """Knows one name of 127.0.0.1; others do not exist"""

    def __init__(self, b, addr, name):
        self.name = b''.join(bytes([len(x)]) + x.encode()
                             for x in name.split('.')) + b'\0'
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, 53))
        self.asked = 0
        b.closers.append(self.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                q, src = self.sock.recvfrom(2048)
            except OSError:
                return
            self.asked += 1
            end = q.index(b'\0', 12) + 5
            known = q[12:end] == self.name + b'\0\1\0\1'
            a = b'\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1' if known else b''
            self.sock.sendto(q[:2] + (b'\x85\x80' if known else b'\x85\x83')
                             + b'\0\1\0' + (b'\1' if known else b'\0') +
                             b'\0\0\0\0' + q[12:end] + a, src)

    def close(self, verdict):
        self.sock.close()
        return []


def name_server_comes_later(b):
    """resolv.conf changes, our address does not: the new one is asked"""
    path = os.path.join(b.root, 'resolv.conf')

    def write(addr):
        with open(path, 'w') as f:
            f.write('nameserver %s\n' % addr)
    write('127.0.0.9')                  # nobody is there
    if not os.path.exists('/etc/resolv.conf') or subprocess.run(
            ['mount', '--bind', path, '/etc/resolv.conf'],
            capture_output=True).returncode:
        raise peer.Skip('/etc/resolv.conf cannot be covered here')
    try:
        server = NameServer(b, '127.0.0.53', 'pbx.example.com')
        p = b.phone('101', config(b, 'pbx.example.com'))
        p.wait(lambda s: 'DNS' in s['accounts'][0]['reason'], 'reason: DNS',
               30)
        check(not server.asked, 'the later one was not asked')
        write('127.0.0.53')
        p.registered(60)
        wait_for(lambda: server.asked, 'it was')
    finally:
        subprocess.run(['umount', '/etc/resolv.conf'])


if __name__ == '__main__':
    if INSIDE not in os.environ:
        enter()
    interface('lo', '127.0.0.1', True)
    peer.main(loopback_only, loopback_by_name, address_comes_later,
              name_server_comes_later)
