/**
 * @file app/cfg.c  Configuration: what the files say, checked
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "app/cfg.h"
#include "app/cfg_file.h"
#include "app/cfg_load.h"
#include "app/text_model.h"

enum {
	PATH_SZ = PATH_MAX,
	TEXT_MAX = 1024,        /* Of one mistake [bytes]                 */
};

static const char site_default[] = "/etc/parkdeck/site.conf";

static int load_file(struct cfg_load *ld, const char *path, bool must);


void *cfg_wipe(char *str)
{
	if (str)
		explicit_bzero(str, strlen(str));

	return mem_deref(str);
}


static void errors_free(struct cfg_error *errorv, size_t errorc)
{
	for (size_t i = 0; i < errorc; i++) {
		mem_deref(errorv[i].file);
		mem_deref(errorv[i].text);
	}

	mem_deref(errorv);
}


static void destructor(void *arg)
{
	struct cfg *cfg = arg;
	size_t i;

	for (i = 0; i < cfg->accountc; i++) {

		struct cfg_account *a = &cfg->accountv[i];

		mem_deref(a->addr);
		mem_deref(a->aor);
		mem_deref(a->name);
		cfg_wipe(a->pass);
		cfg_wipe(a->pass_cmd);
	}

	for (i = 0; i < cfg->lampc; i++) {

		struct cfg_lamp *l = &cfg->lampv[i];

		mem_deref(l->spot);
		mem_deref(l->label);
		mem_deref(l->watch);
		mem_deref(l->park);
		mem_deref(l->retrieve);
	}

	for (i = 0; i < cfg->listc; i++) {
		mem_deref(cfg->listv[i].target);
		mem_deref(cfg->listv[i].label);
		mem_deref(cfg->listv[i].account_name);
	}

	for (i = 0; i < cfg->settingc; i++) {
		mem_deref(cfg->settingv[i].key);
		mem_deref(cfg->settingv[i].val);
	}

	for (i = 0; i < cfg->keyc; i++) {
		mem_deref(cfg->keyv[i].action);
		mem_deref(cfg->keyv[i].keys);
	}

	errors_free(cfg->errorv, cfg->errorc);
	errors_free(cfg->doubtv, cfg->doubtc);

	for (i = 0; i < cfg->filec; i++)
		mem_deref(cfg->filev[i]);

	mem_deref(cfg->accountv);
	mem_deref(cfg->lampv);
	mem_deref(cfg->listv);
	mem_deref(cfg->settingv);
	mem_deref(cfg->keyv);
	mem_deref(cfg->filev);
	mem_deref(cfg->baresip);
	mem_deref(cfg->dir);
}


static void load_close(struct cfg_load *ld)
{
	size_t i;

	for (i = 0; ld->cfg && ld->notev && i < ld->cfg->lampc; i++)
		mem_deref(ld->notev[i].account);

	for (i = 0; i < ld->foreignc; i++)
		mem_deref(ld->foreignv[i].val);

	mem_deref(ld->notev);
	mem_deref(ld->hashv);
	mem_deref(ld->settingv);
	mem_deref(ld->accountv);
	mem_deref(ld->foreignv);
}


int cfg_grow(void **vp, size_t n, size_t size)
{
	char *v = mem_reallocarray(*vp, n + 1, size, NULL);

	if (!v)
		return ENOMEM;

	memset(v + n * size, 0, size);
	*vp = v;

	return 0;
}


static int add_error(struct cfg *cfg, bool doubt, const char *file,
		     unsigned line, const char *text)
{
	struct cfg_error **errorvp = doubt ? &cfg->doubtv : &cfg->errorv;
	size_t *errorcp = doubt ? &cfg->doubtc : &cfg->errorc;
	struct cfg_error *e;
	int err;

	err = cfg_grow((void **)errorvp, *errorcp, sizeof(**errorvp));
	if (err)
		return err;

	e = &(*errorvp)[(*errorcp)++];
	e->line = line;
	err  = str_dup(&e->file, file);
	err |= str_dup(&e->text, text);

	return err;
}


int cfg_report(struct cfg *cfg, bool doubt, unsigned file, unsigned line,
	       const char *fmt, ...)
{
	char raw[TEXT_MAX], text[TEXT_MAX + 4];
	va_list ap;

	if (!cfg || !fmt || file >= cfg->filec)
		return EINVAL;

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);

	(void)uchar_clean(text, sizeof(text), raw, strlen(raw));

	return add_error(cfg, doubt, cfg->filev[file], line, text);
}


int cfg_mistake(struct cfg_load *ld, const char *fmt, ...)
{
	char raw[TEXT_MAX], text[TEXT_MAX + 4];
	va_list ap;

	if (ld->cfg->errorc >= CFG_ERRORS_MAX) {
		++ld->errors_more;
		return 0;
	}

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);

	/* the file's own words come back in it */
	(void)uchar_clean(text, sizeof(text), raw, strlen(raw));

	return add_error(ld->cfg, false, ld->path, ld->place.line, text);
}


int cfg_fault(struct cfg_load *ld, enum cfg_fault fault, const char *what)
{
	if (!what || !what[0])
		return cfg_mistake(ld, "%s", cfg_fault_text(fault));

	return cfg_mistake(ld, "%.80s: %s", what, cfg_fault_text(fault));
}


const char *cfg_place_text(char *buf, size_t size, const struct cfg_load *ld,
			   const struct cfg_place *place)
{
	if (place->file == ld->place.file || place->file >= ld->cfg->filec)
		(void)snprintf(buf, size, "line %u", place->line);
	else
		(void)snprintf(buf, size, "%s line %u",
			       ld->cfg->filev[place->file], place->line);

	return buf;
}


/* A key set again: an earlier file gives way, the same file is a mistake */
static int set_again(struct cfg_load *ld, bool *okp, const char *key,
		     struct cfg_place *place)
{
	char where[256];

	*okp = place->file != ld->place.file;
	if (*okp) {
		*place = ld->place;
		return 0;
	}

	return cfg_mistake(ld, "%s is set twice: it was first in %s", key,
			   cfg_place_text(where, sizeof(where), ld, place));
}


static int set_option(struct cfg_load *ld, const struct cfg_option *opt,
		      char *val, size_t size)
{
	struct cfg *cfg = ld->cfg;
	char text[160];
	char *dup = NULL;
	size_t i;
	bool ok;
	int err;

	if (cfg_option_check(opt, val, size, text, sizeof(text)))
		return cfg_mistake(ld, "%s %.80s: %s", opt->key, val, text);

	for (i = 0; i < cfg->settingc; i++) {

		if (strcmp(cfg->settingv[i].key, opt->key))
			continue;

		err = set_again(ld, &ok, opt->key, &ld->settingv[i]);
		if (err || !ok)
			return err;

		err = str_dup(&dup, val);
		if (err)
			return err;

		mem_deref(cfg->settingv[i].val);
		cfg->settingv[i].val = dup;
		cfg->settingv[i].file = ld->place.file;
		cfg->settingv[i].line = ld->place.line;
		return 0;
	}

	err = cfg_grow((void **)&ld->settingv, cfg->settingc,
		       sizeof(*ld->settingv));
	err |= cfg_grow((void **)&cfg->settingv, cfg->settingc,
			sizeof(*cfg->settingv));
	if (err)
		return ENOMEM;

	i = cfg->settingc++;
	ld->settingv[i] = ld->place;
	cfg->settingv[i].file = ld->place.file;
	cfg->settingv[i].line = ld->place.line;
	err  = str_dup(&cfg->settingv[i].key, opt->key);
	err |= str_dup(&cfg->settingv[i].val, val);

	return err;
}


/*
 * A value for baresip's own parser: it ends at white space unless quoted,
 * and knows no escape inside the quotes
 */
static int set_foreign(struct cfg_load *ld, const struct cfg_foreign *key,
		       char *val, size_t size)
{
	const struct cfg_option opt = {
		key->key, key->type, "", 0, 0, key->choices, ""
	};
	struct cfg_foreign_line *f = NULL;
	char text[160];
	size_t i;
	bool ok;
	int err;

	if (key->ours)
		return set_option(ld, cfg_option_find(key->ours), val, size);

	if (cfg_option_check(&opt, val, size, text, sizeof(text)))
		return cfg_mistake(ld, "%s %.80s: %s", key->key, val, text);

	if (strpbrk(val, "\"\\"))
		return cfg_mistake(ld, "%s: no \" and no \\ can stand in this"
				   " value", key->key);

	/* several values add up, but only those of the last file */
	for (i = 0; i < ld->foreignc; i++) {

		f = &ld->foreignv[i];
		if (f->key != key)
			continue;

		if (f->place.file == ld->place.file && key->many)
			continue;

		err = set_again(ld, &ok, key->key, &f->place);
		if (err || !ok)
			return err;

		f->val = mem_deref(f->val);
	}

	err = cfg_grow((void **)&ld->foreignv, ld->foreignc,
		       sizeof(*ld->foreignv));
	if (err)
		return err;

	f = &ld->foreignv[ld->foreignc++];
	f->key = key;
	f->place = ld->place;

	return str_dup(&f->val, val);
}


static const struct cfg_foreign *find_foreign(const char *key)
{
	const struct cfg_foreign *f;

	for (f = cfg_foreign(); f->key; f++) {

		if (!strcmp(f->key, key))
			return f;
	}

	return NULL;
}


static void nearer(const char **best, unsigned *dist, const char *word,
		   const char *known)
{
	const unsigned d = near_distance(word, known);

	if (near_enough(word, known, d) && (!*best || d < *dist)) {
		*best = known;
		*dist = d;
	}
}


/** Keys that baresip knows, but where parkdeck has its own way */
static const char *const decidedv[] = {
	"poll_method", "call_hold_other_calls", "audio_path", "audio_alert",
	"audio_txmode", "ausrc_srate", "auplay_srate", "ausrc_channels",
	"auplay_channels", "video_source", "video_display", "video_size",
	"video_bitrate", "video_fps", "video_fullscreen", "videnc_format",
	"jitter_buffer_type", "jitter_buffer_wish",
};


static int unknown_key(struct cfg_load *ld, const char *key)
{
	const struct cfg_foreign *f;
	const struct cfg_option *o;
	const char *best = NULL;
	unsigned dist = 0;

	if (!strncmp(key, "module", 6))
		return cfg_mistake(ld, "'%s': parkdeck has its modules built"
				   " in, this line of baresip's must go", key);

	for (size_t i = 0; i < ARRAY_SIZE(decidedv); i++) {

		if (!strcmp(decidedv[i], key))
			return cfg_mistake(ld, "'%s' is decided by parkdeck"
					   " itself, it must go", key);
	}

	for (o = cfg_lines(); o->key; o++)
		nearer(&best, &dist, key, o->key);
	for (o = cfg_options(); o->key; o++)
		nearer(&best, &dist, key, o->key);
	for (f = cfg_foreign(); f->key; f++)
		nearer(&best, &dist, key, f->key);

	if (best)
		return cfg_mistake(ld, "unknown key '%s'; did you mean '%s'?",
				   key, best);

	return cfg_mistake(ld, "unknown key '%s': 'parkdeck options' lists"
			   " those that are known", key);
}


static int include(struct cfg_load *ld, const char *name)
{
	const char *slash = strrchr(ld->path, '/');
	char path[PATH_SZ];
	int n;

	if (name[0] == '/' || !slash)
		n = snprintf(path, sizeof(path), "%s", name);
	else
		n = snprintf(path, sizeof(path), "%.*s%s",
			     (int)(slash - ld->path) + 1, ld->path, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return cfg_mistake(ld, "include: the path is too long");

	return load_file(ld, path, true);
}


static int plain_line(struct cfg_load *ld, const struct cfg_line *line)
{
	const struct cfg_foreign *foreign = NULL;
	const struct cfg_option *opt;
	char val[CFG_LINE_MAX + 1];
	enum cfg_fault fault;

	opt = cfg_option_find(line->key);
	if (!opt)
		foreign = find_foreign(line->key);

	if (!opt && !foreign && strcmp(line->key, "include"))
		return unknown_key(ld, line->key);

	fault = cfg_lex_text(val, sizeof(val), line->val);
	if (fault)
		return cfg_fault(ld, fault, line->key);

	if (opt)
		return set_option(ld, opt, val, sizeof(val));

	if (foreign)
		return set_foreign(ld, foreign, val, sizeof(val));

	return include(ld, val);
}


static int key_line(struct cfg_load *ld, struct cfg_piece val)
{
	char text[CFG_LINE_MAX + 1], *keys;
	struct cfg_key *key;
	enum cfg_fault fault;
	int err;

	fault = cfg_lex_text(text, sizeof(text), val);
	if (fault)
		return cfg_fault(ld, fault, "key");

	keys = strchr(text, ' ');
	if (!keys)
		return cfg_mistake(ld, "key: an action and its keys are"
				   " expected, such as: key park p Ctrl-P");

	err = cfg_grow((void **)&ld->cfg->keyv, ld->cfg->keyc, sizeof(*key));
	if (err)
		return err;

	*keys++ = '\0';
	key = &ld->cfg->keyv[ld->cfg->keyc++];
	key->file = ld->place.file;
	key->line = ld->place.line;
	err  = str_dup(&key->action, text);
	err |= str_dup(&key->keys, keys);

	return err;
}


static int step_line(struct cfg_load *ld, struct cfg_piece raw)
{
	struct cfg_line line;
	enum cfg_fault fault;

	fault = cfg_lex_line(&line, raw);
	if (fault == CFG_BLANK)
		return 0;
	if (fault)
		return cfg_fault(ld, fault, NULL);

	if (!line.val.l) {
		if (line.comment)
			return cfg_mistake(ld, "%s: a value is expected; a"
					   " value that begins with # needs"
					   " \"quotes\"", line.key);

		return cfg_mistake(ld, "%s: a value is expected", line.key);
	}

	if (!strcmp(line.key, "account"))
		return cfg_account_line(ld, line.val);
	if (!strcmp(line.key, "spots"))
		return cfg_spots_line(ld, line.val);
	if (!strcmp(line.key, "spot"))
		return cfg_lamp_line(ld, line.val, LAMP_SPOT);
	if (!strcmp(line.key, "lamp"))
		return cfg_lamp_line(ld, line.val, LAMP_EXTENSION);

	if (!strcmp(line.key, "list"))
		return cfg_list_line(ld, line.val);

	if (!strcmp(line.key, "key"))
		return key_line(ld, line.val);

	return plain_line(ld, &line);
}


/* Passwords and commands that are run: nobody else's hand in that file */
static int check_owner(struct cfg_load *ld, const struct cfg_file *file)
{
	ld->place.line = 0;

	if (ld->pass_seen && !file->private)
		return cfg_mistake(ld, "the file holds a password and others"
				   " can get at it: chmod 600 %s", ld->path);

	if (ld->cmd_seen && !file->ours)
		return cfg_mistake(ld, "the file holds an auth_pass_cmd and"
				   " others could have written it: make it"
				   " your own and chmod 600 %s", ld->path);

	return 0;
}


static int step_file(struct cfg_load *ld, const struct cfg_file *file)
{
	struct cfg_piece text = {file->buf, file->len}, raw;
	int err;

	/* a byte order mark is no part of the first key */
	if (text.l >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3)) {
		text.p += 3;
		text.l -= 3;
	}

	while (cfg_lex_next(&raw, &text)) {

		++ld->place.line;

		err = step_line(ld, raw);
		if (err)
			return err;
	}

	return check_owner(ld, file);
}


static int open_failed(struct cfg_load *ld, const char *path, int e)
{
	switch (e) {

	case EFBIG:
		return cfg_mistake(ld, "%s is too large: at most %u MB are"
				   " expected", path,
				   (unsigned)CFG_FILE_MAX >> 20);

	case EINVAL:
		return cfg_mistake(ld, "%s is no plain file", path);

	case ENOENT:
		return cfg_mistake(ld, "%s does not exist", path);

	default:
		return cfg_mistake(ld, "%s cannot be read: %s", path,
				   strerror(e));
	}
}


static bool on_stack(const struct cfg_load *ld, const struct cfg_file *file)
{
	unsigned i;

	for (i = 0; i < ld->depth; i++) {

		if (ld->stackv[i][0] == file->dev &&
		    ld->stackv[i][1] == file->ino)
			return true;
	}

	return false;
}


/* `must`: named by another file, so that its absence is that line's fault */
static int load_file(struct cfg_load *ld, const char *path, bool must)
{
	const struct cfg_place place = ld->place;
	const bool pass = ld->pass_seen, cmd = ld->cmd_seen;
	const char *outer = ld->path;
	struct cfg_file file;
	char *name = NULL;
	int e, err;

	if (!ld->path)
		ld->path = path;

	e = cfg_file_read(&file, path, CFG_FILE_MAX);
	if (e == ENOMEM) {
		ld->path = outer;
		return ENOMEM;
	}

	if (e == ENOENT && !must) {
		ld->path = outer;
		return 0;
	}

	ld->cfg->found = true;

	if (e) {
		err = open_failed(ld, path, e);
		ld->path = outer;
		return err;
	}

	if (ld->depth >= CFG_INCLUDE_DEPTH) {
		err = cfg_mistake(ld, "include: files are nested more than %u"
				  " deep", (unsigned)CFG_INCLUDE_DEPTH);
		goto out;
	}

	if (on_stack(ld, &file)) {
		err = cfg_mistake(ld, "include: %s includes itself", path);
		goto out;
	}

	if (ld->cfg->filec >= CFG_FILES_MAX) {
		err = cfg_mistake(ld, "include: more than %u files",
				  (unsigned)CFG_FILES_MAX);
		goto out;
	}

	err  = str_dup(&name, path);
	err |= cfg_grow((void **)&ld->cfg->filev, ld->cfg->filec,
			sizeof(*ld->cfg->filev));
	if (err) {
		mem_deref(name);
		err = ENOMEM;
		goto out;
	}

	ld->cfg->filev[ld->cfg->filec] = name;
	ld->place.file = (unsigned)ld->cfg->filec++;
	ld->place.line = 0;
	ld->path = name;
	ld->pass_seen = ld->cmd_seen = false;
	ld->stackv[ld->depth][0] = file.dev;
	ld->stackv[ld->depth][1] = file.ino;
	++ld->depth;

	err = step_file(ld, &file);

	--ld->depth;

 out:
	ld->place = place;
	ld->path = outer;
	ld->pass_seen = pass;
	ld->cmd_seen = cmd;
	cfg_file_close(&file);

	return err;
}


static int finish_foreign(struct cfg_load *ld)
{
	struct mbuf *mb;
	size_t i;
	int err = 0;

	mb = mbuf_alloc(512);
	if (!mb)
		return ENOMEM;

	for (i = 0; i < ld->foreignc; i++) {

		const struct cfg_foreign_line *f = &ld->foreignv[i];

		/* empty: back to baresip's default */
		if (str_isset(f->val))
			err |= mbuf_printf(mb, "%s\t\"%s\"\n", f->key->key,
					   f->val);
	}

	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, &ld->cfg->baresip, mb->end);

	mem_deref(mb);

	return err;
}


static int finish(struct cfg_load *ld, const char *main_path)
{
	struct cfg *cfg = ld->cfg;
	char text[80];
	int err;

	err = cfg_lamps_finish(ld);
	if (err)
		return err;

	err = finish_foreign(ld);
	if (err)
		return err;

	if (cfg->found && !ld->accounts_seen && !ld->errors_more) {

		ld->path = main_path;
		ld->place.line = 0;
		err = cfg_mistake(ld, "no account: a line such as 'account"
				  " <sip:101@pbx.example.com>;"
				  "auth_pass=secret' is expected");
		if (err)
			return err;
	}

	if (ld->errors_more) {
		(void)snprintf(text, sizeof(text), "%u more mistakes are not"
			       " shown", ld->errors_more);
		err = add_error(cfg, false, main_path, 0, text);
	}

	return err;
}


int cfg_dir(char *buf, size_t size, const char *dir)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char path[PATH_SZ], real[PATH_SZ], cwd[PATH_SZ];
	int n;

	if (!buf || !size)
		return EINVAL;

	if (dir && dir[0] == '/') {
		n = snprintf(path, sizeof(path), "%s", dir);
	}
	else if (dir) {
		if (!getcwd(cwd, sizeof(cwd)))
			return errno;

		n = snprintf(path, sizeof(path), "%s/%s", cwd, dir);
	}
	else if (xdg && xdg[0] == '/') {
		n = snprintf(path, sizeof(path), "%s/parkdeck", xdg);
	}
	else if (home && home[0] == '/') {
		n = snprintf(path, sizeof(path), "%s/.config/parkdeck", home);
	}
	else {
		return ENOENT;
	}

	if (n < 0 || (size_t)n >= sizeof(path))
		return ENAMETOOLONG;

	if (realpath(path, real))
		n = snprintf(buf, size, "%s", real);
	else
		n = snprintf(buf, size, "%s", path);

	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}


int cfg_load(struct cfg **cfgp, const char *dir, const char *site)
{
	char path[PATH_SZ], main_path[PATH_SZ + 8];
	struct cfg_load ld;
	struct cfg *cfg;
	int err;

	if (!cfgp)
		return EINVAL;

	err = cfg_dir(path, sizeof(path), dir);
	if (err)
		return err;

	(void)snprintf(main_path, sizeof(main_path), "%s/config", path);

	memset(&ld, 0, sizeof(ld));

	cfg = mem_zalloc(sizeof(*cfg), destructor);
	if (!cfg)
		return ENOMEM;

	ld.cfg = cfg;

	err = str_dup(&cfg->dir, path);
	if (err)
		goto out;

	err = load_file(&ld, site ? site : site_default, false);
	if (err)
		goto out;

	err = load_file(&ld, main_path, false);
	if (err)
		goto out;

	err = finish(&ld, main_path);

 out:
	load_close(&ld);
	if (err)
		mem_deref(cfg);
	else
		*cfgp = cfg;

	return err;
}


int cfg_errors_print(struct re_printf *pf, const struct cfg *cfg)
{
	size_t i;
	int err = 0;

	for (i = 0; cfg && i < cfg->errorc; i++) {

		const struct cfg_error *e = &cfg->errorv[i];

		if (e->line)
			err |= re_hprintf(pf, "%s:%u: %s\n", e->file, e->line,
					  e->text);
		else
			err |= re_hprintf(pf, "%s: %s\n", e->file, e->text);
	}

	return err;
}


const struct cfg_setting *cfg_setting_find(const struct cfg *cfg,
					   const char *key)
{
	for (size_t i = 0; cfg && key && i < cfg->settingc; i++) {

		if (!strcmp(cfg->settingv[i].key, key))
			return &cfg->settingv[i];
	}

	return NULL;
}


const char *cfg_get(const struct cfg *cfg, const char *key)
{
	const struct cfg_setting *setting = cfg_setting_find(cfg, key);
	const struct cfg_option *opt;

	if (setting)
		return setting->val;

	opt = cfg_option_find(key);

	return opt ? opt->def : NULL;
}


uint32_t cfg_get_u32(const struct cfg *cfg, const char *key)
{
	const char *val = cfg_get(cfg, key);

	return val ? (uint32_t)strtoul(val, NULL, 10) : 0;
}


bool cfg_get_bool(const struct cfg *cfg, const char *key)
{
	const char *val = cfg_get(cfg, key);

	return val && !strcmp(val, "yes");
}
