/**
 * @file app/app_check.c  The configuration, checked by those who use it
 *
 * app/cfg*.c know the syntax. Which profiles, actions, keys and devices
 * there are, modules and screen know; a file or an interface is there or
 * not.
 */
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "app_check.h"
#include "cfg.h"
#include "modules/audio/sound.h"
#include "modules/park/profile_model.h"
#include "phone.h"
#include "ui/keymap.h"


static int check_pbx(struct cfg *cfg)
{
	const struct cfg_setting *s = cfg_setting_find(cfg, "pbx");
	char names[512] = "";
	size_t n = 0;

	if (!s || !s->val[0] || profile_find(s->val))
		return 0;

	for (size_t i = 0; profile_at(i) && n < sizeof(names); i++) {

		int r = re_snprintf(&names[n], sizeof(names) - n, "%s%s",
				    i ? " " : "", profile_at(i)->name);
		if (r < 0)
			break;
		n += (size_t)r;
	}

	return cfg_report(cfg, false, s->file, s->line, "pbx '%s' is not"
			  " known; one of these is expected: %s", s->val,
			  names);
}


static int check_keys(struct cfg *cfg)
{
	struct keymap *km;
	char text[REASON_SZ];
	int err = 0;

	km = mem_zalloc(sizeof(*km), NULL);
	if (!km)
		return ENOMEM;

	keymap_init(km);

	for (size_t i = 0; !err && i < cfg->keyc; i++) {

		const struct cfg_key *key = &cfg->keyv[i];

		if (keymap_bind(km, key->action, key->keys, text,
				sizeof(text)))
			err = cfg_report(cfg, false, key->file, key->line,
					 "key: %s", text);
	}

	mem_deref(km);

	return err;
}


static int check_sound(struct cfg *cfg, const char *key, bool player)
{
	const struct cfg_setting *s = cfg_setting_find(cfg, key);

	if (!s || sound_device_ok(s->val, player))
		return 0;

	return cfg_report(cfg, false, s->file, s->line, "%s %s: portaudio,"
			  " portaudio,NAME, none, %swav,FILE is expected", key,
			  s->val, player ? "or " :
			  "tone,HZ (20 to 20000) or ");
}


static int check_ca(struct cfg *cfg)
{
	const struct cfg_setting *s = cfg_setting_find(cfg, "tls_ca");

	if (!s || !s->val[0])
		return 0;

	/* baresip's parser ends a value at a blank */
	if (strpbrk(s->val, " \t"))
		return cfg_report(cfg, false, s->file, s->line, "tls_ca %s: a"
				  " path without blanks is expected", s->val);

	if (access(s->val, R_OK))
		return cfg_report(cfg, false, s->file, s->line, "tls_ca %s: a"
				  " file that can be read is expected: %s",
				  s->val, strerror(errno));

	return 0;
}


static bool if_name_handler(const char *ifname, const struct sa *sa,
			    void *arg)
{
	struct mbuf *mb = arg;

	(void)mbuf_printf(mb, "%s%s %j", mb->pos ? ", " : "", ifname, sa);

	return false;
}


/* It may come up later (a VPN): the phone waits for it */
static int check_interface(struct cfg *cfg)
{
	const struct cfg_setting *s = cfg_setting_find(cfg, "net_interface");
	char *names = NULL;
	struct mbuf *mb;
	struct sa sa;
	int err;

	if (!s || !s->val[0])
		return 0;

	if (sa_set_str(&sa, s->val, 0)) {

		if (strlen(s->val) >= IF_NAMESIZE ||
		    strpbrk(s->val, " \t/:"))
			return cfg_report(cfg, false, s->file, s->line,
					  "net_interface %s: the name of an"
					  " interface or an own address is"
					  " expected", s->val);

		if (if_nametoindex(s->val))
			return 0;
	}
	else if (phone_own_address(&sa))
		return 0;

	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;

	(void)net_if_apply(if_name_handler, mb);
	mb->pos = 0;
	err = mbuf_strdup(mb, &names, mb->end);
	mem_deref(mb);

	err = err ? err : cfg_report(cfg, true, s->file, s->line,
				     "net_interface %s: there is no such"
				     " interface or own address now; there"
				     " are: %s", s->val, names);
	mem_deref(names);

	return err;
}


int app_cfg_load(struct cfg **cfgp, const char *dir, const char *site)
{
	struct cfg *cfg;
	int err;

	err = cfg_load(&cfg, dir, site);
	if (err)
		return err;

	err  = check_pbx(cfg);
	err |= check_keys(cfg);
	err |= check_sound(cfg, "audio_source", false);
	err |= check_sound(cfg, "audio_player", true);
	err |= check_ca(cfg);
	err |= check_interface(cfg);
	if (err) {
		mem_deref(cfg);
		return ENOMEM;
	}

	*cfgp = cfg;

	return 0;
}


int app_cfg_keys(char **keysp, const struct cfg *cfg)
{
	struct mbuf *mb;
	int err = 0;

	*keysp = NULL;
	if (!cfg->keyc)
		return 0;

	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;

	for (size_t i = 0; i < cfg->keyc; i++)
		err |= mbuf_printf(mb, "%s%s %s", i ? "\n" : "",
				   cfg->keyv[i].action, cfg->keyv[i].keys);

	mb->pos = 0;
	err = err ? err : mbuf_strdup(mb, keysp, mb->end);
	mem_deref(mb);

	return err;
}
