/**
 * @file app/main.c  Map of the sources, and the program's arguments
 *
 * app/      main.c arguments · app.c wiring, start and end · app_check.c
 *           the configuration against all that uses it · pass_cmd.c
 *           passwords that a command prints · app_cmd.c commands on calls ·
 *           app_demo*.c the phone on its built-in PBX, and the command that
 *           steers it · app_profiles.c what is known of each PBX · bus.c
 *           facts · cmd.c command table · ctl.c control socket, ctl_client.c
 *           its client · cfg*.c configuration · desk_model.c all that is
 *           shown · status.c it as JSON · phone*.c the bridge to libbaresip ·
 *           siphook.c first look at SIP messages · bigmsg_wrap.c large ones ·
 *           log.c clock.c jsonw.c text_model.c
 * ui/       ui.c screen · grid.c cells · layout.c rectangles · text.c widths ·
 *           key*.c keys · view_*.c one view each · term_curses.c terminal
 * modules/  reg registration · blf lamps · park park and retrieve ·
 *           audio sound · demo built-in PBX
 */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "app.h"
#include "app_check.h"
#include "cfg.h"
#include "ctl_client.h"


enum {
	EXIT_USAGE = 2,
};


static int usage(FILE *f)
{
	(void)fprintf(f,
"parkdeck " PARKDECK_VERSION ": a terminal SIP softphone that parks calls\n"
"\n"
"  parkdeck [-f DIR] [--headless]     the phone; DIR holds its `config`\n"
"                                     (else $XDG_CONFIG_HOME/parkdeck)\n"
"  parkdeck ctl [-f DIR] COMMAND...   tell a running phone what to do; ends\n"
"                                     with 0, 1 (refused, and why) or 2 (no\n"
"                                     COMMAND)\n"
"  parkdeck check [-f DIR]            look for mistakes in the configuration\n"
"  parkdeck demo [--as NAME]          the phone on its built-in PBX, to try it\n"
"       --headless, -f DIR            without a screen; in this folder, kept\n"
"       --no-life --spots N --park-time S --tcp --set LINE\n"
"                                     nobody calls by himself (`ctl demo call`\n"
"                                     does); N spots; recall after S seconds;\n"
"                                     over TCP; a line more of configuration,\n"
"                                     or ;PARAM=VALUE of the account\n"
"  parkdeck options                   what a configuration can say\n"
"  parkdeck profiles [NAME]           the PBX families it knows, one explained\n"
"  parkdeck --version | --help\n");

	return f == stdout ? 0 : EXIT_USAGE;
}


static void print_errors(const struct cfg_error *errorv, size_t errorc)
{
	for (size_t i = 0; i < errorc; i++) {

		const struct cfg_error *e = &errorv[i];

		if (e->line)
			(void)fprintf(stderr, "%s:%u: %s\n", e->file, e->line,
				      e->text);
		else
			(void)fprintf(stderr, "%s: %s\n", e->file, e->text);
	}
}


static int no_config(const struct cfg *cfg)
{
	(void)fprintf(stderr,
"parkdeck: no account is configured. Put this into %s/config\n"
"(chmod 600, since it holds your password), with your own values:\n"
"\n"
"    account  <sip:101@pbx.example.com>;auth_pass=secret\n"
"    pbx      asterisk\n"
"    spots    701-720\n"
"    lamp     102;label=\"Anna\"\n"
"\n"
"`parkdeck options` lists everything, `./run demo` shows the phone without\n"
"a telephone system.\n", cfg->dir);

	return EXIT_USAGE;
}


static int load(struct cfg **cfgp, const char *dir)
{
	struct cfg *cfg;
	int err;

	err = app_cfg_load(&cfg, dir, NULL);
	if (err) {
		(void)fprintf(stderr, "parkdeck: %s\n", strerror(err));
		return 1;
	}

	*cfgp = cfg;

	print_errors(cfg->errorv, cfg->errorc);
	print_errors(cfg->doubtv, cfg->doubtc);

	if (cfg->errorc) {
		(void)fprintf(stderr, "parkdeck: %zu mistake%s in the"
			      " configuration; nothing was started\n",
			      cfg->errorc, cfg->errorc == 1 ? "" : "s");
		return EXIT_USAGE;
	}

	if (!cfg->found || !cfg->accountc)
		return no_config(cfg);

	return 0;
}


static void options_print(const char *title, const struct cfg_option *o)
{
	(void)printf("%s\n\n", title);

	for (; o->key; o++) {

		(void)printf("%s", o->key);
		if (o->choices)
			(void)printf(" %s", o->choices);
		else if (o->type == CFG_U32)
			(void)printf(" %u-%u", o->min, o->max);
		else if (o->type == CFG_BOOL)
			(void)printf(" yes|no");
		if (o->def && *o->def)
			(void)printf(" (%s)", o->def);
		(void)printf("\n    %s\n", o->help);
	}
}


static int options(void)
{
	options_print("Lines that may stand several times:", cfg_lines());
	options_print("\nParameters of an account, ;name=value behind its"
		      " address:", cfg_account_params());
	options_print("\nSettings, their values and (what holds without"
		      " them); baresip's own sip_, rtp_, jitter_, dns_ and\n"
		      "codec keys are known too:", cfg_options());

	return fflush(stdout) ? 1 : 0;
}


static int ctl(int argc, char *argv[])
{
	const char *dir = NULL;
	char path[512];
	int err;

	if (argc >= 2 && !strcmp(argv[0], "-f")) {
		dir = argv[1];
		argc -= 2;
		argv += 2;
	}

	if (argc < 1)
		return usage(stderr);

	err = cfg_dir(path, sizeof(path), dir);
	if (err) {
		(void)fprintf(stderr, "parkdeck: no folder '%s': %s\n",
			      dir ? dir : "", strerror(err));
		return 1;
	}

	return ctl_client(path, argc, argv, 0, stdout, stderr);
}


/* No locale at all (LANG unset, or one that is not generated here) says
   nothing of the terminal, and today's are UTF-8: without it each name would
   be full of question marks. The C library's own UTF-8 locale is always
   there. One with another codeset was chosen: then the screen is ASCII */
static void set_locale(void)
{
	(void)setlocale(LC_ALL, "");
	if (!strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968"))
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}


int main(int argc, char *argv[])
{
	struct app_prm prm = {0};
	struct cfg *cfg = NULL;
	bool check = false;
	int i = 1, st;

	set_locale();
	(void)signal(SIGPIPE, SIG_IGN);

	if (argc > 1 && !strcmp(argv[1], "ctl"))
		return ctl(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "demo"))
		return app_demo(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "options"))
		return options();
	if (argc > 1 && !strcmp(argv[1], "profiles"))
		return app_profiles(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "check")) {
		check = true;
		++i;
	}

	for (; i < argc; i++) {

		if (!strcmp(argv[i], "-f") && i + 1 < argc)
			prm.dir = argv[++i];
		else if (!strcmp(argv[i], "--headless"))
			prm.headless = true;
		else if (!strcmp(argv[i], "--version"))
			return printf("parkdeck " PARKDECK_VERSION "\n") < 0;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return usage(stdout);
		else {
			(void)fprintf(stderr, "parkdeck: '%s' is not known"
				      " here\n\n", argv[i]);
			return usage(stderr);
		}
	}

	if (libre_init()) {
		(void)fprintf(stderr, "parkdeck: libre does not start\n");
		return 1;
	}

	st = load(&cfg, prm.dir);
	if (!st && check)
		(void)printf("%s/config: no mistakes, %zu account%s, %zu"
			     " lamps\n", cfg->dir, cfg->accountc,
			     cfg->accountc == 1 ? "" : "s", cfg->lampc);
	else if (!st) {
		st = app_main(cfg, &prm);
		cfg = NULL;
	}

	mem_deref(cfg);
	libre_close();

	return st;
}
