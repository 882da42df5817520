/**
 * @file app/app_demo_cmd.h  The command `demo`: steer the built-in PBX
 */
#ifndef PARKDECK_APP_DEMO_CMD_H
#define PARKDECK_APP_DEMO_CMD_H

#include "cmd.h"

struct demo;

/**
 * Take the command `demo`
 *
 * @param demo Borrowed; NULL: there is none, and the command says so
 */
void app_demo_cmd_attach(struct commands *cs, struct demo *demo);

#endif
