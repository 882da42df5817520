"""The repository names no package registry and no path of one machine."""

import os
import re
import subprocess
import sys

# Assembled here, so that this file does not name them either
DOMAINS = [second + r'\.' + first for second, first in (
    ('debian', 'org'), ('debian', 'net'), ('ubuntu', 'com'),
    ('npmjs', '(?:org|com)'), ('nodesource', 'com'), ('pypi', 'org'),
    ('pythonhosted', 'org'), ('crates', 'io'), ('golang', 'org'),
    ('rubygems', 'org'), ('docker', '(?:io|com)'),
    ('cloud.google', 'com'))]
PATHS = ['/' + 'work' + '/', '/' + 'tmp/w' + r'\b', '/' + 'root' + '/',
         '/' + 'home/[a-z]']

RULES = (
    (re.compile(r'(?i)\b(?:%s)\b' % '|'.join(DOMAINS)),
     'names the host of a registry'),
    (re.compile(r'(?:(?<![\w.$}/-])|(?<=-[IL]))(?:%s)' % '|'.join(PATHS)),
     'names a path of one machine'),
)

# text, words of the rule that it must break ('' = none)
ROWS = (
    ('deb http://ftp.' + 'debian' + '.org/debian bookworm main', 'registry'),
    ('https://registry.' + 'npmjs' + '.org/', 'registry'),
    ('sip:101@pbx.example.com', ''),
    ('see Debian 12', ''),
    ('cd /' + 'work/main', 'machine'),
    ('"/' + 'tmp/w' + '/x"', 'machine'),
    ('-I/' + 'tmp/w/re', 'machine'),
    ('mktemp -d /tmp/work.XXXXXX', ''),
    ('$top/' + 'work/x', ''),
    ('frame' + '/work' + '/shop', ''),
)


def check_text(text):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, rule in RULES:
            match = pattern.search(line)
            if match:
                yield number, '%s: %s' % (rule, match[0])


def self_test():
    failed = 0
    for row, (text, want) in enumerate(ROWS):
        got = [rule for _, rule in check_text(text)]
        if bool(got) != bool(want) or (want and want not in got[0]):
            failed += 1
            print('%s: row %d: expected %s, got %s' % (
                __file__, row, want or 'no problem', got or 'no problem'))
    return failed


def files(top):
    """What git knows or would add; without git all but the build folder."""
    try:
        out = subprocess.run(
            ['git', '-c', 'safe.directory=*', '-C', top, 'ls-files', '-z',
             '-co', '--exclude-standard'],
            check=True, capture_output=True).stdout
        return [os.fsdecode(name) for name in out.split(b'\0') if name]
    except (OSError, subprocess.CalledProcessError):
        pass

    found = []
    for base, folders, names in os.walk(top):
        folders[:] = [folder for folder in folders
                      if folder not in ('.git', 'build', '__pycache__')]
        found += [os.path.relpath(os.path.join(base, name), top)
                  for name in names]
    return found


def main():
    if self_test():
        return 1

    top = os.environ['SOURCE_DIR']
    count = problems = 0
    for path in sorted(files(top)):
        try:
            with open(os.path.join(top, path), 'rb') as source:
                text = source.read().decode('utf-8', 'replace')
        except (FileNotFoundError, IsADirectoryError):
            continue
        count += 1
        for number, rule in check_text(text):
            problems += 1
            print('%s:%d: %s' % (path, number, rule))
    print('%d files, %d problems' % (count, problems))
    return 1 if problems or not count else 0


if __name__ == '__main__':
    sys.exit(main())
