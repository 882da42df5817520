"""Which file may include what: the rules, and a checker for a tree.

Used by test_includes.py; `python3 includes.py FOLDER` checks by hand.
"""

import os
import re
import sys
from fnmatch import fnmatch

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]*)>|"([^"]*)")')

# Standard C without clock, signals and threads: all a pure file may have
PURE_HEADERS = frozenset('''
    assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdalign.h
    stdatomic.h
    stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h
    string.h wchar.h wctype.h'''.split())

PURE_NAMES = ('*_state.c', '*_model.c', 'grid.c', 'layout.c', 'text.c',
              'keymap.c')

# An outside library, the headers that stand for it, who may include them
LIBRARIES = (
    ('baresip', ('baresip.h',),
     ('app/phone*.c', 'app/siphook.c', 'modules/audio/sound.c')),
    ('curses', ('ncurses*', 'curses*', 'term.h', 'panel.h'),
     ('ui/term_curses.c',)),
    ('libxml2', ('libxml/*', 'libxml2/*'), ('*_xml.c',)),
    ('PortAudio', ('portaudio.h', 'pa_*.h'), ('*_pa.c',)),
)


def includes(path):
    """Yield (line number, name, is <system>) of each include of a file."""
    with open(path, encoding='utf-8', errors='replace') as source:
        for number, line in enumerate(source, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1] or match[2], bool(match[1])


def sources(top):
    """The program's own files, relative to top, sorted."""
    found = []
    for folder in ('app', 'ui', 'modules'):
        for base, _, names in os.walk(os.path.join(top, folder)):
            found += [os.path.relpath(os.path.join(base, name), top)
                      for name in names if name.endswith(('.c', '.h'))]
    return sorted(found)


def own_header(top, source, name):
    """The path below top that an include "name" means, or None."""
    for folder in ('', os.path.dirname(source)):
        path = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(os.path.join(top, path)):
            return path
    return None


def check_pure(top, source):
    """Follow a pure file's includes: only standard C may come out."""
    problems, seen, todo = [], set(), [(source, None)]
    while todo:
        path, first = todo.pop()
        for number, name, system in includes(os.path.join(top, path)):
            at = first or number
            via = '' if path == source else ' (through %s)' % path
            header = None if system else own_header(top, path, name)
            if header is None:
                if name not in PURE_HEADERS:
                    problems.append((source, at, 'a pure file includes only '
                                     'standard C without clock, and own '
                                     'headers: not %s%s' % (name, via)))
            elif header not in seen:
                seen.add(header)
                todo.append((header, at))
    return problems


def check_tree(top):
    """Return a list of (file, line, what rule it breaks)."""
    problems = []
    for source in sources(top):
        folder = source.split('/')[0]
        name = os.path.basename(source)

        for number, header, system in includes(os.path.join(top, source)):
            own = None if system else own_header(top, source, header)
            target = (own or header).split('/')[0]

            if folder == 'ui' and target == 'modules':
                problems.append((source, number, 'ui never includes modules: '
                                 'they meet in app/event.h and app/cmd.h'))
            if folder == 'modules' and target == 'ui':
                problems.append((source, number, 'modules never include ui: '
                                 'they meet in app/event.h and app/cmd.h'))
            if folder == 'app' and name.endswith('.h') and \
                    target in ('ui', 'modules'):
                problems.append((source, number, 'a contract in app includes '
                                 'neither ui nor modules: arrows point down'))
            if not system and own is None:
                problems.append((source, number, 'there is no "%s": paths '
                                 'start at the top of the tree' % header))

            for library, headers, users in LIBRARIES:
                if any(fnmatch(header, pattern) for pattern in headers) and \
                        not any(fnmatch(source, user) for user in users):
                    problems.append((source, number, 'only %s may include '
                                     '%s (<%s>)' % (' and '.join(users),
                                                    library, header)))

        if any(fnmatch(name, pattern) for pattern in PURE_NAMES):
            problems += check_pure(top, source)
    return problems


def main():
    problems = check_tree(sys.argv[1] if len(sys.argv) > 1 else '.')
    for path, line, rule in problems:
        print('%s:%d: %s' % (path, line, rule))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
