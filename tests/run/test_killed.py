#!/usr/bin/env python3
"""./run build, killed at one moment after the other: the next one puts all
right. And a build with nothing changed does no work."""
import glob
import os
import re
import subprocess
import time

import tree
from tree import Failed, check
from phone import proves, reap, wait_for


def until(t, p, what, seen, timeout=240):
    """Wait for that moment of a build; it must not be over before"""
    def probe():
        if p.poll() is not None:
            raise Failed('the build ended before: %s\n%s' % (what, t.said()))
        return seen()
    wait_for(probe, what, timeout, every=0.02, show=t.said)


def killed(t):
    """in the libraries, in the configuration, in the compilation"""
    source = tree.tarballs()
    objects = lambda *to: glob.glob(t.path('build', *to), recursive=True)
    go = lambda: t.start('build', PARKDECK_TARBALLS=source)

    p = go()
    until(t, p, 'half of libre is compiled',
          lambda: len(objects('deps-*', 're', 'build-*', '**', '*.o')) > 40)
    tree.kill_group(p)
    proves('killed while libre was compiled')

    p = go()
    until(t, p, 'cmake is at work',
          lambda: os.path.exists(t.path('build/release/.configuring')))
    check('building libre' in t.said(),
          'the next one builds the libraries anew')
    tree.kill_group(p)
    check(not os.path.exists(t.path('build/release/.configured')),
          'killed while cmake was at work')

    p = go()
    until(t, p, 'half of parkdeck is compiled',
          lambda: len(objects('release', '**', '*.o')) > 20)
    check('building libre' not in t.said() and
          'configuring parkdeck' in t.said(),
          'the next one keeps the libraries and configures anew')
    # only the script: what it has started works on and holds the lock
    p.kill()
    reap(p, 10)
    check(not os.path.exists(t.path('build/parkdeck')),
          'killed while parkdeck was compiled, the script alone')

    code, out = t.run('build', PARKDECK_TARBALLS=source)
    check(code == 0 and os.access(t.path('build/parkdeck'), os.X_OK),
          'the next one ends well: %s' % out.strip().split('\n')[-1], out)
    alien = [l for l in out.strip().split('\n') if not l.startswith('run: ')]
    check(not alien, 'without a word of the shell\'s', alien)
    p = subprocess.run([t.path('build/parkdeck'), '--version'],
                       capture_output=True, text=True)
    check(p.returncode == 0, 'the program runs: %s' % p.stdout.strip(),
          p.stderr)
    nothing_to_do(t)


def nothing_to_do(t):
    def work():     # each edge that ninja ran, each folder that was made
        with open(t.path('build/release/.ninja_log')) as f:
            # are there new files? that is asked each time
            done = sorted(l for l in f if 'cmake.verify_globs' not in l)
        return done, [os.stat(f).st_mtime_ns for f in [
            t.path('build/parkdeck'), t.path('build/release/.configured'),
            *glob.glob(t.path('build/deps-*/.done'))]]
    before = work()
    start = time.monotonic()
    code, out = t.run('build')
    took = time.monotonic() - start
    check(code == 0 and work() == before and
          not re.search(r'configuring|building libre|fetching', out),
          'again with nothing changed: no work done, %.2f s' % took, out)


if __name__ == '__main__':
    tree.main(killed)
