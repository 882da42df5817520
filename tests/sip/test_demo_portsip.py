#!/usr/bin/env python3
"""Calls parked on extensions, told by park-info: the habits of PortSIP's
telephones. The body of park-info is not published and those of the built-in
PBX are invented; what is proved here is that the phone lives with any.
"""
import demo
from demo import ANNA, BORIS, ME, MUSIC, check, proves, stays, together

# What each maker's telephone lets a user do, row by row of the vendor's
# guide: with which key (said here in our own: p opens, a number and p or
# Enter parks there, p twice the group) and what shows a parked call. Each
# is told by another body, with or without the parker.
PHONES = (
    # maker        park to        group    retrieve         body
    ('Fanvil',      'p 102 p',     'p p',   'lamp, list',    ('xml',)),
    ('Yealink',     'p 102 Enter', 'p p',   'one press',     ('json',)),
    ('Grandstream', 'p 102 Enter', 'p p',   'one press',     ('lines',)),
    ('Snom',        'p 102 Enter', 'p p',   'lamp, list',    ('xml',
                                                              'nobody')),
    ('Dinstar',     'p 102 p',     'p p',   'one press',     ('json',
                                                              'nobody')),
    ('Htek',        'p 102 p',     'p p',   'one press',     ('lines',
                                                              'nobody')),
)


def desk(b, *told, **kw):
    p = b.desk('portsip', start=False, **kw)
    p.start()
    p.registered()
    p.wait_lamp(ME, 'unknown')      # nobody told us what was before
    p.wait_lamp('102', 'free')
    if told:
        p.demo('told', *told)
    return p


def parked(p):
    return p.status()['parked']


def wait_parked(p, n, what):
    p.wait(lambda s: len(s['parked']) == n, what)
    return parked(p)


def is_at(p, who, spot):
    return p.wait_row(who, 'waits at %s with music' % spot, place='parked',
                      spot=spot, hears=MUSIC)


def story(p, maker, to, group, retrieve, told):
    who_by = '' if 'nobody' in told else 'Carla Diaz'
    p.demo('told', *told)

    # to a colleague's extension
    p.talk(ANNA)
    p.ctl('park', '102')
    is_at(p, ANNA, '102')
    p.wait_no_calls()
    row, = wait_parked(p, 1, '%s: %s parks at an extension' % (maker, to))
    check((row['where'], row['who'], row['by'], row['retrieve']) ==
          ('102', ANNA[0], 'me', '*88102'), 'what is known of it', row)
    p.takes_back(ANNA, 'retrieve', '102')
    wait_parked(p, 0, 'and it is on no list any more')
    p.over()

    # for the group: all members are told, we are one
    p.talk(BORIS)
    p.ctl('park', 'group')
    is_at(p, BORIS, '102')
    p.wait_lamp(ME, 'parked')
    p.wait_no_calls()
    row, = wait_parked(p, 1, '%s: %s parks for the group' % (maker, group))
    check((row['where'], row['by']) == ('102', 'me'), 'the place that the '
          'PBX chose', row)
    p.takes_back(BORIS, 'retrieve')
    p.wait_lamp(ME, 'free')
    p.over()

    # a colleague parks for us
    p.demo('park', '103', *ANNA, ME)
    p.wait_lamp(ME, 'parked', who=ANNA[0])
    row, = wait_parked(p, 1, '%s: shown: %s' % (maker, retrieve))
    check((row['where'], row['who'], row['by'], row['retrieve']) ==
          (ME, ANNA[0], who_by, '*88101'), 'parked <- parker', row)
    p.takes_back(ANNA, 'spot', ME)
    p.wait_lamp(ME, 'free')
    p.over()
    print('   %-12s %-12s %-4s %-11s %s' % (maker, to, group, retrieve,
                                            ' '.join(told)))


def phones(b):
    """six makers' telephones: park at an extension, for the group, and
    take back what a colleague parked for us"""
    def run(rows):
        p = desk(b, name=rows[0][0])
        for row in rows:
            story(p, *row)
    together(*(lambda rows=PHONES[i::3]: run(rows) for i in range(3)))


def floor(b):
    """whatever the body says: 200, a lamp, and *88 takes the call"""
    for shape in 'opaque', 'empty':
        p = desk(b, shape, name=shape)
        p.demo('park', '103', *ANNA, ME)
        p.wait_lamp(ME, 'parked')
        row, = parked(p)
        check((row['where'], row['who'], row['retrieve']) == (ME, '', '*88'),
              'nothing is known but where', row)
        now = p.mark()
        p.ctl('retrieve')
        p.both_hear(ANNA, now)
        wait_parked(p, 0, 'it is over with the proof that we have him')
        p.over()


def mine(b):
    """parked on one's own extension: told, shown, taken back, once in the
    list though two know of it"""
    p = desk(b)
    p.talk(ANNA)
    p.ctl('park')
    is_at(p, ANNA, ME)
    p.wait_lamp(ME, 'parked')
    p.wait_no_calls()
    row, = wait_parked(p, 1, 'one row')
    check((row['by'], row['retrieve']) == ('me', '*88101'), 'by me', row)
    p.takes_back(ANNA, 'undo')
    p.wait_lamp(ME, 'free')
    p.over()


def several(b):
    """several calls on one extension: a row each; the PBX chooses who comes
    and the phone names nobody before it is told"""
    p = desk(b)
    p.demo('park', '103', *ANNA, ME)
    p.demo('park', '104', *BORIS, ME)
    rows = wait_parked(p, 2, 'two rows')
    check([r['who'] for r in rows] == [ANNA[0], BORIS[0]], 'by name', rows)
    check(len({r['call'] for r in rows}) == 2, 'told apart', rows)
    now = p.mark()
    p.ctl('retrieve', ME, rows[1]['call'])      # Boris is wished for
    p.both_hear(ANNA, now)                      # Anna waited longer
    p.wait_call('active', name=ANNA[0])
    row, = wait_parked(p, 1, 'one is left')
    check(row['who'] == BORIS[0], 'the right one', row)
    p.ctl('hangup')
    p.wait_no_calls()
    p.takes_back(BORIS, 'retrieve')
    p.wait_lamp(ME, 'free')
    p.refused('retrieve', ME, '99')
    p.over()


def leaves(b):
    """hung up while parked: told and cleared; where nobody tells, the call
    goes when the PBX's time is over, and a try tells that nobody waits"""
    p = desk(b)
    p.demo('park', '103', *ANNA, ME)
    p.wait_lamp(ME, 'parked', who=ANNA[0])
    p.demo('hangup', ANNA[1])
    p.wait_lamp(ME, 'free')
    wait_parked(p, 0, 'cleared')

    p.demo('told', 'json', 'forever')
    p.demo('park', '103', *BORIS, ME)
    p.wait_lamp(ME, 'parked', who=BORIS[0])
    p.demo('hangup', BORIS[1])
    stays(lambda: len(parked(p)) == 1, 'nobody told of it', 1.0)
    p.ctl('retrieve')
    p.wait_no_calls()
    p.demo('books')
    row, = parked(p)
    check(row['who'] == BORIS[0], 'a refusal alone proves nothing', row)


def lost(b):
    """the registration is lost: the lamp is stale, not free"""
    p = desk(b)
    p.demo('park', '103', *ANNA, ME)
    p.wait_lamp(ME, 'parked', who=ANNA[0])
    p.demo('fault', 'silent')
    p.ctl('resubscribe')
    l = p.wait_lamp(ME, 'stale', timeout=60.0)
    check(l['last'] == 'parked', 'what was last known stays', l)
    p.demo('fault', 'off')
    p.wait_lamp(ME, 'parked', timeout=60.0)


def refused(b):
    """a group that is not there, a park that fails: the caller stays"""
    p = desk(b)
    p.talk(ANNA)
    p.fault('sipfrag-603')
    p.ctl('park', '102')
    p.wait_call('active', peer=ANNA[1])
    p.both_hear(ANNA)
    wait_parked(p, 0, 'on no list')
    p.fault('off')
    p.ctl('park', '102')
    is_at(p, ANNA, '102')
    proves('none lost')


if __name__ == '__main__':
    demo.main(phones, floor, mine, several, leaves, lost, refused)
