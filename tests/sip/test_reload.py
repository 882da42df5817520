#!/usr/bin/env python3
"""`reload`: the new configuration is in use, or the old one is as before."""
import os
import socket
import time

import peer
from peer import check, proves, stays, wait_for


def change(p, old, new):
    """One line of its configuration (None: a further one)"""
    lines = [new if x == old else x for x in p.config]
    p.write_config(lines + ([new] if old is None else []))


def reloaded(p, since):
    wait_for(lambda: p.said('was read anew', since), 'read anew',
             show=p.short)
    p.registered()


def good(b):
    """spots, a label and the log's level change; registered anew"""
    p = b.desk(spots='701-702')
    p.wait_lamp('702', 'free')
    at = time.monotonic()
    change(p, 'spots 701-702', 'spots 701-703')
    change(p, None, 'lamp 102;label="Anna"')
    change(p, 'log_level debug', 'log_level warn')
    p.ctl('reload')
    reloaded(p, at)
    p.wait(lambda s: [l['spot'] for l in s['lamps']] ==
           ['701', '702', '703', '102'], 'four lamps')
    p.wait_lamp('703', 'free')
    check(p.lamp('102')['label'] == 'Anna', 'a lamp 102 with its label')
    check(len(b.peer.contacts) == 1, 'one contact, the same as before')

    size = os.path.getsize(p.log_path)
    p.ctl('dial', '102')
    wait_for(lambda: b.peer.got('INVITE'), 'an INVITE')
    p.wait_no_calls()
    check(os.path.getsize(p.log_path) == size, 'log_level warn: the log is '
          'silent about a call')


def log_file(b):
    """what a reload cannot change is told"""
    p = b.desk()
    change(p, 'log_file ' + p.log_path, 'log_file %s.other' % p.log_path)
    p.ctl('reload')
    p.wait_message('log_file counts from the next start')


def bad_line(b):
    """a wrong line: nothing changes, its place is told"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    regs = len(b.peer.got('REGISTER'))
    lines = list(p.config)
    for line, why in (('spots 801-8x', 'spots 801-8x'),
                      ('key prk p', 'no action is called'),
                      ('pbx asterix', "pbx 'asterix' is not known"),
                      ('tls_ca /none', '/none'),
                      ('net_interface a/b', 'name of an interface'),
                      ('audio_player tone,440', 'audio_player')):
        key = line.split()[0]
        p.write_config([x for x in lines if not x.startswith(key + ' ')] +
                       ['# the last line is wrong', line])
        why_not = p.refused('reload')
        check('config:%d:' % len(p.config) in why_not and why in why_not,
              'names line %d: %s' % (len(p.config), why), why_not)
    stays(lambda: len(b.peer.got('REGISTER')) == regs and
          p.lamp('701')['state'] == 'free', 'nothing was sent, the lamp '
          'stays', 1)
    check(accounts(p)['registered'], 'still registered')


def accounts(p):
    return p.status()['accounts'][0]


def falls_back(b):
    """a port that another program has: the old configuration is in use
    again, and the reason is told"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    change(p, None, 'sip_listen 127.0.0.1:%d' % s.getsockname()[1])
    change(p, 'spots 701', 'spots 801')
    p.ctl('reload')
    p.wait_message('old configuration is in use again.*SIP port')
    proves('said: "%s"' % p.message())
    p.registered()
    p.wait_lamp('701', 'free')
    c = b.peer.sipp(b, 'call-in-rejected')
    p.ctl('hangup', p.wait_call('incoming')['id'])
    c.done()
    proves('and a call comes in')

    s.close()
    at = time.monotonic()
    p.ctl('reload')
    reloaded(p, at)
    p.wait_lamp('801', 'free')
    proves('once the port is free the new one is in use')


def in_a_call(b):
    """not during a call; nothing changes"""
    p = b.desk(spots='701')
    s = b.peer.sipp(b, 'call-in-rejected')
    c = p.wait_call('incoming')
    change(p, 'spots 701', 'spots 801')
    why = p.refused('reload')
    check('calls' in why, 'the reason: calls', why)
    check(p.lamp('701') and p.wait_call('incoming'), 'the call rings on')
    p.ctl('hangup', c['id'])
    s.done()


def script(b, name, text):
    path = os.path.join(b.root, name)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700), 'w') as f:
        f.write('#!/bin/sh\n' + text)
    return path


def with_digest(b):
    """Let the peer ask for the right password"""
    def register(req):
        if not req['authorization']:
            return peer.answer(req, 401, 'Unauthorized', [
                'WWW-Authenticate: Digest realm="%s", nonce="n1", '
                'algorithm=MD5' % peer.REALM])
        if not peer.digest_ok(req, 'n1'):
            return peer.answer(req, 403, 'Wrong Digest')
        return b.peer.accept(req)
    b.peer.handlers['REGISTER'] = register


def pass_cmd(b):
    """auth_pass_cmd: its first line is the password, it has no terminal and
    no input; one that fails changes nothing"""
    with_digest(b)
    good_one = script(b, 'good', 'test -z "$(cat)" || exit 1\n'
                      'test "$(readlink /proc/self/fd/0)" = /dev/null || '
                      'exit 1\n'
                      '(: >/dev/tty) 2>/dev/null && exit 1\n'
                      'echo %s\necho nonsense\n' % peer.PASSWORD)
    config = b.config()
    config[0] = config[0].replace('auth_pass=' + peer.PASSWORD,
                                  'auth_pass_cmd=' + good_one)
    p = b.phone('101', config).registered()
    proves('registered with what it printed')
    regs = len(b.peer.got('REGISTER'))

    for name, text, why in (
            ('fails', 'echo x\nexit 3\n', 'ended with 3'),
            ('empty', 'exit 0\n', 'first line is empty'),
            ('killed', 'echo x\nkill -9 $$\n', 'signal 9|137')):
        bad = script(b, name, text)
        p.write_config([x.replace(good_one, bad) for x in config])
        at = time.monotonic()
        p.ctl('reload')
        got = wait_for(lambda: p.said('nothing was changed.*(%s)' % why, at),
                       '%s: %s' % (name, why), show=p.short)
        check('config:1:' in got, 'with its line', got)
    check(len(b.peer.got('REGISTER')) == regs and
          accounts(p)['registered'], 'registered all the while')
    p.write_config(config)
    at = time.monotonic()
    p.ctl('reload')
    reloaded(p, at)


if __name__ == '__main__':
    peer.main(good, log_file, bad_line, falls_back, in_a_call, pass_cmd)
