/**
 * @file app/app_cmd.h  Commands on calls: dial, answer, hold, …
 */
#ifndef PARKDECK_APP_CMD_H
#define PARKDECK_APP_CMD_H

#include "cmd.h"
#include "phone.h"

struct park;

struct app_cmd {
	struct phone *phone;
	struct park *park;
};

/** Attach them; `ac` is borrowed */
void app_cmd_attach(struct commands *cs, struct app_cmd *ac);

#endif
