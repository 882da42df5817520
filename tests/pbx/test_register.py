#!/usr/bin/env python3
"""Registration with a real PBX: what it believes, what is said when it
refuses, and that nobody is pestered."""
import re
import time

import lab
from lab import check, proves, stays, wait_for


def registers(l):
    """a phone registers, is told so, and says goodbye when it quits"""
    p = l.desk('101')
    got = p.status()['accounts'][0]
    check(got['registered'] and not got['reason'] and '101@' in got['aor'],
          'status: 101 registered, no reason', got)
    contacts = l.pbx.contacts('101')
    check(len(contacts) == 1, 'the PBX has one contact of 101', contacts)
    user = re.match(r'sips?:([^@]+)@', contacts[0]).group(1)
    check(re.fullmatch(r'[0-9a-fA-F-]{32,36}', user) and '0x' not in user,
          'its user is a uuid, no address of memory', contacts)

    wire = l.pbx.of_user('101')
    first_sub = [i for i, m in enumerate(wire) if m.method == 'SUBSCRIBE']
    ok = [i for i, m in enumerate(wire)
          if m.method == 'REGISTER' and m.status == 200]
    check(ok and first_sub and ok[0] < first_sub[0],
          'no SUBSCRIBE before the 200 to REGISTER')
    check(l.pbx.subscriptions('101') == len(l.pbx.spots),
          'one subscription a spot', l.pbx.subscriptions('101'))

    p.quit_expected = True
    code = p.stop()
    check(code == 0, '`quit` ends it with 0', code)
    wait_for(lambda: not l.pbx.contacts('101'),
             'the PBX has no contact of 101', 5,
             show=lambda: l.pbx.contacts('101'))
    wait_for(lambda: l.pbx.subscriptions('101') == 0,
             'the PBX has no subscription of 101', 5,
             show=lambda: l.pbx.subscriptions('101'))
    proves('contact and subscriptions are taken back on quit')

    p.start()
    p.registered()
    contacts = l.pbx.contacts('101')
    check(len(contacts) == 1 and user + '@' in contacts[0],
          'the same contact user after a restart', contacts)


def wrong_password(l):
    """a wrong password is said, and not tried again and again"""
    p = l.desk('101', password='wrong', register=False)
    p.wait(lambda s: re.match(r'40[13] ', s['accounts'][0]['reason']),
           'reason "401 …" or "403 …"', 15)
    check(not p.last['accounts'][0]['registered'],
          'status: not registered, "%s"' % p.last['accounts'][0]['reason'])

    def tries():
        return len([m for m in l.pbx.of_user('101')
                    if m.method == 'REGISTER' and not m.out])
    last = [tries(), time.monotonic()]

    def quiet():
        n = tries()
        if n != last[0]:
            last[:] = [n, time.monotonic()]
        return time.monotonic() - last[1] > 12
    wait_for(quiet, 'it gives up: no REGISTER for 12 s', 40, every=0.5,
             show=lambda: '%d REGISTERs' % tries())
    check(2 <= tries() <= 4, 'at most two attempts (%d REGISTERs, each '
          'attempt needs a challenge first)' % tries(), tries())
    check(not [m for m in l.pbx.wire() if m.method == 'SUBSCRIBE'],
          'no SUBSCRIBE was sent')
    check(re.match(r'40[13] ', p.status()['accounts'][0]['reason']),
          'the reason is still on show')
    lamps = p.last['lamps']
    check(lamps and all(l_['state'] == 'unknown' for l_ in lamps),
          'its lamps are unknown, not free')
    try:
        p.ctl('dial', '600')
        p.wait_no_calls(15)
        p.wait_message(r'40[13]')
    except lab.Refused:
        pass
    proves('a call is not possible, said: "%s"' % p.message())


def unknown_host(l):
    """a server that has no address: said, and the phone runs on"""
    p = l.phone('101', l.config('101', host='no-such-host.invalid'),
                tone=1150)
    p.wait(lambda s: s['accounts'] and s['accounts'][0]['reason']
           not in ('', 'registering'), 'a reason', 30)
    proves('reason: "%s"' % p.last['accounts'][0]['reason'])
    check(not p.last['accounts'][0]['registered'], 'not registered')
    stays(lambda: p.status() is not None, 'the phone answers', 1)


def pbx_down(l):
    """started before its PBX: it registers by itself once there is one"""
    l.pbx.stop()
    p = l.desk('101', register=False)
    stays(lambda: not p.status()['accounts'][0]['registered'],
          'not registered', 2)
    check(all(x['state'] == 'unknown' for x in p.last['lamps']),
          'its lamps are unknown')
    l.pbx.start()
    p.registered(70)
    for spot in l.pbx.spots:
        p.wait_lamp(spot, 'free')
    proves('registered, lamps free, without a key')


if __name__ == '__main__':
    lab.main(registers, wrong_password, unknown_host, pbx_down)
