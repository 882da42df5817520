#!/usr/bin/env python3
"""TCP and TLS: registration, a call, a parked call. TLS is verified."""
import os
import re

import lab
from lab import check, pbx_with, proves, stays


def whole_job(l, transport, lines=()):
    d = l.desk('101', transport=transport, lines=lines)
    contacts = l.pbx.contacts('101')
    check(len(contacts) == 1 and re.search(
        'transport=%s' % transport, contacts[0], re.I),
        'registered over %s' % transport, contacts)
    anna = l.talk(d, 'anna')
    proves('a call, both hear each other')
    d.ctl('park')
    d.wait_lamp('701', 'parked', who='Anna Berg')
    l.pbx.wait_parked('701')
    d.wait_no_calls(15)
    now, at = d.mark(), anna.mark()
    d.ctl('retrieve', '701')
    d.wait_call('active', name='Anna Berg')
    d.hears(anna.tone, now)
    anna.hears(d.tone, at)
    proves('parked and taken back')
    boris = l.pbx.bot('boris')
    d.ctl('dial', boris.number)
    d.wait_call('active', direction='outgoing', name='')
    now = d.mark()
    d.hears(boris.tone, now)
    proves('a call out')


def over_tcp(l):
    """TCP"""
    whole_job(l, 'tcp')


@pbx_with(tls_name='127.0.0.1')
def over_tls(l):
    """TLS, the lab's CA named by tls_ca"""
    whole_job(l, 'tls', ['tls_ca %s' % os.path.join(
        l.pbx.root, 'keys', 'ca.pem')])


def refused_tls(l, lines):
    d = l.desk('101', transport='tls', lines=lines, register=False)
    d.wait(lambda s: s['accounts'][0]['reason'] not in ('', 'registering'),
           'a reason', 40)
    reason = d.last['accounts'][0]['reason']
    check(re.search(r'certif|tls|verif', reason, re.I),
          'not registered: "%s"' % reason, reason)
    stays(lambda: not d.status()['accounts'][0]['registered'],
          'not registered', 4)
    check(not l.pbx.contacts('101') and not l.pbx.wire(),
          'not one SIP message reached the PBX', len(l.pbx.wire()))


@pbx_with(tls_name='127.0.0.1')
def unknown_ca(l):
    """TLS, a CA that the system does not know: refused, and said"""
    refused_tls(l, [])


@pbx_with(tls_name='another.example.com')
def wrong_name(l):
    """TLS, a certificate of the right CA for another server: refused"""
    refused_tls(l, ['tls_ca %s' % os.path.join(
        l.pbx.root, 'keys', 'ca.pem')])


if __name__ == '__main__':
    lab.main(over_tcp, over_tls, unknown_ca, wrong_name)
