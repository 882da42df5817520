/**
 * @file app/app_check.h  The configuration, checked by those who use it
 */
#ifndef PARKDECK_APP_CHECK_H
#define PARKDECK_APP_CHECK_H

struct cfg;

/**
 * Read the configuration as cfg_load() does, and check what only others
 * know: profiles, actions and keys, sound devices, files, interfaces
 *
 * @return As cfg_load(). What cannot work stands with the mistakes
 *         (cfg->errorv), what may become right with the doubts
 *         (cfg->doubtv), each with its file and line
 */
int app_cfg_load(struct cfg **cfgp, const char *dir, const char *site);

/**
 * The lines `key` in the words of struct ui_prm
 *
 * @param keysp Set to "ACTION KEY…" each, a newline between; NULL if none
 */
int app_cfg_keys(char **keysp, const struct cfg *cfg);

#endif
