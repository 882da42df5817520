/**
 * @file app/phone_modules.c  baresip's modules that are linked in
 *
 * With our own table baresip's static.o stays out of the program, and only
 * what is named here is linked.
 */
#include <re.h>
#include <baresip.h>
#include "phone_modules.h"


extern const struct mod_export exports_opus;
extern const struct mod_export exports_g722;
extern const struct mod_export exports_g711;
extern const struct mod_export exports_plc;
extern const struct mod_export exports_srtp;
extern const struct mod_export exports_dtls_srtp;
extern const struct mod_export exports_stun;
extern const struct mod_export exports_turn;
extern const struct mod_export exports_ice;

extern const struct mod_export *mod_table[];

const struct mod_export *mod_table[] = {
	&exports_opus,
	&exports_g722,
	&exports_g711,
	&exports_plc,
	&exports_srtp,
	&exports_dtls_srtp,
	&exports_stun,
	&exports_turn,
	&exports_ice,
	NULL
};

/* The order of the codecs is the order of our preference */
static const char *const namev[] = {
	"opus", "g722", "g711", "plc",
	"srtp", "dtls_srtp", "stun", "turn", "ice",
};


int phone_modules_load(void)
{
	int err = 0;

	/* a name missing in the table would be looked for as a file: the
	   path is none, so that no NAME.so of the current folder runs */
	for (size_t i = 0; i < ARRAY_SIZE(namev); i++)
		err |= module_load("/nonexistent", namev[i]);

	return err;
}
