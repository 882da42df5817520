"""Arrows point down: who includes what. First the checker proves itself."""

import os
import sys
import tempfile

from includes import check_tree, sources

# file, its text, words of the rule that it must break ('' = none)
ROWS = (
    ('ui/view.c', '#include "modules/blf/blf.h"\n', 'ui never includes'),
    ('ui/view.c', '#include "app/event.h"\n', ''),
    ('modules/blf/blf.c', '#include "ui/ui.h"\n', 'modules never include'),
    ('modules/blf/blf.c', '#include "../../ui/ui.h"\n',
     'modules never include'),
    ('modules/blf/blf.c', '#include <re.h>\n#include "blf.h"\n', ''),
    ('app/event2.h', '#include "ui/ui.h"\n', 'a contract in app'),
    ('app/main.c', '#include "ui/ui.h"\n#include "modules/blf/blf.h"\n', ''),
    ('app/desk.c', '#include <baresip.h>\n', 'may include baresip'),
    ('app/phone.c', '#include <baresip.h>\n', ''),
    ('app/siphook.c', '  #  include <baresip.h>\n', ''),
    ('modules/blf/blf_sip.c', '#include <baresip.h>\n',
     'may include baresip'),
    ('ui/view.c', '#include <ncurses.h>\n', 'may include curses'),
    ('ui/view.c', '#include <ncursesw/ncurses.h>\n', 'may include curses'),
    ('ui/term_curses.c', '#include <ncurses.h>\n', ''),
    ('modules/blf/blf.c', '#include <libxml/parser.h>\n',
     'may include libxml2'),
    ('modules/blf/blf_xml.c', '#include <libxml/parser.h>\n', ''),
    ('modules/audio/sound.c', '#include <portaudio.h>\n',
     'may include PortAudio'),
    ('modules/audio/sound_pa.c', '#include <portaudio.h>\n', ''),
    ('ui/grid.c', '#include <stdlib.h>\n#include <unistd.h>\n',
     'not unistd.h'),
    ('ui/grid.c', '#include <time.h>\n', 'not time.h'),
    ('ui/grid.c', '#include <string.h>\n#include "app/event.h"\n', ''),
    ('modules/blf/blf_state.c', '#include "modules/blf/blf.h"\n',
     'not re.h (through modules/blf/blf.h)'),
    ('modules/blf/lamp_model.c', '#include "app/nothing.h"\n',
     'there is no "app/nothing.h"'),
)

GOOD = (
    ('app/event.h', '#include <stdint.h>\n'),
    ('ui/ui.h', '#include "app/event.h"\n'),
    ('modules/blf/blf.h', '#include <re.h>\n'),
)


def write(top, path, text):
    path = os.path.join(top, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as out:
        out.write(text)


def self_test():
    failed = 0
    for row, (path, text, want) in enumerate(ROWS):
        with tempfile.TemporaryDirectory() as top:
            for good in GOOD:
                write(top, *good)
            write(top, path, text)
            got = ['%s:%d: %s' % problem for problem in check_tree(top)]
        ok = any(path + ':' in line and want in line for line in got) \
            if want else not got
        if not ok:
            failed += 1
            print('%s: row %d (%s): expected %s, got %s' % (
                __file__, row, path, repr(want) if want else 'no problem',
                got or 'no problem'))
    return failed


def main():
    if self_test():
        return 1

    top = os.environ['SOURCE_DIR']
    if not sources(top):
        print('there is no source to check')
        return 1
    problems = check_tree(top)
    for path, line, rule in problems:
        print('%s:%d: %s' % (path, line, rule))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
