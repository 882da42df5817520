#!/bin/bash
# Every header of ours compiles alone, twice in one file, without a warning
set -u
cd "$SOURCE_DIR" || exit 1

flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Werror -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H
	-DHAVE_INET6 -DUSE_OPENSSL -DUSE_TLS -DSTATIC=1)

alone()
{
	printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
		gcc "${flags[@]}" -fsyntax-only -x c -I"$2" \
			-isystem "$DEPS_DIR/re/include" \
			-isystem "$DEPS_DIR/rem/include" \
			-isystem "$DEPS_DIR/baresip/include" \
			-isystem /usr/include/libxml2 -
}

# The check must be able to fail
sample=$(mktemp -d) || exit 1
trap 'rm -rf "$sample"' EXIT
echo 'size_t length(void);' >"$sample/bad.h"
echo 'int length(void); struct a {int b;};' >"$sample/unguarded.h"
for header in bad.h unguarded.h; do
	if alone $header "$sample" 2>/dev/null; then
		echo "$0: $header was taken for a good header"
		exit 1
	fi
done

failed=0
count=0
for header in app/*.h ui/*.h modules/*/*.h tests/lib/*.h; do
	[ -e "$header" ] || continue
	count=$((count + 1))
	alone "$header" . || failed=$((failed + 1))
done

echo "$count headers, $failed do not compile alone"
[ $failed = 0 ] && [ $count != 0 ]
