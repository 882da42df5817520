#!/usr/bin/env python3
"""TLS by host name: who is believed to be the server."""
import os
import re
import ssl
import subprocess

import peer
from peer import Skip, answer, check, proves, stays


def openssl(b, *args):
    try:
        subprocess.run(('openssl',) + args, cwd=b.root, check=True,
                       capture_output=True, text=True)
    except FileNotFoundError:
        raise Skip('no openssl')


def server(b, name):
    """A registrar whose certificate, for that name, our own CA has signed;
    the CA's file is b.ca"""
    with open('/etc/hosts') as f:
        if not re.search(r'(?m)^127\.0\.0\.1\s.*\blocalhost\b', f.read()):
            raise Skip('localhost is not in /etc/hosts')
    b.ca = os.path.join(b.root, 'ca.pem')
    openssl(b, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
            '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=our CA')
    openssl(b, 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 's.key',
            '-out', 's.csr', '-subj', '/CN=' + name)
    with open(os.path.join(b.root, 's.ext'), 'w') as f:
        f.write('subjectAltName=DNS:%s\n' % name)
    openssl(b, 'x509', '-req', '-in', 's.csr', '-CA', 'ca.pem', '-CAkey',
            'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 's.ext',
            '-out', 's.pem')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(b.root, 's.pem'),
                            os.path.join(b.root, 's.key'))
    return peer.TcpRegistrar(
        b, lambda conn, req: answer(req, 200, 'OK', ['Expires: 300']),
        context)


def phone(b, s, lines=(), env=None):
    config = b.config(lines=lines)
    config[0] = 'account <sip:101@localhost:%d;transport=tls>;auth_pass=x' \
        % s.port
    p = b.phone('101', config, start=False)
    if env:
        own = p.env
        p.env = lambda: dict(own(), **env)
    return p.start()


def refused(p, s, pattern):
    p.wait(lambda st: re.search(pattern, st['accounts'][0]['reason']),
           'reason /%s/' % pattern, 20)
    proves('reason: "%s"' % p.status()['accounts'][0]['reason'])
    stays(lambda: not s.seen, 'nothing was told to that server', 2)


def good(b):
    """a CA given by tls_ca, the right name"""
    s = server(b, 'localhost')
    phone(b, s, ['tls_ca ' + b.ca]).registered(20)
    check(s.got('REGISTER'), 'registered over TLS')


def wrong_name(b):
    """a certificate of that CA for another name"""
    s = server(b, 'pbx.example.com')
    refused(phone(b, s, ['tls_ca ' + b.ca]), s, 'TLS: certificate: .*name')


def another_ca(b):
    """a certificate of a CA that the system does not know"""
    s = server(b, 'localhost')
    refused(phone(b, s), s, 'TLS: certificate: ')


def system_ca(b):
    """without tls_ca: the system's file; another by SSL_CERT_FILE"""
    s = server(b, 'localhost')
    phone(b, s, env={'SSL_CERT_FILE': b.ca}).registered(20)
    proves('registered over TLS')


def no_ca(b):
    """no file with CA certificates: refused, and what is missing is said"""
    s = server(b, 'localhost')
    refused(phone(b, s, env={'SSL_CERT_FILE': '/nonexistent'}), s,
            'no file with CA certificates was found .*ca-certificates')


def not_verified(b):
    """tls_verify no: anyone"""
    s = server(b, 'pbx.example.com')
    phone(b, s, ['tls_verify no']).registered(20)
    proves('registered')


if __name__ == '__main__':
    peer.main(good, wrong_name, another_ca, system_ca, no_ca, not_verified)
