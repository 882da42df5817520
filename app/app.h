/**
 * @file app/app.h  The phone as a whole: wiring, commands, start and end
 */
#ifndef PARKDECK_APP_H
#define PARKDECK_APP_H

#include <stdbool.h>
#include "cfg.h"

struct demo;

struct app_prm {
	const char *dir;         /**< -f DIR, or NULL                    */
	bool headless;           /**< No screen                          */
	struct demo *demo;       /**< The built-in PBX, borrowed, or NULL */
	bool no_life;            /**< Nobody calls there by himself      */
};

/**
 * Run the phone until it is quit
 *
 * @param cfg  Without mistakes; the app takes the reference over
 *
 * @return Exit status
 */
int app_main(struct cfg *cfg, const struct app_prm *prm);

/**
 * `parkdeck demo`: the phone on its built-in PBX
 *
 * A folder of its own under the temporary one, which is gone at the end,
 * unless it is given one.
 */
int app_demo(int argc, char *argv[]);

/** `parkdeck profiles [NAME | --json]`: what is known of each PBX */
int app_profiles(int argc, char *argv[]);

#endif
