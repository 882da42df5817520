#!/usr/bin/env python3
"""A call is given to somebody, at once or after a word, on the built-in
PBX."""
import demo
from demo import ANNA, BORIS, MUSIC, monotonic, proves, twice


def given(p, who, ext):
    """The books: the two talk with each other and hear each other"""
    p.wait_row(who, 'talks with %s' % ext, place='talking', held=False,
               **{'with': ext})
    p.wait_row(who, 'hears %s' % ext, hears=p.row(ext)['plays'])


def at_once(b):
    """transfer: the caller talks with the colleague, we are out of it"""
    p = b.desk()

    def story():
        p.demo('colleague', '104', 'answer')
        p.talk(ANNA)
        p.ctl('transfer', '104')
        given(p, ANNA, '104')
        p.wait_no_calls()
        p.over()
    twice(story)


def refused(b):
    """busy or away: told why; this PBX has taken the caller over by then and
    drops him, nothing is left over. A number that it refuses at once: he
    is with us again"""
    p = b.desk()

    def try_it(where):
        p.talk(ANNA)
        then = monotonic()
        p.ctl('transfer', where)
        proves('"%s"' % p.told('not transferred', then, 20))

    def too_late(how):
        p.demo('colleague', '104', how)
        try_it('104')
        p.wait_row(ANNA, 'is dropped by the PBX', 20, fate='was dropped')
        p.over(dropped=1)

    def at_the_door():
        try_it('199')
        p.wait_call('active', peer=ANNA[1])
        p.both_hear(ANNA)
        p.over()

    twice(too_late, 'busy')
    twice(too_late, 'away')
    twice(at_the_door)


def after_a_word(b):
    """attended: the caller waits with music, we talk, the two are joined"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        now = p.mark()
        p.ctl('attended', '103')
        p.wait_row(ANNA, 'waits with music', held=True, hears=MUSIC)
        p.wait_call('active', peer='103')
        p.both_hear('103', now)
        p.ctl('attended')
        given(p, ANNA, '103')
        p.wait_no_calls()
        p.over()
    twice(story)


def word_refused(b):
    """the colleague is busy, or one goes back to the caller instead: he
    hears us again"""
    p = b.desk()

    def back(c):
        p.wait(lambda s: len(s['calls']) == 1, 'only the call with Anna')
        if p.calls()[0]['state'] == 'held':
            p.ctl('resume', c['id'])
        p.both_hear(ANNA)

    def story():
        p.demo('colleague', '103', 'busy')
        c = p.talk(ANNA)
        p.ctl('attended', '103')
        back(c)
        p.demo('colleague', '103', 'answer')

        now = p.mark()
        p.ctl('attended', '103')
        c2 = p.wait_call('active', peer='103')
        p.both_hear('103', now)
        p.ctl('hangup', c2['id'])
        p.wait_row('103', 'was hung up on', fate='was hung up on')
        back(c)
        p.over()
    twice(story)


def key(b):
    """a colleague's key: dials him; in a call a word first, or at once
    where that is wished"""
    p, q = b.desk(), b.desk(lines=['colleague blind'])

    def story():
        p.ctl('spot', '105')
        c = p.wait_call('active', peer='105')
        p.both_hear('105')
        p.ctl('hangup', c['id'])
        p.wait_no_calls()

        p.talk(ANNA)
        p.ctl('spot', '104')
        p.wait_row(ANNA, 'is held', held=True)
        p.wait_call('active', peer='104')
        p.ctl('attended')
        given(p, ANNA, '104')
        p.wait_no_calls()
        p.over()

        q.talk(BORIS)
        q.ctl('spot', '104')
        given(q, BORIS, '104')
        q.wait_no_calls()
        q.over()
    twice(story)


if __name__ == '__main__':
    demo.main(at_once, refused, after_a_word, word_refused, key)
