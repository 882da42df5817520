#!/usr/bin/env python3
"""A call that rings at a colleague's is taken: by the PBX's code, or by an
INVITE with Replaces built from what the lamp's document tells (RFC 3891)."""
import peer
from peer import answer, check, proves, stays, wait_for

EARLY = '''<dialog id="d" call-id="%s" local-tag="%s" remote-tag="%s"
 direction="recipient"><state>early</state>
 <remote><identity display="Anna Berg">sip:5550101@127.0.0.1</identity>
 <target uri="sip:anna@127.0.0.1:%d"/></remote></dialog>'''


def ringing(b, lines=(), doc=None):
    """A desk whose colleague 102 rings; INVITEs are refused with 481"""
    p = b.desk(lines=['lamp 102;label="Boris"'] + list(lines))
    b.peer.handlers['INVITE'] = lambda req: answer(
        req, 481, 'Call/Transaction Does Not Exist')
    b.peer.handlers['ACK'] = lambda req: None
    p.wait_lamp('102', 'free')
    sub = b.peer.sub('102')
    sub.notify(peer.dialog_info('102', '', 1, inner=doc or EARLY % (
        'ab%c@host', 'their', 'caller', b.peer.port)).replace('%%', '%'))
    p.wait_lamp('102', 'ringing')
    return p


def invite(b, n=1):
    return wait_for(lambda: len(b.peer.got('INVITE')) >= n and
                    b.peer.got('INVITE')[n - 1], 'INVITE %d' % n)


def replaces(b):
    """no code is known: the caller is called, in the place of the
    colleague; the next call is an ordinary one"""
    p = ringing(b)
    p.ctl('spot', '102')
    m = invite(b)
    check(m['replaces'] == 'ab%c@host;to-tag=caller;from-tag=their',
          'Replaces: %s' % m['replaces'], m)
    check(m['require'] == 'replaces', 'Require: %s' % m['require'], m)
    check(m.user() == 'anna', 'to who calls', m)
    p.wait_message('cannot pick up the call for 102: .*not exist')
    p.wait_no_calls()
    p.ctl('dial', '103')
    m = invite(b, 2)
    check(m.user() == '103' and not m['replaces'] and not m['require'],
          'dialled: neither of both', m)


def by_code(b):
    """the PBX's code goes before"""
    p = ringing(b, ['pickup *8{ext}'])
    p.ctl('spot', '102')
    m = invite(b)
    check(m.user() == '*8102' and not m['replaces'], 'dialled *8102', m)


def unknown(b):
    """the document does not tell enough: said so, nothing is dialled"""
    p = ringing(b, doc='<dialog id="d" direction="recipient">'
                '<state>early</state></dialog>')
    said = p.refused('spot', '102')
    check('pickup' in said, 'told what to do')
    stays(lambda: not b.peer.got('INVITE'), 'nothing is dialled', 0.5)


def hostile(b):
    """tags that would be headers of their own are none"""
    p = ringing(b, doc=EARLY % ('a&#13;&#10;Evil: yes', 't;x=1', 'f',
                                b.peer.port))
    p.refused('spot', '102')
    stays(lambda: not b.peer.got('INVITE'), 'nothing is dialled', 0.5)
    proves('and the phone lives: %s' % p.lamp('102')['state'])


if __name__ == '__main__':
    peer.main(replaces, by_code, unknown, hostile)
