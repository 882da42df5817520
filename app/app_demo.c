/**
 * @file app/app_demo.c  The phone on its built-in PBX
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "app.h"
#include "app_check.h"
#include "cfg.h"
#include "ctl.h"
#include "log.h"
#include "modules/demo/demo.h"
#include "modules/park/profile_model.h"


enum {
	LINES_MAX = 16,
};

/* All that the phone makes in its folder */
static const char *const filev[] = {
	"config", "uuid", "parkdeck.log", "parkdeck.log.1", "parked",
	"parked.new",
};

struct args {
	struct demo_prm demo;
	struct app_prm app;
	bool tcp;
	const char *linev[LINES_MAX];    /* of the configuration */
	size_t linec;
};


/* What the profile does not know, or a family without one: say what the
   PBX's manner is */
static int write_ways(struct mbuf *mb, const struct demo_manner *m)
{
	const struct profile *p = profile_find(m->profile);
	int err;

	if (p) {
		err = mbuf_printf(mb, "pbx       %s", m->profile);
		if (p->told == PROFILE_TOLD_DIALOG && !p->watch &&
		    m->watch_prefix)
			err |= mbuf_printf(mb, "\nwatch     %s{spot}",
					   m->watch_prefix);
		return err;
	}

	err = mbuf_printf(mb, "pbx       generic");
	if (m->lot)
		err |= mbuf_printf(mb, "\nlot       %s", m->lot);
	if (m->watch_prefix)
		err |= mbuf_printf(mb, "\nwatch     %s{spot}",
				   m->watch_prefix);

	return err;
}


/* What the built-in PBX says of itself, and the lines that were given */
static int config_print(struct mbuf *mb, const struct demo *demo,
			const struct args *args)
{
	char text[DEMO_CONFIG_MAX];
	char *line = text;
	bool account = true;
	int err;

	err = demo_config(demo, "101", args->tcp, text, sizeof(text));
	if (err)
		return err;

	while (*line) {

		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';

		if (!strncmp(line, "pbx ", 4))
			err |= write_ways(mb, demo_manner(demo));
		else
			err |= mbuf_write_str(mb, line);

		for (size_t i = 0; account && i < args->linec; i++) {
			if (args->linev[i][0] == ';')
				err |= mbuf_write_str(mb, args->linev[i]);
		}

		account = false;
		err |= mbuf_write_str(mb, "\n");
		line = end ? end + 1 : line + strlen(line);
	}

	for (size_t i = 0; i < args->linec; i++) {
		if (args->linev[i][0] != ';')
			err |= mbuf_printf(mb, "%s\n", args->linev[i]);
	}

	return err;
}


static int write_config(const char *dir, const struct demo *demo,
			const struct args *args)
{
	struct mbuf *mb = mbuf_alloc(DEMO_CONFIG_MAX);
	char path[512];
	int fd = -1, err;

	if (!mb)
		return ENOMEM;

	err = config_print(mb, demo, args);
	if (err)
		goto out;

	if (re_snprintf(path, sizeof(path), "%s/config", dir) < 0) {
		err = ENAMETOOLONG;
		goto out;
	}

	/* never over somebody's own */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = errno;
		(void)fprintf(stderr, "parkdeck: cannot write %s: %s%s\n",
			      path, strerror(err), err == EEXIST ?
			      "; the demo writes its own, into a folder"
			      " without one" : "");
		goto out;
	}

	if (write(fd, mb->buf, mb->end) != (ssize_t)mb->end)
		err = EIO;

 out:
	if (fd >= 0)
		(void)close(fd);
	mem_deref(mb);

	return err;
}


/* The lock of the control socket stays behind on purpose, for the next phone
   of its folder; a demo's folder has no next phone */
static void remove_folder(const char *dir)
{
	char real[512];

	for (unsigned i = 0; i < CTL_PLACES; i++) {

		struct ctl_place place;

		if (cfg_dir(real, sizeof(real), dir) ||
		    ctl_place(&place, i, real, false))
			continue;

		/* the folder too, if it was made for this phone alone */
		(void)unlink(place.lock);
		*strrchr(place.lock, '/') = '\0';
		(void)rmdir(place.lock);
	}

	for (size_t i = 0; i < ARRAY_SIZE(filev); i++) {

		char path[512];

		(void)re_snprintf(path, sizeof(path), "%s/%s", dir, filev[i]);
		(void)unlink(path);
	}

	(void)rmdir(dir);
}


static int unknown_manner(const char *name)
{
	const struct demo_manner *m;

	(void)fprintf(stderr, "parkdeck: the built-in PBX cannot play '%s';"
		      " it can be:", name);
	for (size_t i = 0; (m = demo_manner_at(i)); i++)
		(void)fprintf(stderr, " %s", m->name);
	(void)fprintf(stderr, "\n");

	return 2;
}


static int number_arg(uint32_t *np, const char *s, uint32_t top)
{
	char *end;
	const unsigned long n = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || !n || n > top)
		return EINVAL;

	*np = (uint32_t)n;

	return 0;
}


/* @return 0, or EINVAL: then `i` is the index of what is wrong */
static int args_decode(struct args *args, int argc, char *argv[], int *ip)
{
	uint32_t n;
	int i;

	for (i = 0; i < argc; i++) {

		const bool more = i + 1 < argc;

		*ip = i;

		if (!strcmp(argv[i], "--headless"))
			args->app.headless = true;
		else if (!strcmp(argv[i], "--no-life"))
			args->app.no_life = true;
		else if (!strcmp(argv[i], "--tcp"))
			args->tcp = true;
		else if (!strcmp(argv[i], "--as") && more)
			args->demo.manner = argv[++i];
		else if (!strcmp(argv[i], "-f") && more)
			args->app.dir = argv[++i];
		else if (!strcmp(argv[i], "--set") && more &&
			 args->linec < LINES_MAX)
			args->linev[args->linec++] = argv[++i];
		else if (!strcmp(argv[i], "--spots") && more &&
			 !number_arg(&n, argv[i + 1], DEMO_SPOTS_MAX)) {
			args->demo.spots = n;
			++i;
		}
		else if (!strcmp(argv[i], "--park-time") && more &&
			 !number_arg(&n, argv[i + 1], 86400)) {
			args->demo.park_s = n;
			++i;
		}
		else
			return EINVAL;
	}

	return 0;
}


static int make_folder(char *dir, size_t size, const char *given)
{
	const char *tmp = getenv("TMPDIR");

	if (given) {
		if (strlen(given) >= size)
			return ENAMETOOLONG;
		str_ncpy(dir, given, size);
		return mkdir(dir, 0700) && errno != EEXIST ? errno : 0;
	}

	(void)re_snprintf(dir, size, "%s/parkdeck-demo-XXXXXX",
			  str_isset(tmp) ? tmp : "/tmp");

	return mkdtemp(dir) ? 0 : errno;
}


int app_demo(int argc, char *argv[])
{
	struct args args = {.tcp = false};
	struct demo *demo = NULL;
	struct cfg *cfg = NULL;
	bool own_folder;
	char dir[256], log[300];
	int err, i = 0, st = 1;

	if (args_decode(&args, argc, argv, &i)) {
		(void)fprintf(stderr, "parkdeck demo: '%s' is not known here"
			      " or wants another value; `parkdeck --help`"
			      " lists what can be said\n", argv[i]);
		return 2;
	}

	own_folder = !args.app.dir;
	err = make_folder(dir, sizeof(dir), args.app.dir);
	if (err) {
		(void)fprintf(stderr, "parkdeck: cannot make %s: %s\n",
			      args.app.dir ? args.app.dir : dir,
			      strerror(err));
		return 1;
	}

	err = libre_init();
	if (err)
		goto out;

	/* before anybody has something to say: the terminal is the screen's */
	if (re_snprintf(log, sizeof(log), "%s/parkdeck.log", dir) > 0)
		(void)applog_open(log, APPLOG_INFO);

	err = demo_alloc(&demo, &args.demo);
	if (err == ENOENT) {
		st = unknown_manner(args.demo.manner);
		err = 0;
		goto out;
	}
	if (err)
		goto out;

	err = write_config(dir, demo, &args);
	if (err)
		goto out;

	err = app_cfg_load(&cfg, dir, "/dev/null");
	if (err)
		goto out;

	if (cfg->errorc) {
		(void)fprintf(stderr, "parkdeck: %s:%u: %s\n",
			      cfg->errorv[0].file, cfg->errorv[0].line,
			      cfg->errorv[0].text);
		err = EINVAL;
		goto out;
	}

	args.app.dir = dir;
	args.app.demo = demo;
	st = app_main(cfg, &args.app);
	cfg = NULL;

 out:
	if (err) {
		(void)fprintf(stderr, "parkdeck: the demo does not start:"
			      " %s\n", strerror(err));
		st = 1;
	}

	mem_deref(cfg);
	mem_deref(demo);
	libre_close();
	applog_close();
	if (own_folder)
		remove_folder(dir);

	return st;
}
