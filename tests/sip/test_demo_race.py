#!/usr/bin/env python3
"""Two hands for one caller, or for one spot, on the built-in PBX."""
import demo
from demo import ANNA, CLARA, DORA, check, monotonic, proves, twice


def parked(p, spot='701'):
    p.demo('park', '103', *CLARA, spot)
    p.waits(CLARA, spot)


def lost(b):
    """a colleague was faster: told so, and the call before it is resumed"""
    p = b.desk()

    def story():
        p.talk(ANNA)
        parked(p)
        p.fault('lamps-late', 5000)     # the lamp still shows her
        p.demo('retrieve', '102', '701')
        then = monotonic()
        p.ctl('retrieve', '701')
        p.wait_row(ANNA, 'is held meanwhile', held=True)
        proves(p.told('701 was taken by another', then))
        p.both_hear(ANNA)
        check(not p.said('is back from', then), 'nobody claimed to be back')
        r = p.row(CLARA)
        check(r['with'] == '102' and r['place'] == 'talking',
              'Clara talks with the colleague', r)
        p.fault('off')
        p.over()
    twice(story)


def won(b):
    """we were faster: the colleague gets nobody, we have her"""
    p = b.desk()

    def story():
        parked(p)
        then = monotonic()
        p.ctl('retrieve', '701')
        p.wait_row('101', 'is on the way', fate='lives')
        try:
            p.demo('retrieve', '102', '701')
            raise demo.Failed('the colleague got her as well')
        except demo.Refused as e:
            proves('colleague: "%s"' % e)
        p.wait_call('active', peer=CLARA[1])
        p.both_hear(CLARA)
        check(not p.said('taken by another', then), 'not told to have lost')
        p.over()
    twice(story)


def gone_meanwhile(b):
    """she hung up a moment before: told, no call hangs around"""
    p = b.desk()

    def story():
        parked(p)
        p.fault('lamps-late', 5000)
        p.demo('hangup', CLARA[1])
        then = monotonic()
        p.ctl('retrieve', '701')
        proves(p.told('taken by another|no call was waiting', then))
        p.wait_no_calls()
        p.fault('off')
        p.over()
    twice(story)


def taken(b):
    """another was faster: on the lot the PBX takes the next spot; for a
    spot of one's own choice Asterisk says 503 and drops the caller"""
    p = b.desk(lines=['park *{spot}'])

    def story():
        p.talk(ANNA)
        p.fault('spot-raced')
        p.ctl('park')
        p.waits(ANNA, '702')
        p.wait_lamp('701', 'parked')
        p.wait_no_calls()
        p.demo('hangup', '0199')
        p.talk(DORA)
        then = monotonic()
        p.ctl('park', '703')
        proves(p.told('not parked: .*503', then))
        p.wait_row(DORA, 'is dropped by this PBX', fate='was dropped')
        check(not [x for x in p.status()['parked']
                   if x['who'] == DORA[0]], 'she is on no list')
        p.ctl('hangup')
        p.fault('off')
        p.over(dropped=1)
    twice(story)


if __name__ == '__main__':
    demo.main(lost, won, gone_meanwhile, taken)
