#!/usr/bin/env python3
"""Two phones against each other: callers are parked and taken back at
random, by both at once, round after round, and nobody is lost.

After each step the PBX's books and the caller's tone say where she is. A
round is one park and the retrieve that goes with it. PARKDECK_ROUNDS: how
many; PARKDECK_SEED: the same choices again.
"""
import os
import random
import threading
import time

import lab
from lab import CROWD, MUSIC, Failed, check, proves, wait_for

ROUNDS = int(os.environ.get('PARKDECK_ROUNDS') or 200)
SEED = int(os.environ.get('PARKDECK_SEED') or time.time_ns() % 1000000)
CALLERS = 6
IN_HAND = 3


class Room:
    """Who waits where; shared by the two"""

    def __init__(self, rounds):
        self.lock = threading.Lock()
        self.left = rounds
        self.waiting = {}       # bot: spot
        self.failed = None

    def take(self, rng):
        with self.lock:
            if not self.waiting:
                return None, None
            return self.waiting.popitem() if rng.random() < 0.5 else \
                self._oldest()

    def _oldest(self):
        bot = next(iter(self.waiting))
        return bot, self.waiting.pop(bot)

    def put(self, bot, spot):
        with self.lock:
            self.waiting[bot] = spot

    def round(self):
        with self.lock:
            if self.failed or self.left <= 0:
                return False
            self.left -= 1
            return True


class Hand:
    """A phone and the callers that it has"""

    def __init__(self, l, desk, room, seed):
        self.l, self.desk, self.room = l, desk, room
        self.rng = random.Random(seed)
        self.line = lab.Line(desk)
        desk.status = self.status       # no process for each look
        self.mine = {}                  # bot: id of her call
        self.parks = self.retrieves = 0

    def status(self):
        self.desk.last = self.line.ask('status')
        return self.desk.last

    def run(self):
        try:
            while self.step():
                pass
        except Exception as e:
            self.room.failed = self.room.failed or (
                '%s, after %d parks and %d retrieves: %s' % (
                    self.desk.name, self.parks, self.retrieves, e))

    def step(self):
        full = len(self.mine) >= IN_HAND
        if self.mine and (full or self.rng.random() < 0.5):
            if not self.room.round():
                return False
            self.park(self.rng.choice(list(self.mine)))
            return True
        bot, spot = self.room.take(self.rng)
        if bot:
            self.retrieve(bot, spot)
            return True
        if self.room.failed or self.room.left <= 0:
            return False
        if self.mine:
            return True
        time.sleep(0.05)                # the other one has them all
        return True

    def park(self, bot):
        self.in_ear(bot)
        id = self.mine.pop(bot)
        self.line.ask('park')
        spot = wait_for(lambda: self.l.pbx.where(bot),
                        'the PBX has %s parked' % bot.name, 20, every=0.1,
                        show=lambda: (self.l.pbx.parked(),
                                      self.desk.short()))
        lamp = self.desk.wait_lamp(spot, 'parked', 20)
        if lamp['who'] not in ('', bot.name):
            raise Failed('lamp %s bears the name of %s, not of %s' % (
                spot, lamp['who'], bot.name))
        # in the background by now, or gone
        self.desk.wait(lambda s: not [
            c for c in s['calls'] if c['id'] == id and
            c['state'] == 'active'], 'her leg is no active call', 20)
        self.parks += 1
        self.room.put(bot, spot)

    def retrieve(self, bot, spot):
        now = self.desk.mark()
        self.line.ask('retrieve', spot)
        c = self.desk.wait_call('active', 20, name=bot.name)
        self.mine[bot] = c['id']
        self.heard(bot, now)
        if self.l.pbx.where(bot):
            raise Failed('%s is heard, and parked in %s' % (
                bot.name, self.l.pbx.where(bot)))
        self.retrieves += 1

    def in_ear(self, bot):
        """She is the one who is heard"""
        id = self.mine[bot]
        if not [c for c in self.desk.calls() if c['id'] == id and
                c['state'] == 'active']:
            self.line.ask('resume', str(id))
        self.desk.wait_call('active', 20, id=id)

    def heard(self, bot, since):
        self.desk.hears(bot.tone, since, seconds=0.3, timeout=20,
                        of=[MUSIC])


def rounds(l):
    """at random, by two phones at once"""
    print('  PARKDECK_ROUNDS=%d PARKDECK_SEED=%d' % (ROUNDS, SEED))
    rng = random.Random(SEED)
    room = Room(ROUNDS)
    hands = [Hand(l, l.desk(ext), room, rng.random())
             for ext in ('101', '102')]
    bots = []
    for i, who in enumerate(CROWD[:CALLERS]):
        hand = hands[i % 2]
        bot = l.talk(hand.desk, who.key)
        hand.mine[bot] = bot.call_id
        bots.append(bot)

    start = time.monotonic()
    threads = [threading.Thread(target=h.run) for h in hands]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = time.monotonic() - start
    if room.failed:
        raise Failed(room.failed)
    parks = sum(h.parks for h in hands)
    check(parks == ROUNDS, '%d parks, %d retrieves, %.1f s' % (
        parks, sum(h.retrieves for h in hands), took), parks)

    # the books, and who is where
    there = {b: l.pbx.where(b) for b in bots}
    for b in bots:
        keepers = [h for h in hands if b in h.mine]
        if not b.alive() or bool(there[b]) == bool(keepers) or \
           there[b] != room.waiting.get(b):
            raise Failed('%s is where she was left' % b.name)
    # A leg lives until the PBX has spoken the spot's number into it. This
    # PBX speaks into one at a time: at this pace the last waits long, a
    # minute at most
    for h in hands:
        h.desk.wait(lambda s, h=h: len(s['calls']) == len(h.mine),
                    'no call is left over', 90)
    wait_for(lambda: l.pbx.bridges() == [2] * sum(len(h.mine)
                                                  for h in hands),
             'the PBX has those calls and no other', 20, every=0.2,
             show=l.pbx.bridges)
    check(len(l.pbx.parked()) == len(room.waiting),
          'the PBX: %d parked, %d in a call' % (
              len(room.waiting), len(l.pbx.bridges())), l.pbx.parked())
    lab.names_are_true(l, [h.desk for h in hands])

    # each one's tone at the one who has her
    for b in list(room.waiting):
        hands[0].retrieve(b, room.waiting.pop(b))
    for h in hands:
        for b in h.mine:
            h.in_ear(b)
            h.heard(b, h.desk.mark())
    check(not l.pbx.parked() and l.pbx.bridges() == [2] * CALLERS,
          'all %d callers are there and heard' % CALLERS,
          (l.pbx.parked(), l.pbx.bridges()))
    for h in hands:
        for id in h.mine.values():
            h.line.ask('hangup', str(id))
        h.desk.wait_no_calls()
    for b in bots:
        b.wait_gone()
    proves('seed %d: nobody was lost' % SEED)


if __name__ == '__main__':
    lab.main(rounds, spots=8, parktime=3600)
