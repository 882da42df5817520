#!/usr/bin/env python3
"""./run where something is missing: one clear sentence each, and 1."""
import os
import shutil

import tree
from tree import NOBODY, can, root_only

# dpkg-query as on a machine that lacks one package
LACKS = '''
if [ "$1" = -W ]; then
	/usr/bin/dpkg-query "$@" | sed '/ libspandsp-dev$/d'
else
	/usr/bin/dpkg-query "$@"
fi
'''


def no_network(t):
    """nothing fetched yet, and no way to anywhere"""
    root_only()
    can('unshare', '--net', 'true')
    t.fails(r'sources of libre .* cannot be fetched; check the network',
            'build', 'dev', before=('unshare', '--net'))


def no_mirror_entry(t):
    """apt knows no place to fetch from"""
    t.stand_in('apt-get', 'exit 0')
    t.fails(r'apt knows no Debian mirror', 'build', 'dev')


def no_such_package(t):
    """a package that the mirror does not have"""
    root_only()
    t.stand_in('dpkg-query', LACKS)
    t.stand_in('apt-get', 'echo "E: Unable to locate package '
               'libspandsp-dev" >&2; exit 100')
    out = t.fails(r'the package libspandsp-dev is not to be had',
                  'build', 'dev')
    if 'will be installed: libspandsp-dev\n' not in out:
        raise tree.Failed('said what it is going to install\n' + out)


def mirror_down(t):
    """a package is missing, and the mirror does not answer"""
    root_only()
    t.stand_in('dpkg-query', LACKS)
    t.stand_in('apt-get', '''
case " $* " in
*" --assume-no "*) echo "Need to get 1,234 kB of archives." ;;
*) echo "E: Failed to fetch http://mirror/x  Could not connect" >&2 ;;
esac
exit 100''')
    t.fails(r'no package mirror can be reached; check the network',
            'build', 'dev')


def no_root_no_sudo(t):
    """an ordinary user, a package is missing, there is no sudo"""
    root_only()
    t.only('sudo')
    os.unlink(os.path.join(t.bin, 'dpkg-query'))
    t.stand_in('dpkg-query', LACKS)
    shutil.chown(t.top, 65534)
    t.user = NOBODY
    t.fails(r'there is no sudo; run as root: apt-get install '
            r'--no-install-recommends libspandsp-dev$',
            'build', 'dev', PATH=t.bin)


def sudo_refuses(t):
    """an ordinary user whom sudo does not know"""
    root_only()
    t.stand_in('dpkg-query', LACKS)
    t.stand_in('sudo', 'echo "sudo: a password is required" >&2; exit 1')
    shutil.chown(t.top, 65534)
    t.user = NOBODY
    t.fails(r'sudo did not let nobody install packages; run as root: '
            r'apt-get install', 'build', 'dev')


def others_build(t):
    """root has built here; now an ordinary user comes"""
    root_only()
    t.user = NOBODY
    t.fails(r'cannot make the folder build/log: nobody may not write',
            'build', 'dev')
    shutil.chown(t.top, 65534)
    os.makedirs(t.path('build/log'))
    t.fails(r'cannot write build/\.lock: build belongs to root, you are '
            r'nobody', 'build', 'dev')
    shutil.chown(t.path('build'), 65534)
    with open(t.path('build/.lock'), 'w'):
        pass
    t.fails(r'cannot write build/\.lock: build/\.lock belongs to root',
            'build', 'dev')
    os.unlink(t.path('build/.lock'))
    t.fails(r'cannot write build/log/\w+\.log: build/log belongs to root',
            'build', 'dev', PARKDECK_TARBALLS='/nonexistent')


# On its disk: the whole of build, of so many kB or files
FULL = '''
mount -t tmpfs -o size=%s,nr_inodes=%d,mode=755 tmpfs build || exit 99
exec "$@"
'''


def disk_full(t):
    """a disk that is full, at one moment after the other"""
    root_only()
    can('unshare', '--mount', '--propagation', 'private',
        'mount', '-t', 'tmpfs', 'tmpfs', '/mnt')
    source = tree.tarballs()
    os.makedirs(t.path('build'))
    for size, files in (('40M', 1), ('40M', 2), ('40M', 3), ('40M', 4),
                        ('40M', 5), ('40M', 7), ('4k', 99), ('300k', 99),
                        ('3M', 999), ('17M', 9999)):
        t.fails(r'^run: the disk is full; free some space and run this '
                r'again\.$', 'build', 'dev', PARKDECK_TARBALLS=source,
                before=('unshare', '--mount', '--propagation', 'private',
                        '/bin/bash', '-c', FULL % (size, files), 'full'))


if __name__ == '__main__':
    tree.main(no_network, no_mirror_entry, no_such_package, mirror_down,
              no_root_no_sudo, sudo_refuses, others_build, disk_full)
