#!/usr/bin/env python3
"""Each profile on the built-in PBX in that system's manner: a call comes in,
is parked, shown, taken back, given back, gone; the PBX's books judge. What
nobody published is a mock of our own and proves nothing of the real system:
such rows are printed as "mock only".
"""
import json
import os
import subprocess

import demo
import phone
from demo import ANNA, BORIS, CLARA, ME, check, monotonic, proves, together

AT_ONCE = 6             # so many phones at the same time
RECALL_S = 6

# What is to be seen: the lot's first spot, one of the user's choice (None:
# impossible there), whether the documents name who is parked, the name that
# a call given back comes with
PERSONAL = ['broadworks']       # portsip has a test of its own
ROWS = {
    'asterisk':        dict(first='701', spot=None),
    'asterisk-spots':  dict(first='701', spot='704'),
    'freepbx':         dict(first='71', spot=None),
    'freeswitch':      dict(first='6001', spot='6004'),
    'fusionpbx':       dict(first='*5901', spot='*5904',
                            recall='park#{who}'),
    '3cx':             dict(first='0', spot='4'),
    'yeastar':         dict(first='6000', spot='6004'),
    'grandstream-ucm': dict(first='701', spot=None),
    'kazoo':           dict(first='201', spot='204',
                            recall='Parking slot {at}'),
    'vodia':           dict(first='71', spot='74'),
    'generic':         dict(first='701', spot='704', told=True),
}


def profiles():
    out = subprocess.run([phone.PARKDECK, 'profiles', '--json'], check=True,
                         stdout=subprocess.PIPE).stdout
    return {p['name']: p for p in json.loads(out)}


def ends(p, who):
    """We hang up"""
    p.ctl('hangup', p.wait_call('active', peer=who[1])['id'])
    p.wait_row(who, 'is gone', fate='was hung up on')
    p.wait_no_calls()


def parked_at(p, who):
    """Parked by the books; where"""
    return p.wait_row(who, 'is parked', place='parked')['spot']


def park_and_back(p, prof, row):
    """At a place that lot or phone choose, at one of the user's choice, and
    taken back from there; the caller is named all the time"""
    p.talk(ANNA)
    then = monotonic()
    p.ctl('park')
    at = parked_at(p, ANNA)
    if prof['lot']:
        check(at == row['first'], '%s: the lot chose %s' % (p.name, at), at)
    p.waits(ANNA, at)
    p.told('Anna Berg is parked at ' + demo.re.escape(at), then)
    p.wait_lamp(at, 'parked', who=ANNA[0])
    p.wait_no_calls()
    p.agree()

    p.talk(BORIS)
    if row['spot']:
        if not prof['several']:
            p.refused('park', at)
            p.both_hear(BORIS)
        p.ctl('park', row['spot'])
        p.waits(BORIS, row['spot'])
        p.wait_no_calls()
        p.agree()
        p.takes_back(BORIS, 'undo')
    else:
        # a bare spot would lose the caller
        p.refused('park', row['first'][:-1] + '4')
        p.both_hear(BORIS)
    ends(p, BORIS)
    p.takes_back(ANNA, 'retrieve', at)
    p.agree()
    return at


def gone(p):
    """The caller hangs up while parked: the lamp, the list"""
    p.ctl('park')
    at = parked_at(p, ANNA)
    p.waits(ANNA, at)
    p.wait_no_calls()
    p.demo('hangup', ANNA[1])
    p.wait_lamp(at, 'free')
    p.agree()
    check(not p.status()['parked'], 'hung up while parked: on no list',
          p.short())


def colleagues(p, row):
    """Parked by somebody else: no name is invented; a race is lost
    without harm"""
    at = row['spot'] or row['first']
    p.demo('park', '102', *CLARA, at)
    l = p.wait_lamp(at, 'parked')
    if row.get('told'):
        l = p.wait_lamp(at, 'parked', who=CLARA[0])
    check(l['who'] in ('', CLARA[0], CLARA[1]),
          '%s: %s' % (p.name, 'the document names the caller' if l['who']
                      else 'the document names nobody, nor does the lamp'),
          l)
    p.takes_back(CLARA, 'spot', at)
    p.agree()
    ends(p, CLARA)
    return bool(l['who'])


def several(p, row):
    """More than one at a spot: first come, first served"""
    at = row['spot']
    p.demo('park', '102', *CLARA, at)
    p.wait_lamp(at, 'parked')
    p.talk(ANNA)
    p.ctl('park', at)
    p.wait_row(ANNA, 'is behind her', place='parked', spot=at)
    p.wait_no_calls()
    p.takes_back(CLARA, 'retrieve', at)
    ends(p, CLARA)
    p.wait_lamp(at, 'parked')
    p.takes_back(ANNA, 'retrieve', at)
    p.wait_lamp(at, 'free')


def recall(p, row):
    """Forgotten: it rings again, whatever name the PBX gives it"""
    p.talk(ANNA)
    p.ctl('park')
    at = parked_at(p, ANNA)
    p.wait_lamp(at, 'parked')
    p.wait_no_calls()
    c = p.wait_call('incoming', 30, peer=ANNA[1])
    check(c['name'] == row.get('recall', '{who}').format(who=ANNA[0], at=at),
          '%s: it rings again, as "%s"' % (p.name, c['name']), c)
    p.ctl('answer', c['id'])
    r = p.both_hear(ANNA)
    check(r['recalled'] == 1, '%s: given back, by the books' % p.name, r)
    p.agree()


def story(b, name, prof, row, results):
    p = b.desk(name, name=name)
    at = park_and_back(p, prof, row)
    gone(p)
    who = colleagues(p, row)
    if prof['several']:
        several(p, row)
    p.over()
    p.stop()
    results[name] = (at, 'named' if who else 'not named')


def personal(b, name, results):
    """Parked on extensions, one's own and a colleague's"""
    p = b.desk(name, name=name)
    p.wait_lamp(ME, 'free')

    def parked(where, *command):
        p.ctl('park', *command)
        p.wait_row(ANNA, 'is parked', place='parked', spot=where)
        p.wait_no_calls()

    p.talk(ANNA)
    parked(ME)
    p.wait_lamp(ME, 'parked', who=ANNA[0])
    p.agree()
    p.takes_back(ANNA, 'retrieve')
    p.wait_lamp(ME, 'free')
    parked('103', '103')
    p.takes_back(ANNA, 'retrieve', '103')
    ends(p, ANNA)

    # by somebody else, for us: the document names her
    p.demo('park', '102', *CLARA, ME)
    p.wait_lamp(ME, 'parked', who=CLARA[0])
    p.takes_back(CLARA, 'retrieve')
    p.agree()
    ends(p, CLARA)
    p.demo('park', '102', *CLARA, ME)
    p.wait_lamp(ME, 'parked')
    p.demo('hangup', CLARA[1])
    p.wait_lamp(ME, 'free')
    p.over()
    p.stop()
    results[name] = (ME, 'named')


def forgotten(b, name, row):
    p = b.desk(name, opts=['--park-time', RECALL_S], name=name + '-recall')
    recall(p, row)
    p.over()
    p.stop()


def everyone(b):
    """park, lamp, name, retrieve, identity, hang-up, recall: each profile in
    its own manner"""
    known = profiles()
    results = {}
    missing = set(known) - set(ROWS) - set(PERSONAL) - {'portsip'}
    check(not missing, 'no profile is left out', missing)

    jobs = [lambda n=n: story(b, n, known[n], ROWS[n], results)
            for n in ROWS]
    jobs += [lambda n=n: personal(b, n, results)
             for n in PERSONAL]
    jobs += [lambda n=n: forgotten(b, n, ROWS.get(n, {}))
             for n in list(ROWS) + PERSONAL]
    jobs.reverse()

    def worker():
        while jobs:
            jobs.pop()()
    together(*[worker] * AT_ONCE)

    print('  %-16s %-8s %-22s %s' % ('profile', 'parked', 'caller, by the '
                                     'document', 'proof'))
    for n in results:
        at, who = results[n]
        print('  %-16s %-8s %-22s %s' % (
            n, at, who, 'mock only' if known[n]['untested'] else
            known[n]['source']))
    proves('%d profiles, %d of them mock only' % (
        len(results), sum(known[n]['untested'] for n in results)))


def samples(b):
    """what `parkdeck profiles` prints: 80 columns, and each sample is a
    configuration without a mistake"""
    def run(*args):
        return subprocess.run([phone.PARKDECK, *args], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    known = profiles()
    table = run('profiles').stdout
    for name, prof in known.items():
        check(('untested' in next(
            l for l in table.splitlines() if l.split()[:1] == [name])) ==
            prof['untested'], '%s: a row of the table' % name, table)
        text = run('profiles', name).stdout
        wide = [l for l in (table + text).splitlines() if len(l) > 80]
        check(not wide and ('(untested)' in text) == prof['untested'],
              '%s: explained in 80 columns' % name, (wide, text))
        home = os.path.join(b.root, name)
        os.mkdir(home)
        path = os.path.join(home, 'config')
        with open(path, 'w') as f:
            os.chmod(path, 0o600)
            f.write('\n'.join(l.strip() for l in text.split(
                'A configuration:')[1].splitlines()) + '\n')
        got = run('check', '-f', home)
        check(got.returncode == 0, '%s: its sample is right' % name,
              got.stdout)
    got = run('profiles', 'nobody')
    check(got.returncode == 2 and all(n in got.stdout for n in known),
          'an unknown name: told which there are', got.stdout)


if __name__ == '__main__':
    demo.main(samples, everyone)
