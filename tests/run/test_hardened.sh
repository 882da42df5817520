#!/bin/bash
# The program as users get it (preset release): PIE, full RELRO, stack
# protector, FORTIFY_SOURCE. Told from the ELF file, not from the flags.
set -uo pipefail

case $(basename "$BUILD_DIR") in
release) ;;
*) echo "only the preset release is hardened"; exit 77 ;;
esac

failed=0
claim() # TEXT, COMMAND
{
	local text=$1
	shift
	if "$@" >/dev/null; then
		echo "  $text"
	else
		echo "  FAILED: $text"
		failed=1
	fi
}

header=$(readelf -hW "$PARKDECK") || exit 1
segments=$(readelf -lW "$PARKDECK")
dynamic=$(readelf -dW "$PARKDECK")
symbols=$(readelf --dyn-syms -W "$PARKDECK")

claim "position independent (DYN, PIE)" \
	grep -qE 'Type: +DYN' <<<"$header"
claim "and says so (FLAGS_1 PIE)" grep -qE 'FLAGS_1.* PIE' <<<"$dynamic"
claim "relocations read-only (GNU_RELRO)" grep -q GNU_RELRO <<<"$segments"
claim "all of them, bound at start (BIND_NOW)" \
	grep -qE 'BIND_NOW|FLAGS_1.* NOW' <<<"$dynamic"
claim "no executable stack" \
	grep -qE 'GNU_STACK .* RW +0x' <<<"$segments"
claim "stack protector (__stack_chk_fail)" \
	grep -q ' __stack_chk_fail' <<<"$symbols"
claim "FORTIFY_SOURCE (__memcpy_chk and the like)" \
	grep -qE ' __(memcpy|memset|snprintf|vsnprintf|strncpy|read)_chk' \
	<<<"$symbols"

[ $failed = 0 ]
