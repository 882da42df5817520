/**
 * @file app/pass_cmd.c  Passwords that a command prints (auth_pass_cmd)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "cfg.h"
#include "log.h"
#include "pass_cmd.h"


enum {
	PASS_MAX = 512,
	POLL_MS  = 20,
};

struct pass_cmd {
	struct cfg *cfg;
	size_t idx;              /* account whose command runs           */
	uint32_t limit_ms;
	uint64_t end_ms;         /* of the one that runs                 */
	pid_t pid;               /* 0: none; leader of its session       */
	int fd;                  /* what it prints; -1: closed           */
	struct tmr tmr;
	char buf[PASS_MAX];
	size_t n;
	pass_cmd_h *h;
	void *arg;
};


static void start(struct pass_cmd *pc);


static void fd_end(struct pass_cmd *pc)
{
	if (pc->fd < 0)
		return;

	fd_close(pc->fd);
	(void)close(pc->fd);
	pc->fd = -1;
}


static void kill_all(struct pass_cmd *pc)
{
	if (!pc->pid)
		return;

	(void)kill(-pc->pid, SIGKILL);
	(void)kill(pc->pid, SIGKILL);
	(void)waitpid(pc->pid, NULL, 0);
	pc->pid = 0;
}


static void destructor(void *data)
{
	struct pass_cmd *pc = data;

	tmr_cancel(&pc->tmr);
	fd_end(pc);
	kill_all(pc);
	explicit_bzero(pc->buf, sizeof(pc->buf));
	mem_deref(pc->cfg);
}


static void fail(struct pass_cmd *pc, const char *how)
{
	const struct cfg_account *acc = &pc->cfg->accountv[pc->idx];
	char text[2 * REASON_SZ];

	(void)re_snprintf(text, sizeof(text), "%s:%u: auth_pass_cmd of %s"
			  " gave no password: %s",
			  pc->cfg->filev[acc->file], acc->line, acc->aor, how);
	pc->h(text, pc->arg);
}


/* What it has printed by now. @return True if nothing more can come */
static bool drain(struct pass_cmd *pc)
{
	char rest[256];

	while (pc->fd >= 0) {

		/* what is beyond is thrown away, so that nobody is stuck */
		const bool full = pc->n + 1 >= sizeof(pc->buf);
		const ssize_t n = full ? read(pc->fd, rest, sizeof(rest)) :
			read(pc->fd, &pc->buf[pc->n],
			     sizeof(pc->buf) - 1 - pc->n);

		if (n < 0)
			return errno != EAGAIN && errno != EINTR;
		if (n == 0)
			return true;
		if (!full)
			pc->n += (size_t)n;
	}

	return true;
}


static void ended(struct pass_cmd *pc, int st)
{
	struct cfg_account *acc = &pc->cfg->accountv[pc->idx];
	char how[80];
	size_t len;
	int err;

	(void)drain(pc);
	fd_end(pc);
	pc->pid = 0;
	tmr_cancel(&pc->tmr);

	pc->buf[pc->n] = '\0';
	len = strcspn(pc->buf, "\r\n");
	pc->buf[len] = '\0';

	if (!WIFEXITED(st)) {
		(void)re_snprintf(how, sizeof(how), "it was ended by signal"
				  " %d", WTERMSIG(st));
		fail(pc, how);
		return;
	}

	if (WEXITSTATUS(st)) {
		(void)re_snprintf(how, sizeof(how), "it ended with %d, 0 is"
				  " expected", WEXITSTATUS(st));
		fail(pc, how);
		return;
	}

	if (!len || len + 1 >= sizeof(pc->buf)) {
		fail(pc, len ? "its first line is too long" :
		     "its first line is empty");
		return;
	}

	err = str_dup(&acc->pass, pc->buf);
	explicit_bzero(pc->buf, sizeof(pc->buf));
	if (err) {
		fail(pc, "out of memory");
		return;
	}

	start(pc);
}


static void look(void *arg)
{
	struct pass_cmd *pc = arg;
	char how[120];
	pid_t pid;
	int st;

	if (drain(pc))
		fd_end(pc);

	pid = waitpid(pc->pid, &st, WNOHANG);
	if (pid == pc->pid) {
		ended(pc, st);
		return;
	}

	if (tmr_jiffies() < pc->end_ms) {
		tmr_start(&pc->tmr, POLL_MS, look, pc);
		return;
	}

	tmr_cancel(&pc->tmr);
	fd_end(pc);
	kill_all(pc);
	(void)re_snprintf(how, sizeof(how), "it did not end within %u s (it"
			  " has no terminal to ask on)", pc->limit_ms / 1000);
	fail(pc, how);
}


static void readable(int flags, void *arg)
{
	struct pass_cmd *pc = arg;
	(void)flags;

	/* its end is seen with the next look */
	if (drain(pc))
		fd_end(pc);
}


/* Between fork and exec: only what is async-signal-safe */
static void child(const char *cmd, int out)
{
	const int null = open("/dev/null", O_RDWR);

	/* a session of its own has no terminal to write to or to ask on */
	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0)
		_exit(127);

	(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	(void)execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}


static int run(struct pass_cmd *pc, const char *cmd)
{
	int fdv[2], err;

	if (pipe2(fdv, O_CLOEXEC))
		return errno;

	pc->n = 0;
	pc->pid = fork();
	if (!pc->pid)
		child(cmd, fdv[1]);

	err = errno;
	(void)close(fdv[1]);
	if (pc->pid < 0) {
		pc->pid = 0;
		(void)close(fdv[0]);
		return err;
	}

	pc->fd = fdv[0];
	(void)fcntl(pc->fd, F_SETFL, O_NONBLOCK);
	pc->end_ms = tmr_jiffies() + pc->limit_ms;
	tmr_start(&pc->tmr, POLL_MS, look, pc);

	return fd_listen(pc->fd, FD_READ, readable, pc);
}


static void start(struct pass_cmd *pc)
{
	const struct cfg *cfg = pc->cfg;
	char how[80];
	int err;

	for (; pc->idx < cfg->accountc; pc->idx++) {

		const struct cfg_account *acc = &cfg->accountv[pc->idx];

		if (!acc->pass_cmd || acc->pass)
			continue;

		applog(APPLOG_INFO, "account %s: auth_pass_cmd is run",
		       acc->aor);
		err = run(pc, acc->pass_cmd);
		if (err) {
			(void)re_snprintf(how, sizeof(how),
					  "it cannot be run: %m", err);
			tmr_cancel(&pc->tmr);
			fail(pc, how);
		}
		return;
	}

	pc->h(NULL, pc->arg);
}


static void start_handler(void *arg)
{
	start(arg);
}


bool pass_cmd_wanted(const struct cfg *cfg)
{
	for (size_t i = 0; cfg && i < cfg->accountc; i++) {

		if (cfg->accountv[i].pass_cmd && !cfg->accountv[i].pass)
			return true;
	}

	return false;
}


int pass_cmd_alloc(struct pass_cmd **pcp, struct cfg *cfg, uint32_t limit_ms,
		   pass_cmd_h *h, void *arg)
{
	struct pass_cmd *pc;

	if (!pcp || !cfg || !h)
		return EINVAL;

	if (!pass_cmd_wanted(cfg))
		return ENOENT;

	pc = mem_zalloc(sizeof(*pc), destructor);
	if (!pc)
		return ENOMEM;

	pc->cfg = mem_ref(cfg);
	pc->limit_ms = limit_ms;
	pc->fd = -1;
	pc->h = h;
	pc->arg = arg;
	tmr_start(&pc->tmr, 0, start_handler, pc);

	*pcp = pc;

	return 0;
}
