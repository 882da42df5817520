/**
 * @file app/phone_modules.h  baresip's modules that are linked in
 */
#ifndef PARKDECK_PHONE_MODULES_H
#define PARKDECK_PHONE_MODULES_H

/** Load them all; after baresip_init(), mod_init() */
int phone_modules_load(void);

#endif
