"""A parkdeck without a screen, for the suites that talk to it from outside
(sip, pbx, e2e): started with a folder of its own, driven through
`parkdeck ctl`, listened to through its recording. Standard library only.

Also what every such test needs: waiting with a deadline, free ports, a list
of processes that is empty at the end whatever happens, and a runner.
"""
import atexit
import fcntl
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from tone import Recording

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE_DIR = os.environ.get('SOURCE_DIR') or os.path.dirname(
    os.path.dirname(HERE))
BUILD_DIR = os.environ.get('BUILD_DIR') or os.path.join(SOURCE_DIR, 'build')
PARKDECK = os.environ.get('PARKDECK') or os.path.join(BUILD_DIR, 'parkdeck')

# all deadlines are multiplied with it: sanitizers and slow machines
PATIENCE = float(os.environ.get('PARKDECK_TEST_PATIENCE', '1'))

SKIPPED = 77


class Failed(Exception):
    """The test's verdict; anything else that is raised is a broken test"""


class Skip(Exception):
    """Not possible on this machine"""


# -- waiting ---------------------------------------------------------------

def wait_for(probe, what, timeout=10.0, every=0.05, show=None):
    """Call probe until it returns something true; that is the result"""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        got = probe()
        if got:
            return got
        if time.monotonic() > end:
            more = ''
            if show:
                try:
                    more = '\n      last seen: %s' % (show(),)
                except Exception as e:      # the verdict matters more
                    more = '\n      (and: %s)' % e
            raise Failed('not within %g s: %s%s' % (
                timeout * PATIENCE, what, more))
        time.sleep(every)


def stays(probe, what, seconds, every=0.1, show=None):
    """Call probe for that long; it must be true each time"""
    end = time.monotonic() + seconds
    while True:
        if not probe():
            more = '\n      seen: %s' % (show(),) if show else ''
            raise Failed('did not last for %g s: %s%s' % (
                seconds, what, more))
        if time.monotonic() > end:
            return
        time.sleep(every)


def check(cond, text, seen=None):
    """A claim that the test makes; printed when it holds"""
    if not cond:
        raise Failed(text + ('' if seen is None else
                             '\n      seen: %s' % (seen,)))
    proves(text)


_t0 = time.monotonic()


def proves(text):
    print('  %6.2f  %s' % (time.monotonic() - _t0, text), flush=True)


# -- processes -------------------------------------------------------------

_running = []


_orders = queue.Queue()
_starter = None


def _start_all():
    while True:
        argv, kw, done = _orders.get()
        try:
            done.append(subprocess.Popen(argv, **kw))
        except BaseException as e:
            done.append(e)
        done[0].set()


def spawn(argv, **kw):
    """As Popen; the process is killed when we end, even by SIGKILL

    The kernel sends that signal when the *thread* that started the process
    ends, so one thread that never ends starts them all.
    """
    global _starter
    if _starter is None:
        _starter = threading.Thread(target=_start_all, daemon=True)
        _starter.start()
    done = [threading.Event()]
    _orders.put((['setpriv', '--pdeathsig', 'KILL', '--'] + argv,
                 dict(kw, start_new_session=True), done))
    done[0].wait()
    p = done[1]
    if isinstance(p, BaseException):
        raise p
    _running.append(p)
    return p


def reap(p, timeout=5.0):
    """Wait for its end, else kill it; its exit code, None if killed"""
    code = None
    try:
        code = p.wait(timeout)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
    if p in _running:
        _running.remove(p)
    return code


@atexit.register
def _kill_all():
    for p in list(_running):
        if p.poll() is None:
            p.kill()
            p.wait()
    del _running[:]


def _on_signal(num, frame):
    raise SystemExit(128 + num)


# -- ports -----------------------------------------------------------------

PORTS_FIRST, PORTS_STEP, PORTS_BLOCKS = 21000, 400, 27
_locks = []


def _free(port):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as s:
            try:
                s.bind(('127.0.0.1', port))
            except OSError:
                return False
    return True


def port_block(n=PORTS_STEP):
    """First of n ports that are free and ours until port_release()

    Outside of the range that the kernel gives out by itself and of the
    phone's RTP range; a file lock keeps two tests from taking the same. If
    all are taken, until one is given back.
    """
    return wait_for(lambda: _port_block(n), '%d free ports in a row' % n, 60)


def _port_block(n):
    d = os.path.join(tempfile.gettempdir(),
                     'parkdeck-test-ports-%d' % os.getuid())
    os.makedirs(d, mode=0o700, exist_ok=True)
    blocks = list(range(PORTS_BLOCKS))
    random.shuffle(blocks)
    for b in blocks:
        f = open(os.path.join(d, str(b)), 'w')
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            f.close()
            continue
        first = PORTS_FIRST + b * PORTS_STEP
        if all(_free(first + i) for i in range(n)):
            _locks.append((first, f))
            return first
        f.close()
    return None


def port_release(first):
    for entry in list(_locks):
        if entry[0] == first:
            entry[1].close()
            _locks.remove(entry)


# -- the phone -------------------------------------------------------------

class Refused(Exception):
    """parkdeck ctl ended with 1; the text is its reason"""


class Phone:
    """One parkdeck --headless"""

    def __init__(self, root, name, config, tone=None, record=True):
        """config: its lines; sound and the log are added"""
        self.name = name
        self.root = os.path.join(root, name)
        self.dir = os.path.join(self.root, 'conf')
        self.run_dir = os.path.join(self.root, 'run')
        self.log_path = os.path.join(self.root, 'phone.log')
        self.err_path = os.path.join(self.root, 'phone.stderr')
        self.rec = Recording(os.path.join(self.root, 'heard.wav'))
        self.proc = None
        self.events_proc = None
        self.event_lines = []
        self.last = None
        self.quit_expected = False
        os.makedirs(self.dir, mode=0o700, exist_ok=True)
        os.makedirs(self.run_dir, mode=0o700, exist_ok=True)
        lines = list(config)
        if record:
            lines += ['audio_source tone,%d' % tone if tone
                      else 'audio_source none',
                      'audio_player wav,%s' % self.rec.path]
        lines += ['log_level debug', 'log_file %s' % self.log_path,
                  'sip_trace yes']
        self.write_config(lines)

    def write_config(self, lines):
        path = os.path.join(self.dir, 'config')
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
                          0o600), 'w') as f:
            f.write('\n'.join(lines) + '\n')
        self.config = lines

    def env(self):
        e = {k: v for k, v in os.environ.items()
             if not k.startswith('XDG_')}
        e.update(HOME=self.root, XDG_RUNTIME_DIR=self.run_dir,
                 XDG_CONFIG_HOME=os.path.join(self.root, 'xdg'),
                 XDG_STATE_HOME=os.path.join(self.root, 'state'),
                 XDG_DATA_HOME=os.path.join(self.root, 'data'),
                 XDG_CACHE_HOME=os.path.join(self.root, 'cache'))
        e.setdefault('LC_ALL', 'C.UTF-8')
        return e

    def argv(self):
        return [PARKDECK, '--headless', '-f', self.dir]

    def start(self, wait=True):
        if not os.access(PARKDECK, os.X_OK):
            raise Failed('no program at %s: build it first' % PARKDECK)
        with open(self.err_path, 'ab') as err:
            self.proc = spawn(self.argv(), stdin=subprocess.DEVNULL,
                              stdout=err, stderr=err, env=self.env(),
                              cwd=self.root)
        if wait:
            wait_for(self._up, '%s: the phone answers ctl status' % self.name,
                     show=self._why_not)
            self._follow()
        return self

    def _why_not(self):
        code = self.proc.poll()
        with open(self.err_path, errors='replace') as f:
            return 'exit code %s, stderr: %s' % (code, f.read()[-600:])

    def _up(self):
        if self.proc.poll() is not None:
            raise Failed('%s: the phone ended: %s' % (
                self.name, self._why_not()))
        try:
            return self.status() is not None
        except Refused:
            return False

    def _follow(self):
        """Collect `ctl events`, which wakes waiters at once"""
        p = self.events_proc = spawn(
            [PARKDECK, 'ctl', '-f', self.dir, 'events'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=self.env(), text=True)
        self.stirred = threading.Event()
        threading.Thread(target=self._collect, args=(p,),
                         daemon=True).start()

    def _collect(self, p):
        for line in p.stdout:
            self.event_lines.append((time.monotonic(), line.rstrip('\n')))
            self.stirred.set()

    def ctl(self, *args, timeout=20):
        """Run a command; its JSON (None if it printed nothing)"""
        p = subprocess.run(
            [PARKDECK, 'ctl', '-f', self.dir] + [str(a) for a in args],
            capture_output=True, text=True, timeout=timeout * PATIENCE,
            env=self.env(), stdin=subprocess.DEVNULL)
        if p.returncode == 1:
            raise Refused(p.stderr.strip())
        if p.returncode:
            raise Failed('%s: ctl %s: exit code %d, stderr: %s' % (
                self.name, ' '.join(map(str, args)), p.returncode,
                p.stderr.strip()))
        try:
            return json.loads(p.stdout) if p.stdout.strip() else None
        except ValueError:
            raise Failed('%s: ctl %s: not JSON: %r' % (
                self.name, ' '.join(map(str, args)), p.stdout[:400]))

    def refused(self, *args):
        """Run a command that must be refused; the reason"""
        try:
            got = self.ctl(*args)
        except Refused as e:
            check(str(e), '%s: `%s` is refused: "%s"' % (
                self.name, ' '.join(map(str, args)), e))
            return str(e)
        raise Failed('%s: `%s` is refused\n      seen: done, %s' % (
            self.name, ' '.join(map(str, args)), got))

    def status(self):
        self.last = self.ctl('status')
        return self.last

    def short(self):
        """The last status on one line, for failures"""
        s = self.last or {}
        return '%s: calls [%s] lamps [%s] accounts [%s] message "%s"' % (
            self.name,
            ', '.join('%s %s %s "%s"%s' % (
                c.get('id'), c.get('state'), c.get('peer'), c.get('name'),
                ' held' if c.get('held') else '')
                for c in s.get('calls', [])),
            ', '.join('%s %s %s%s' % (
                l.get('spot'), l.get('state'), l.get('who') or '',
                ' (%s)' % l['reason'] if l.get('reason') else '')
                for l in s.get('lamps', [])),
            ', '.join('%s %s %s' % (
                a.get('aor'), a.get('registered'), a.get('reason'))
                for a in s.get('accounts', [])),
            s.get('message'))

    def wait(self, cond, what, timeout=10.0):
        """Until cond(status) is true; its result"""
        end = time.monotonic() + timeout * PATIENCE
        while True:
            self.stirred.clear()
            if self.proc.poll() is not None:
                raise Failed('%s: the phone ended: %s' % (
                    self.name, self._why_not()))
            got = cond(self.status())
            if got:
                return got
            left = end - time.monotonic()
            if left < 0:
                raise Failed('%s: not within %g s: %s\n      last seen: %s'
                             % (self.name, timeout * PATIENCE, what,
                                self.short()))
            self.stirred.wait(min(left, 0.25))

    # what is asked most

    def registered(self, timeout=10.0):
        self.wait(lambda s: s['accounts'] and all(
            a['registered'] for a in s['accounts']), 'registered', timeout)
        return self

    def lamp(self, spot):
        for l in self.status()['lamps']:
            if l['spot'] == spot:
                return l
        raise Failed('%s: a lamp %s\n      seen: %s' % (
            self.name, spot, self.short()))

    def wait_lamp(self, spot, state, timeout=10.0, who=None):
        """state: a word, or several in a tuple"""
        states = (state,) if isinstance(state, str) else state

        def cond(s):
            for l in s['lamps']:
                if l['spot'] == spot and l['state'] in states and (
                        who is None or l['who'] == who):
                    return l
            return None
        return self.wait(cond, 'lamp %s %s%s' % (
            spot, '/'.join(states), ' "%s"' % who if who else ''), timeout)

    def calls(self):
        return self.status()['calls']

    def wait_call(self, state, timeout=10.0, **fields):
        """First call in that state (or one of a tuple) with these fields"""
        states = (state,) if isinstance(state, str) else state

        def cond(s):
            for c in s['calls']:
                if c['state'] in states and all(
                        c.get(k) == v for k, v in fields.items()):
                    return c
            return None
        return self.wait(cond, 'a call %s %s' % (
            '/'.join(states), fields or ''), timeout)

    def wait_no_calls(self, timeout=10.0):
        self.wait(lambda s: not [c for c in s['calls']
                                 if c['state'] != 'closed'],
                  'no calls', timeout)

    def message(self):
        return self.status()['message'] or ''

    def wait_message(self, pattern, timeout=10.0):
        """Until the message line, or an event's text, matches"""
        rx = re.compile(pattern, re.I)
        return self.wait(
            lambda s: (rx.search(s['message'] or '') and s['message']) or
            self.said(pattern), 'message /%s/' % pattern, timeout)

    def said(self, pattern, since=0.0):
        """First event line since then (monotonic) that matches, or None"""
        rx = re.compile(pattern, re.I)
        for at, line in list(self.event_lines):
            if at >= since and rx.search(line):
                return line
        return None

    def hears(self, hz, since=0.0, seconds=0.6, timeout=10.0, of=()):
        """Until so long a stretch of the tone was played to the user"""
        wait_for(lambda: self.rec.run(hz, since) >= seconds,
                 '%s: %d Hz heard for %g s' % (self.name, hz, seconds),
                 timeout, every=0.2,
                 show=lambda: self.rec.describe((hz,) + tuple(of), since))

    def mark(self):
        return self.rec.mark()

    # the end

    def stop(self):
        """Ask it to quit; its exit code, None when it had to be killed"""
        if not self.proc:
            return 0
        if self.proc.poll() is None:
            try:
                self.ctl('quit')
            except (Refused, Failed, OSError, subprocess.TimeoutExpired):
                pass
        code = reap(self.proc, 6.0 * PATIENCE)
        self.proc = None
        if self.events_proc:
            reap(self.events_proc, 2.0)
            self.events_proc = None
        return code

    def kill(self):
        """kill -9: no farewell"""
        self.proc.kill()
        self.proc.wait()
        reap(self.proc, 0)
        self.proc = None
        if self.events_proc:
            reap(self.events_proc, 2.0)
            self.events_proc = None

    def stderr(self):
        try:
            with open(self.err_path, errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def log(self):
        try:
            with open(self.log_path, errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''


SANITIZER = re.compile(r'ERROR: (Address|Leak)Sanitizer|runtime error:')


class Bench:
    """What one test case uses: a folder, phones, things to be closed"""

    def __init__(self, suite, case):
        self.suite, self.case = suite, case
        self.root = tempfile.mkdtemp(prefix='pd-')
        self.phones = []
        self.closers = []

    def phone(self, name, config, start=True, **kw):
        p = Phone(self.root, name, config, **kw)
        self.phones.append(p)
        return p.start() if start else p

    def close(self, verdict):
        """Stop everything; verdict: the case held so far"""
        bad = []
        for p in self.phones:
            alive = p.proc is not None
            died = alive and p.proc.poll() is not None
            code = p.stop()
            if SANITIZER.search(p.stderr() + p.log()):
                bad.append('%s: a sanitizer speaks in its log' % p.name)
            elif died and not p.quit_expected:
                bad.append('%s: the phone had ended by itself, code %s' % (
                    p.name, code))
            elif alive and not died and code is None:
                bad.append('%s: did not end within 6 s of `quit`' % p.name)
            elif alive and code:
                bad.append('%s: exit code %s on quit' % (p.name, code))
        for close in reversed(self.closers):
            bad += close(verdict and not bad) or []
        return bad

    def keep(self):
        """Save logs and recordings of a failed case; where"""
        to = os.path.join(BUILD_DIR, 'test-logs', self.suite, self.case)
        shutil.rmtree(to, ignore_errors=True)
        try:
            shutil.copytree(self.root, to, symlinks=True,
                            ignore=shutil.ignore_patterns('run', 'cache'))
        except shutil.Error as e:       # sockets cannot be copied
            print('   not all kept: %s' % e)
        return to

    def drop(self):
        shutil.rmtree(self.root, ignore_errors=True)


def run_cases(suite, cases, make_bench):
    """Run all (or the ones named on the command line); the exit code"""
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, _on_signal)
    wanted = sys.argv[1:]
    names = [c.__name__ for c in cases]
    for w in wanted:
        if w not in names:
            print('no case %s; there are: %s' % (w, ' '.join(names)))
            return 2
    results = {'passed': 0, 'failed': 0, 'skipped': 0}
    why = ''
    for case in cases:
        if wanted and case.__name__ not in wanted:
            continue
        title = ' '.join((case.__doc__ or '').split())
        print('== %s: %s' % (case.__name__, title), flush=True)
        bench, verdict, bad, start = None, 'failed', [], time.monotonic()
        try:
            bench = make_bench(case)
            case(bench)
            verdict = 'passed'
        except Skip as e:
            verdict, why = 'skipped', str(e)
            print('   skipped: %s' % e)
        except (Failed, Refused) as e:
            where = [f for f in traceback.extract_tb(e.__traceback__)
                     if f.filename == case.__code__.co_filename]
            print('   FAILED: %s%s' % (
                'refused: ' if isinstance(e, Refused) else '', e))
            if where:
                print('      at %s:%d: %s' % (
                    os.path.basename(where[-1].filename), where[-1].lineno,
                    where[-1].line))
        except SystemExit:
            if bench:
                bench.close(False)
                bench.drop()
            raise
        except Exception:
            traceback.print_exc(file=sys.stdout)
        if bench:
            try:
                bad = bench.close(verdict == 'passed')
            except Exception as e:
                traceback.print_exc(file=sys.stdout)
                bad = ['could not be cleaned up: %r' % e]
            for b in bad:
                print('   FAILED: %s' % b)
            if bad:
                verdict = 'failed'
            if verdict == 'failed':
                print('   logs: %s' % bench.keep())
            bench.drop()
        results[verdict] += 1
        print('   %s, %.1f s' % (verdict, time.monotonic() - start),
              flush=True)
    print('%(passed)d passed, %(failed)d failed, %(skipped)d skipped'
          % results)
    if results['failed']:
        return 1
    if results['skipped'] and not results['passed']:
        print('skipped: %s' % why)
        return SKIPPED
    return 0
