#!/usr/bin/env python3
"""Lamps against notifiers of every temper (RFC 6665, RFC 4235)."""
import re
import time

import peer
from peer import (answer, check, dialog_info, proves, stays, wait_for)


def follows(b):
    """free, parked, free; each NOTIFY is answered 200"""
    p = b.desk(spots='701-702')
    p.wait_lamp('701', 'free')
    p.wait_lamp('702', 'free')
    req = b.peer.got('SUBSCRIBE', user='701')[0]
    check(req['event'] == 'dialog' and
          'application/dialog-info+xml' in req['accept'] and
          60 <= int(req['expires']) <= 300,
          'SUBSCRIBE: Event dialog, Expires %s' % req['expires'], req.text)
    sub = b.peer.sub('701')
    for word, state in (('confirmed', 'parked'), ('terminated', 'free'),
                        ('early', 'parked'), ('terminated', 'free')):
        cseq = sub.notify(word)
        check(sub.answered(cseq) == 200, '%s: 200' % word)
        p.wait_lamp('701', state)
    check(p.lamp('702')['state'] == 'free', '702 stayed free')
    cseq = sub.notify(dialog_info('701', '', sub.version, inner=''))
    sub.version += 1
    check(sub.answered(cseq) == 200, 'a document without a dialog: 200')
    p.wait_lamp('701', 'free')


def challenged(b):
    """SUBSCRIBE is challenged with 401, each with a nonce of its own, and
    nothing says that the one tried before was stale"""
    nonces = {}

    def subscribe(req):
        if not peer.digest_ok(req, nonces.get(req['call-id'], '')):
            nonces[req['call-id']] = 'n%d' % len(b.peer.got('SUBSCRIBE'))
            return answer(req, 401, 'Unauthorized', [
                'WWW-Authenticate: Digest realm="%s", nonce="%s", '
                'algorithm=MD5, qop="auth"' % (
                    peer.REALM, nonces[req['call-id']])])
        return b.peer.subscribe(req)
    b.peer.handlers['SUBSCRIBE'] = subscribe
    p = b.desk(spots='701-730')
    for n in range(701, 731):
        p.wait_lamp(str(n), 'free')
    n = len(b.peer.got('SUBSCRIBE'))
    check(n <= 90, '30 lamps live with %d SUBSCRIBEs' % n)


def refused_with(code, phrase, headers=(), few=3):
    def case(b):
        b.peer.handlers['SUBSCRIBE'] = lambda req: answer(
            req, code, phrase, headers)
        p = b.desk(spots='701')
        p.wait(lambda s: s['lamps'][0]['reason'], 'a reason')
        l = p.lamp('701')
        check(l['state'] == 'unknown' and str(code) in l['reason'],
              'lamp unknown: "%s"' % l['reason'], l)
        stays(lambda: len(b.peer.got('SUBSCRIBE')) <= few,
              'no hammering', 4, show=b.peer.got)
        check(p.status()['accounts'][0]['registered'],
              'the account is registered all the same')
    case.__name__ = 'subscribe_%d' % code
    case.__doc__ = 'SUBSCRIBE is refused with %d %s' % (code, phrase)
    return case


def too_brief(b):
    """423 without Min-Expires, as Asterisk says it: asked for longer"""
    asked = []

    def subscribe(req):
        asked.append(int(req['expires']))
        if req['expires'] != '0' and int(req['expires']) < 900:
            return answer(req, 423, 'Interval Too Brief')
        return b.peer.subscribe(req)
    b.peer.expires = 7200
    b.peer.handlers['SUBSCRIBE'] = subscribe
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free', 30)
    check(asked[-1] >= 900 and len(asked) <= 8,
          'asked for %s s' % ', '.join(map(str, asked)), asked)


def too_brief_with_min(b):
    """423 with Min-Expires: that is asked for"""
    asked = []

    def subscribe(req):
        asked.append(int(req['expires']))
        if req['expires'] != '0' and int(req['expires']) < 900:
            return answer(req, 423, 'Interval Too Brief',
                          ['Min-Expires: 900'])
        return b.peer.subscribe(req)
    b.peer.expires = 7200
    b.peer.handlers['SUBSCRIBE'] = subscribe
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    check(asked[1] == 900, 'asked for 900 s', asked)


def gone_at_refresh(b):
    """481 to a refresh: subscribed anew, with a new Call-ID, by itself"""
    b.peer.expires = 8
    b.peer.lamps['701'] = 'confirmed'
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    old = b.peer.sub('701')
    old.over = True             # the server has forgotten it
    new = wait_for(lambda: [s for s in b.peer.subs if s is not old],
                   'a new subscription', 20)[0]
    check(new.call_id != old.call_id, 'a new Call-ID')
    seen = [m for m in b.peer.sent() if m.status == 481]
    check(seen, 'the refresh had been answered 481')
    p.wait_lamp('701', 'parked')


def refreshed(b):
    """a short subscription is renewed in its dialog and keeps its state"""
    b.peer.expires = 6
    b.peer.lamps['701'] = 'confirmed'
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    wait_for(lambda: len(b.peer.got('SUBSCRIBE')) >= 3, 'two renewals', 20)
    check(len(b.peer.subs) == 1 and p.lamp('701')['state'] == 'parked' and
          not p.said('"spot":"701".*"state":"(stale|unknown)".*"since_s":'
                     '[1-9]'),
          'one subscription, renewed, still parked')


def notify_first(b):
    """NOTIFY before the 200 of its SUBSCRIBE: taken (RFC 6665 4.1.2.4)"""
    def subscribe(req):
        sub = peer.Subscription(b.peer, req, 300)
        b.peer.subs.append(sub)
        sub.notify('confirmed')
        time.sleep(0.3)
        b.peer.send(answer(req, 200, 'OK', [
            'Expires: 300', 'Contact: <sip:127.0.0.1:%d>' % b.peer.port],
            tag=sub.tag()), req.src)
        return None
    b.peer.handlers['SUBSCRIBE'] = subscribe
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    wait_for(lambda: [m for m in b.peer.got('NOTIFY', status=True)
                      if m.status == 200], 'NOTIFY is answered 200')
    stays(lambda: p.lamp('701')['state'] == 'parked' and
          len(b.peer.got('SUBSCRIBE')) == 1, 'it lasts', 2, show=p.short)


def no_notify(b):
    """200 and then no NOTIFY: unknown, never free; asked anew after Timer
    N"""
    def subscribe(req):
        sub = b.peer.find_sub(req)
        if not sub:
            sub = peer.Subscription(b.peer, req, 300)
            b.peer.subs.append(sub)
        return answer(req, 200, 'OK', [
            'Expires: %s' % req['expires'],
            'Contact: <sip:127.0.0.1:%d>' % b.peer.port], tag=sub.tag())
    b.peer.handlers['SUBSCRIBE'] = subscribe
    p = b.desk(spots='701')
    wait_for(lambda: b.peer.got('SUBSCRIBE'), 'SUBSCRIBE')
    stays(lambda: p.lamp('701')['state'] == 'unknown', 'unknown', 3,
          show=p.short)
    first = b.peer.got('SUBSCRIBE')[0]['call-id']
    b.peer.handlers['SUBSCRIBE'] = b.peer.subscribe
    p.wait_lamp('701', 'free', 60)
    check([m for m in b.peer.got('SUBSCRIBE') if m['call-id'] != first],
          'by a subscription of another Call-ID')


def ended_by_server(b):
    """NOTIFY terminated: stale at once; deactivated: subscribed anew at
    once; probation: after retry-after"""
    b.peer.lamps['701'] = b.peer.lamps['702'] = 'confirmed'
    p = b.desk(spots='701-702')
    p.wait_lamp('701', 'parked')
    p.wait_lamp('702', 'parked')
    one, two = b.peer.sub('701'), b.peer.sub('702')
    one.over = two.over = True
    at = time.monotonic()
    check(one.answered(one.notify('confirmed',
                                  'terminated;reason=deactivated')) == 200,
          'answered 200')
    two.notify('confirmed', 'terminated;reason=probation;retry-after=5')
    p.wait_lamp('702', 'stale', 2)
    proves('702 is stale')
    new = b.peer.sub('701', 4)
    check(new is not one, '701 subscribed anew after %.1f s' % (
        time.monotonic() - at))
    p.wait_lamp('701', 'parked')
    new = b.peer.sub('702', 12)
    wait = time.monotonic() - at
    check(4.5 <= wait <= 11, '702 after %.1f s, as retry-after=5 asks' %
          wait, wait)
    p.wait_lamp('702', 'parked')


def rejected_by_server(b):
    """NOTIFY terminated;reason=rejected: stale with a reason, no hammering"""
    b.peer.lamps['701'] = 'confirmed'
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    sub = b.peer.sub('701')
    sub.over = True
    sub.notify('confirmed', 'terminated;reason=rejected')
    l = p.wait_lamp('701', ('stale', 'unknown'))
    check('reject' in l['reason'], 'reason: "%s"' % l['reason'], l)
    n = len(b.peer.got('SUBSCRIBE'))
    stays(lambda: len(b.peer.got('SUBSCRIBE')) <= n + 1, 'no hammering', 5)


def garbage(b):
    """a body that is none: the lamp keeps its last state, as stale, and
    lives on with the next good one"""
    b.peer.lamps['701'] = 'confirmed'
    p = b.desk(spots='701')
    p.wait_lamp('701', 'parked')
    rows = (
        # what is wrong                    body
        ('no XML', 'this is no XML'),
        ('cut off', dialog_info('701', 'confirmed', 50)[:90]),
        ('another root', '<?xml version="1.0"?><presence/>'),
        ('a DTD', '<!DOCTYPE x [<!ENTITY e "terminated">]>' +
         dialog_info('701', 'terminated', 51)[39:].replace(
             'terminated', '&e;')),
    )
    for n, (what, body) in enumerate(rows):
        # asked again, the notifier has nothing better
        b.peer.lamps['701'] = body
        asked = len(b.peer.got('SUBSCRIBE'))
        sub = b.peer.sub('701')
        code = sub.answered(sub.notify(body))
        l = p.wait_lamp('701', 'stale', 5)
        check(l.get('last', 'parked') == 'parked' and l['reason'],
              'row %d, %s: answered %d; stale ("%s"), was parked' % (
                  n, what, code, l['reason']), l)
        stays(lambda: len(b.peer.got('SUBSCRIBE')) <= asked + 3 and
              p.lamp('701')['state'] == 'stale', 'no hammering', 1.5,
              show=p.short)
        b.peer.lamps['701'] = 'confirmed'
        wait_for(lambda: (b.peer.sub('701').notify('confirmed'),
                          p.lamp('701')['state'] == 'parked')[1],
                 'row %d: parked by the next good one' % n, 10, every=0.5,
                 show=p.short)


def hostile(b):
    """bytes that would hurt a screen or a parser: shown harmless, no crash"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    sub = b.peer.sub('701')
    name = 'A\u009b31m\u202eB&#27;[2J' + 'x' * 3000
    inner = ('<dialog id="701" direction="recipient"><state>confirmed'
             '</state><remote><identity display="%s">sip:1@x</identity>'
             '</remote></dialog>' % name.replace('&#27;', ''))
    sub.answered(sub.notify(dialog_info('701', '', 1000, inner=inner)))
    p.wait_lamp('701', ('parked', 'stale'))
    text = str(p.status())
    check(not re.search('[\x00-\x1f\x7f-\x9f\u202a-\u202e]', text),
          'no control character in status')
    big = ''.join('<dialog id="d%d"><state>confirmed</state></dialog>' % i
                  for i in range(900))
    cseq = sub.notify(dialog_info('701', '', 1001, inner=big))
    check(sub.answered(cseq) in (200, 400, 413, 500, 513),
          'a document of %d bytes is answered' % len(big))
    sub.notify('x', extra=['X-Long: ' + 'y' * 7000])
    check(p.status() is not None, 'the phone lives')
    wait_for(lambda: (b.peer.sub('701').notify('terminated'),
                      p.lamp('701')['state'] == 'free')[1],
             'free by the next good one', 10, every=0.5, show=p.short)


def partial(b):
    """partial documents change only what they name; a gap in the versions
    is asked about"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    sub = b.peer.sub('701')

    def doc(version, full, *dialogs):
        return dialog_info('701', '', version, full, ''.join(
            '<dialog id="%s"><state>%s</state></dialog>' % d
            for d in dialogs))
    sub.notify(doc(10, True, ('a', 'confirmed'), ('b', 'confirmed')))
    p.wait_lamp('701', 'parked')
    sub.answered(sub.notify(doc(11, False, ('a', 'terminated'))))
    check(p.lamp('701')['state'] == 'parked', 'one of two ended: parked')
    sub.notify(doc(12, False, ('b', 'terminated')))
    p.wait_lamp('701', 'free')
    proves('the other too: free')
    b.peer.lamps['701'] = doc(30, True, ('c', 'confirmed'))
    n = len(b.peer.got('SUBSCRIBE'))
    sub.notify(doc(15, False, ('c', 'confirmed')))
    wait_for(lambda: len(b.peer.got('SUBSCRIBE')) > n,
             'a gap of versions: asked for the full state', 5)
    p.wait_lamp('701', 'parked')


def late_and_repeated(b):
    """an old NOTIFY does not paint; a repeated one gets the same answer"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    sub = b.peer.sub('701')
    b.peer.lamps['701'] = 'confirmed'
    cseq = sub.notify()
    check(sub.answered(cseq) == 200, '200')
    p.wait_lamp('701', 'parked')
    # the same again, byte by byte
    again = [m for m in b.peer.sent('NOTIFY')][-1]
    n = len(b.peer.got('NOTIFY', status=True))
    b.peer.send(again.text, again.src)
    wait_for(lambda: len(b.peer.got('NOTIFY', status=True)) > n,
             'the repeat is answered')
    check(b.peer.got('NOTIFY', status=True)[-1].status == 200,
          'with 200 as well')
    # one that was sent before and arrives late
    sub.notify(dialog_info('701', 'terminated', 0), cseq=cseq - 1)
    stays(lambda: p.lamp('701')['state'] == 'parked', 'the late one does '
          'not paint', 1.5, show=p.short)
    b.peer.lamps['701'] = 'terminated'
    sub.notify()
    p.wait_lamp('701', 'free')


def restarted_notifier(b):
    """a CSeq that jumps far back: the notifier was restarted, subscribed
    anew"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    old = b.peer.sub('701')
    old.cseq += 50000
    old.answered(old.notify('terminated'))
    old.over = True
    b.peer.lamps['701'] = 'confirmed'
    old.notify('confirmed', cseq=3)
    new = wait_for(lambda: [s for s in b.peer.subs if s is not old],
                   'a new subscription', 8)[0]
    check(new.call_id != old.call_id, 'with a new Call-ID')
    p.wait_lamp('701', 'parked')


def unsolicited(b):
    """a NOTIFY that nobody asked for: 481 or 489, no lamp changes"""
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    sub = b.peer.sub('701')
    fake = peer.Subscription.__new__(peer.Subscription)
    fake.__dict__.update(sub.__dict__)
    fake.call_id = 'nobody-knows-me'
    b.peer.subs.append(fake)
    fake.over = True
    code = fake.answered(fake.notify('confirmed'))
    check(code in (481, 489), 'answered %d' % code, code)
    check(p.lamp('701')['state'] == 'free', 'still free')


def no_contact(b):
    """200 to SUBSCRIBE, and NOTIFY, without Contact: the lamp lives"""
    b.peer.expires = 8
    text = b.peer.send

    def without(msg, addr):
        text(re.sub('\r\nContact: [^\r]*', '', msg), addr)
    b.peer.send = without
    b.peer.handlers['REGISTER'] = lambda req: b.peer.accept(
        req, contact=False, expires=300)
    p = b.desk(spots='701')
    p.wait_lamp('701', 'free')
    b.peer.lamps['701'] = 'confirmed'
    b.peer.sub('701').notify('confirmed')
    p.wait_lamp('701', 'parked')
    wait_for(lambda: len(b.peer.got('SUBSCRIBE')) >= 2, 'a renewal', 12)
    stays(lambda: p.lamp('701')['state'] == 'parked', 'it lasts', 1.5,
          show=p.short)
    proves('free, parked, renewed, still parked')


def extensions(b):
    """a colleague's lamp: ringing, busy, free"""
    p = b.desk(lines=['lamp 102;label="Anna"'])
    p.wait_lamp('102', 'free')
    check(p.lamp('102')['label'] == 'Anna', 'label Anna')
    sub = b.peer.sub('102')
    for word, state in (('early', 'ringing'), ('confirmed', 'busy'),
                        ('terminated', 'free'), ('confirmed', 'busy')):
        sub.notify(word)
        p.wait_lamp('102', state)
        proves('%s: %s' % (word, state))
    check(not p.status()['parked'], 'a busy colleague is no parked call',
          p.last['parked'])


def unsubscribes(b):
    """quit takes the subscriptions back"""
    p = b.desk(spots='701-703')
    for n in ('701', '702', '703'):
        p.wait_lamp(n, 'free')
    p.quit_expected = True
    check(p.stop() == 0, 'quit')
    zero = [m for m in b.peer.got('SUBSCRIBE') if m['expires'] == '0']
    check({m['call-id'] for m in zero} == {s.call_id for s in b.peer.subs},
          'each was ended with Expires: 0', zero)


if __name__ == '__main__':
    peer.main(follows, challenged, refused_with(404, 'Not Found'),
              refused_with(489, 'Bad Event'),
              refused_with(403, 'Forbidden'), too_brief,
              too_brief_with_min, gone_at_refresh, refreshed, notify_first,
              ended_by_server, rejected_by_server, garbage, hostile, partial,
              late_and_repeated, restarted_notifier, unsolicited, no_contact,
              extensions,
              unsubscribes, no_notify)
