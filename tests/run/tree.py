"""A copy of the source tree to try ./run in: its own build folder, and a
machine that has what the test says (programs stood in for on PATH, another
user, no network, a small disk). Standard library only.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lib'))

import phone                                        # noqa: E402
from phone import (BUILD_DIR, PATIENCE, SOURCE_DIR, Failed,  # noqa: E402
                   Skip, check)

# What ./run itself may say; two lines of a step's log may stand above
OURS = re.compile(r'run: .*|    .*|')

NOBODY = ('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')


def root_only():
    if os.getuid() != 0:
        raise Skip('needs root: other users, mounts and networks are made')


def can(*argv):
    """Skip unless that command works here"""
    if subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                      timeout=60).returncode:
        raise Skip('this machine does not allow `%s`' % ' '.join(argv))


class Tree(phone.Bench):
    """One test case: a copy of the sources in a folder of its own"""

    def __init__(self, case):
        super().__init__('run', case.__name__)
        self.top = os.path.join(self.root, 'parkdeck')
        self.bin = os.path.join(self.root, 'bin')
        self.user = ()          # the command that makes us another user
        os.chmod(self.root, 0o755)
        os.makedirs(self.bin)
        shutil.copytree(SOURCE_DIR, self.top, symlinks=True,
                        ignore=lambda d, names: [
                            n for n in names if d == SOURCE_DIR and
                            n in ('build', '.git') or n == '__pycache__'])

    def keep(self):
        """The logs of ./run are enough: no libraries, no objects"""
        build = self.path('build')
        if os.path.isdir(build):
            for name in os.listdir(build):
                if name != 'log':
                    shutil.rmtree(os.path.join(build, name),
                                  ignore_errors=True)
        shutil.rmtree(self.bin, ignore_errors=True)
        return super().keep()

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def env(self, **more):
        e = {k: v for k, v in os.environ.items()
             if not k.startswith(('PARKDECK', 'BUILD_DIR', 'XDG_'))}
        e.update(PATH=self.bin + ':' + os.environ['PATH'], HOME=self.root)
        e.update(more)
        return e

    def stand_in(self, name, script):
        """A program that comes before the machine's own"""
        p = os.path.join(self.bin, name)
        with open(p, 'w') as f:
            f.write('#!/bin/bash\n' + script)
        os.chmod(p, 0o755)

    def only(self, *without):
        """PATH has all programs of this machine but those"""
        for d in ('/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin',
                  '/sbin'):
            for p in glob.glob(d + '/*'):
                name = os.path.basename(p)
                to = os.path.join(self.bin, name)
                if name not in without and not os.path.lexists(to):
                    os.symlink(p, to)
        return self.bin

    def start(self, *args, **env):
        """./run ARGS in the background, a process group of its own"""
        self.out = open(os.path.join(self.root, 'out'), 'w+')
        return phone.spawn(
            [*self.user, './run', *args], cwd=self.top, env=self.env(**env),
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)

    def said(self):
        self.out.seek(0)
        return self.out.read()

    def run(self, *args, before=(), **env):
        """(exit code, all it said)"""
        p = subprocess.run(
            [*before, *self.user, './run', *args], cwd=self.top,
            env=self.env(**env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=400 * PATIENCE, start_new_session=True)
        return p.returncode, p.stdout

    def fails(self, what, *args, **kw):
        """It ends with 1 and one sentence that matches, without a word of
        the shell's own"""
        code, out = self.run(*args, **kw)
        lines = out.rstrip('\n').split('\n')
        alien = [l for l in lines if not OURS.fullmatch(l)]
        check(code == 1 and not alien and re.search(what, lines[-1]),
              '"%s"' % lines[-1],
              'exit code %d, awaited /%s/\n%s' % (code, what, out[-1500:]))
        return out


def tarballs():
    """Where the libraries' sources are already; ./run decides by hash"""
    d = os.path.join(os.path.dirname(BUILD_DIR), 'dl')
    if len(glob.glob(d + '/*.orig.tar.gz')) < 3:
        raise Skip('the sources of the libraries are not in %s' % d)
    return d


def kill_group(p):
    os.killpg(p.pid, signal.SIGKILL)
    phone.reap(p, 10)


def main(*cases):
    sys.exit(phone.run_cases('run', cases, Tree))
