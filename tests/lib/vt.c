/**
 * @file tests/lib/vt.c  A terminal to run the program in, and to read it
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include <vterm.h>
#include "tests/lib/test.h"
#include "tests/lib/vt.h"
#include "ui/text.h"


enum {
	VTS = 8,
	PATH_SZ = 256,
	REST_MS = 150,           /* some pictures long                     */
};

/** Variables that the program gets as the test has them */
static const char *const passedv[] = {
	"PATH", "LSAN_OPTIONS", "UBSAN_OPTIONS", "MALLOC_PERTURB_",
};

static const char *const folderv[] = {
	"home", "config", "state", "run", "tmp",
};

/** Those that run: a failed test does not end its own */
static struct vt *allv[VTS];


/* The loop */

uint64_t vt_now(void)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}


static void cancel_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


void vt_turn(uint32_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, cancel_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


void vt_pause(uint32_t ms)
{
	const uint64_t end = vt_now() + ms;

	while (vt_now() < end)
		vt_turn((uint32_t)(end - vt_now()));
}


/* Folders */

const char *vt_home_path(const struct vt_home *home, const char *name)
{
	static char path[PATH_SZ];

	(void)snprintf(path, sizeof(path), "%s/%s", home->dir, name);

	return path;
}


int vt_home_init(struct vt_home *home)
{
	(void)snprintf(home->dir, sizeof(home->dir), "/tmp/pd-e2e-XXXXXX");
	if (!mkdtemp(home->dir))
		return errno;

	for (size_t i = 0; i < ROWS(folderv); i++) {
		if (mkdir(vt_home_path(home, folderv[i]), 0700))
			return errno;
	}

	return mkdir(vt_home_path(home, "config/parkdeck"), 0700) ?
		errno : 0;
}


static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;

	return remove(path);
}


void vt_home_close(struct vt_home *home)
{
	if (home->dir[0])
		(void)nftw(home->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	home->dir[0] = '\0';
}


int vt_home_write(const struct vt_home *home, const char *name,
		  const char *text, mode_t mode)
{
	const int fd = open(vt_home_path(home, name),
			    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const size_t n = strlen(text);
	int err = 0;

	if (fd < 0)
		return errno;

	if (write(fd, text, n) != (ssize_t)n)
		err = EIO;
	else if (fchmod(fd, mode))
		err = errno;
	(void)close(fd);

	return err;
}


static struct {
	char *buf;
	size_t sz, n, count;
	bool folders;
} left;


static int left_one(const char *path, const struct stat *st, int flag,
		    struct FTW *ftw)
{
	int k;
	(void)st;

	/* folders are left for others to use, but where each makes his own */
	if (!ftw->level || (flag == FTW_D && !left.folders))
		return 0;

	++left.count;
	k = snprintf(left.buf + left.n, left.sz - left.n, "%s ", path);
	if (k > 0 && left.n + (size_t)k < left.sz)
		left.n += (size_t)k;

	return 0;
}


size_t vt_home_left(const struct vt_home *home, const char *name, char *buf,
		    size_t sz)
{
	char path[PATH_SZ];

	(void)snprintf(path, sizeof(path), "%s/%s", home->dir, name);
	buf[0] = '\0';
	left.buf = buf;
	left.sz = sz;
	left.n = left.count = 0;
	left.folders = !strcmp(name, "tmp");
	(void)nftw(path, left_one, 8, FTW_PHYS);

	return left.count;
}


void vt_nothing_left_(const struct vt *vt, const char *file, int line)
{
	static const char *const namev[] = {
		"tmp", "run", "home", "state", "config",
	};
	char text[1024];

	for (size_t i = 0; i < ROWS(namev); i++) {
		if (vt_home_left(vt->home, namev[i], text, sizeof(text)))
			vt_fail(vt, file, line, "left behind: %s", text);
	}
}


/* What the terminal is told */

static int prop_handler(VTermProp prop, VTermValue *val, void *arg)
{
	struct vt *vt = arg;

	switch (prop) {

	case VTERM_PROP_ALTSCREEN:     vt->alt = val->boolean;    break;
	case VTERM_PROP_CURSORVISIBLE: vt->cursor = val->boolean; break;
	case VTERM_PROP_MOUSE:         vt->mouse = val->number;   break;
	default:
		break;
	}

	return 1;
}


static int bell_handler(void *arg)
{
	struct vt *vt = arg;

	++vt->bells;

	return 1;
}


static const VTermScreenCallbacks callbacks = {
	.settermprop = prop_handler,
	.bell = bell_handler,
};


/** What a terminal answers by itself goes back to the program */
static void answer(struct vt *vt)
{
	char buf[256];
	size_t n;

	while ((n = vterm_output_read(vt->vterm, buf, sizeof(buf)))) {
		if (write(vt->master, buf, n) != (ssize_t)n)
			return;
	}
}


static void read_master(struct vt *vt)
{
	char buf[8192];
	ssize_t n;

	while (vt->master >= 0 &&
	       (n = read(vt->master, buf, sizeof(buf))) > 0) {

		for (ssize_t i = 0; i < n; i++)
			vt->high += (unsigned char)buf[i] >= 0x80;
		vt->bytes += (size_t)n;
		(void)vterm_input_write(vt->vterm, buf, (size_t)n);
		answer(vt);
	}
}


static void master_handler(int flags, void *arg)
{
	(void)flags;
	read_master(arg);
	re_cancel();
}


static void read_pipe(struct vt *vt)
{
	while (vt->pipefd >= 0) {

		const size_t room = sizeof(vt->said) - 1 - vt->saidn;
		char buf[1024];
		const ssize_t n = read(vt->pipefd, buf, sizeof(buf));

		if (n < 0)
			return;
		if (n == 0) {
			fd_close(vt->pipefd);
			(void)close(vt->pipefd);
			vt->pipefd = -1;
			return;
		}

		memcpy(vt->said + vt->saidn, buf,
		       (size_t)n < room ? (size_t)n : room);
		vt->saidn += (size_t)n < room ? (size_t)n : room;
		vt->said[vt->saidn] = '\0';
	}
}


static void pipe_handler(int flags, void *arg)
{
	(void)flags;
	read_pipe(arg);
	re_cancel();
}


static void end_handler(int flags, void *arg)
{
	struct vt *vt = arg;
	(void)flags;

	fd_close(vt->pidfd);
	(void)waitpid(vt->pid, &vt->status, 0);
	vt->pid = 0;
	re_cancel();
}


/* Start */

static void put_env(const struct vt_prm *prm)
{
	const char *const dir = prm->home->dir;
	const char *savedv[ROWS(passedv)];
	const char *asan = getenv("ASAN_OPTIONS");
	char val[512];

	for (size_t i = 0; i < ROWS(passedv); i++)
		savedv[i] = getenv(passedv[i]);

	(void)snprintf(val, sizeof(val), "%s:handle_segv=0:handle_abort=0:"
		       "handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:"
		       "log_path=%s/asan", asan ? asan : "", dir);

	/* the strings stay where they are, only their list is emptied */
	(void)clearenv();
	(void)setenv("ASAN_OPTIONS", val, 1);
	for (size_t i = 0; i < ROWS(passedv); i++) {
		if (savedv[i])
			(void)setenv(passedv[i], savedv[i], 1);
	}

	(void)setenv("HOME", vt_home_path(prm->home, "home"), 1);
	(void)setenv("XDG_CONFIG_HOME", vt_home_path(prm->home, "config"), 1);
	(void)setenv("XDG_STATE_HOME", vt_home_path(prm->home, "state"), 1);
	(void)setenv("XDG_RUNTIME_DIR", vt_home_path(prm->home, "run"), 1);
	(void)setenv("TMPDIR", vt_home_path(prm->home, "tmp"), 1);

	if (!prm->term || prm->term[0])
		(void)setenv("TERM", prm->term ? prm->term :
			     "xterm-256color", 1);
	if (!prm->lang || prm->lang[0])
		(void)setenv("LANG", prm->lang ? prm->lang : "C.UTF-8", 1);
}


static _Noreturn void child(const struct vt *vt, const struct vt_prm *prm,
			    int pipefd, pid_t parent)
{
	const char *program = getenv("PARKDECK");
	char *argv[ROWS(prm->argv) + 2] = {(char *)"parkdeck"};
	sigset_t none;
	int null;

	/* the test may fail: do not outlive it */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);

	(void)setsid();
	(void)ioctl(vt->slave, TIOCSCTTY, 0);
	null = open("/dev/null", O_RDWR);
	(void)dup2(prm->in_closed ? null : vt->slave, STDIN_FILENO);
	(void)dup2(prm->out_piped ? pipefd : vt->slave, STDOUT_FILENO);
	(void)dup2(prm->err_piped ? pipefd : vt->slave, STDERR_FILENO);
	(void)close_range(3, ~0u, 0);

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_DFL);

	for (size_t i = 0; i < ROWS(prm->argv) && prm->argv[i]; i++)
		argv[i + 1] = (char *)prm->argv[i];

	put_env(prm);
	(void)execv(program ? program : "parkdeck", argv);
	_exit(127);
}


static int start(struct vt *vt, const struct vt_prm *prm)
{
	const struct winsize ws = {
		.ws_row = (unsigned short)vt->h,
		.ws_col = (unsigned short)vt->w,
	};
	const pid_t me = getpid();
	int pipev[2] = {-1, -1};

	if (openpty(&vt->master, &vt->slave, NULL, NULL, &ws))
		return errno;
	if (fcntl(vt->master, F_SETFL, O_NONBLOCK) ||
	    tcgetattr(vt->slave, &vt->before))
		return errno;

	if (prm->out_piped || prm->err_piped) {
		if (pipe(pipev) || fcntl(pipev[0], F_SETFL, O_NONBLOCK))
			return errno;
		vt->pipefd = pipev[0];
	}

	vt->pid = fork();
	if (vt->pid < 0)
		return errno;
	if (!vt->pid)
		child(vt, prm, pipev[1], me);

	if (pipev[1] >= 0)
		(void)close(pipev[1]);

	vt->pidfd = (int)syscall(SYS_pidfd_open, vt->pid, 0);
	if (vt->pidfd < 0)
		return errno;

	if (vt->pipefd >= 0 &&
	    fd_listen(vt->pipefd, FD_READ, pipe_handler, vt))
		return ENOMEM;

	return fd_listen(vt->master, FD_READ, master_handler, vt) ||
	       fd_listen(vt->pidfd, FD_READ, end_handler, vt) ? ENOMEM : 0;
}


int vt_alloc(struct vt **vtp, const struct vt_prm *prm)
{
	struct vt *vt = calloc(1, sizeof(*vt));
	size_t i;
	int err;

	if (!vt)
		return ENOMEM;

	for (i = 0; i < VTS && allv[i]; i++)
		;
	if (i == VTS) {
		free(vt);
		return EMFILE;
	}
	allv[i] = vt;

	vt->home = prm->home;
	vt->w = prm->w ? prm->w : 80;
	vt->h = prm->h ? prm->h : 24;
	vt->master = vt->slave = vt->pipefd = vt->pidfd = -1;
	vt->cursor = true;

	vt->vterm = vterm_new(vt->h, vt->w);
	if (!vt->vterm) {
		err = ENOMEM;
		goto out;
	}
	vterm_set_utf8(vt->vterm, 1);
	vt->screen = vterm_obtain_screen(vt->vterm);
	vterm_screen_enable_altscreen(vt->screen, 1);
	vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
	vterm_screen_reset(vt->screen, 1);

	err = start(vt, prm);

 out:
	if (err)
		vt_end(vt);
	else
		*vtp = vt;

	return err;
}


static void close_fd(int *fd)
{
	if (*fd < 0)
		return;

	fd_close(*fd);
	(void)close(*fd);
	*fd = -1;
}


void vt_end(struct vt *vt)
{
	if (!vt)
		return;

	if (vt->pid) {
		(void)kill(vt->pid, SIGKILL);
		(void)waitpid(vt->pid, NULL, 0);
	}

	close_fd(&vt->master);
	close_fd(&vt->slave);
	close_fd(&vt->pipefd);
	close_fd(&vt->pidfd);
	if (vt->vterm)
		vterm_free(vt->vterm);

	for (size_t i = 0; i < VTS; i++) {
		if (allv[i] == vt)
			allv[i] = NULL;
	}
	free(vt);
}


void vt_end_all(void)
{
	for (size_t i = 0; i < VTS; i++)
		vt_end(allv[i]);
}


/* What the user does */

void vt_send_n(struct vt *vt, const void *p, size_t n)
{
	if (vt->master >= 0 && write(vt->master, p, n) != (ssize_t)n)
		vt_fail(vt, __FILE__, __LINE__, "cannot type %zu bytes", n);
}


void vt_send(struct vt *vt, const char *text)
{
	vt_send_n(vt, text, strlen(text));
}


void vt_resize(struct vt *vt, int w, int h)
{
	const struct winsize ws = {
		.ws_row = (unsigned short)h,
		.ws_col = (unsigned short)w,
	};

	/* what was written for the old size is read as such */
	read_master(vt);
	vt->w = w;
	vt->h = h;
	vterm_set_size(vt->vterm, h, w);
	if (ioctl(vt->master, TIOCSWINSZ, &ws))
		vt_fail(vt, __FILE__, __LINE__, "cannot resize: %s",
			strerror(errno));
}


void vt_hangup(struct vt *vt)
{
	close_fd(&vt->slave);
	close_fd(&vt->master);
}


/* The end */

static void print_reports(const struct vt *vt)
{
	DIR *dir = opendir(vt->home->dir);
	struct dirent *de;
	char path[2 * PATH_SZ], line[512];

	while (dir && (de = readdir(dir))) {

		FILE *f;

		if (strncmp(de->d_name, "asan", 4))
			continue;

		(void)snprintf(path, sizeof(path), "%s/%s", vt->home->dir,
			       de->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			print_error("%s", line);
		if (f)
			(void)fclose(f);
	}
	if (dir)
		(void)closedir(dir);
}


void vt_wait_end(struct vt *vt)
{
	vt_until(vt, !vt->pid);
	read_master(vt);
	read_pipe(vt);
}


static bool same_modes(const struct vt *vt)
{
	struct termios now;

	return vt->slave < 0 ||
	       (!tcgetattr(vt->slave, &now) &&
		now.c_iflag == vt->before.c_iflag &&
		now.c_oflag == vt->before.c_oflag &&
		now.c_cflag == vt->before.c_cflag &&
		now.c_lflag == vt->before.c_lflag &&
		!memcmp(now.c_cc, vt->before.c_cc, sizeof(now.c_cc)));
}


static void expect_restored(struct vt *vt)
{
	if (vt->master < 0)
		return;

	vt_check(vt, same_modes(vt));
	vt_check(vt, !vt->alt);
	vt_check(vt, vt->cursor);
	vt_check(vt, vt->mouse == VTERM_PROP_MOUSE_NONE);
	vt_check(vt, !vt_paste_on(vt));
}


void vt_expect_exit(struct vt *vt, int status)
{
	vt_wait_end(vt);

	if (!WIFEXITED(vt->status) || WEXITSTATUS(vt->status) != status) {
		print_reports(vt);
		vt_fail(vt, __FILE__, __LINE__, "expected exit status %d, got"
			" %s %d", status, WIFEXITED(vt->status) ? "status" :
			"signal", WIFEXITED(vt->status) ?
			WEXITSTATUS(vt->status) : WTERMSIG(vt->status));
	}
	expect_restored(vt);
}


void vt_expect_signal(struct vt *vt, int sig)
{
	vt_wait_end(vt);

	if (!WIFSIGNALED(vt->status) || WTERMSIG(vt->status) != sig) {
		print_reports(vt);
		vt_fail(vt, __FILE__, __LINE__, "expected the end by signal"
			" %d, got wait status 0x%x", sig,
			(unsigned)vt->status);
	}
	expect_restored(vt);
}


/* The screen */

static bool cell_at(const struct vt *vt, int x, int y, VTermScreenCell *cell)
{
	const VTermPos pos = {.row = y, .col = x};

	return vterm_screen_get_cell(vt->screen, pos, cell);
}


const char *vt_char(const struct vt *vt, int x, int y)
{
	static char ch[VTERM_MAX_CHARS_PER_CELL * 4 + 1];
	VTermScreenCell cell;
	size_t n = 0;

	if (!cell_at(vt, x, y, &cell) || !cell.chars[0])
		return " ";
	if (cell.chars[0] == (uint32_t)-1)
		return "";

	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
		n += text_encode(ch + n, cell.chars[i]);
	ch[n] = '\0';

	return ch;
}


char *vt_row(const struct vt *vt, int y, char buf[VT_ROW_SZ])
{
	size_t n = 0, last = 0;

	for (int x = 0; x < vt->w && n + 32 < VT_ROW_SZ; x++) {

		const char *ch = vt_char(vt, x, y);
		const size_t len = strlen(ch);

		memcpy(buf + n, ch, len);
		n += len;
		if (len && strcmp(ch, " "))
			last = n;
	}
	buf[last] = '\0';

	return buf;
}


char *vt_rows(const struct vt *vt)
{
	char *all = calloc((size_t)vt->h + 1, VT_ROW_SZ + 1);
	size_t n = 0;

	for (int y = 0; all && y < vt->h; y++) {
		vt_row(vt, y, all + n);
		n += strlen(all + n);
		all[n++] = '\n';
		all[n] = '\0';
	}

	return all;
}


char *vt_rows_masked(const struct vt *vt)
{
	char *all = vt_rows(vt);

	for (char *p = all; p && *p; p++) {
		if (*p >= '0' && *p <= '9')
			*p = '#';
	}

	return all;
}


char *vt_rows_at_rest(struct vt *vt)
{
	char *before = vt_rows_masked(vt), *after = NULL;
	const uint64_t end = vt_now() + VT_WAIT_MS;

	for (;;) {

		vt_pause(REST_MS);
		after = vt_rows_masked(vt);
		if (!strcmp(before, after))
			break;

		if (vt_now() > end)
			vt_fail(vt, __FILE__, __LINE__, "never at rest");
		free(before);
		before = after;
	}
	free(before);

	return after;
}


void vt_same_rows_(struct vt *vt, char *before, const char *file, int line)
{
	char *after = vt_rows_at_rest(vt), *a = before, *b = after;

	for (int y = 0; *a && *b; y++) {

		const size_t n = strcspn(a, "\n"), k = strcspn(b, "\n");

		if (n != k || memcmp(a, b, n))
			vt_fail(vt, file, line, "row %d was\n%.*s\nis\n"
				"%.*s", y, (int)n, a, (int)k, b);
		a += n + 1;
		b += k + 1;
	}
	free(before);
	free(after);
}


bool vt_find(const struct vt *vt, const char *text, int y0, int *x, int *y)
{
	char row[VT_ROW_SZ];

	for (int r = y0; r < vt->h; r++) {

		const char *p = strstr(vt_row(vt, r, row), text);
		size_t n = 0;

		if (!p)
			continue;

		*y = r;
		for (*x = 0; n < (size_t)(p - row); ++*x)
			n += strlen(vt_char(vt, *x, r));
		return true;
	}

	return false;
}


bool vt_has(const struct vt *vt, const char *text)
{
	int x, y;

	return vt_find(vt, text, 0, &x, &y);
}


static uint64_t colour(const VTermColor *c)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
		return 0xffff;

	return VTERM_COLOR_IS_INDEXED(c) ? c->indexed.idx :
		0x8000u | c->rgb.red;
}


uint64_t vt_look(const struct vt *vt, int x, int y)
{
	VTermScreenCell cell;

	if (!cell_at(vt, x, y, &cell))
		return 0;

	return colour(&cell.fg) | colour(&cell.bg) << 16 |
		(uint64_t)cell.attrs.bold << 32 |
		(uint64_t)cell.attrs.reverse << 33 |
		(uint64_t)cell.attrs.underline << 34;
}


bool vt_colourless(const struct vt *vt)
{
	for (int y = 0; y < vt->h; y++) {
		for (int x = 0; x < vt->w; x++) {
			if ((vt_look(vt, x, y) & 0xffffffff) != 0xffffffff)
				return false;
		}
	}

	return true;
}


bool vt_paste_on(struct vt *vt)
{
	char buf[16];

	while (vterm_output_read(vt->vterm, buf, sizeof(buf)))
		;
	vterm_keyboard_start_paste(vt->vterm);

	return vterm_output_read(vt->vterm, buf, sizeof(buf)) > 0;
}


const char *vt_fd_path(const struct vt *vt, int fd)
{
	static char path[PATH_SZ];
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)vt->pid,
		       fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';

	return path;
}


/* Waiting and failing */

/** cmocka prints no more than 1023 bytes at a time */
static void print_screen(const struct vt *vt, char *all)
{
	char *p = all, *nl, *end = all + strlen(all);

	/* what is empty at the bottom says nothing */
	while (end - all > 1 && end[-1] == '\n' && end[-2] == '\n')
		*--end = '\0';

	print_error("--- screen %dx%d, %s ---\n", vt->w, vt->h,
		    vt->pid ? "running" : "ended");
	for (; (nl = strchr(p, '\n')); p = nl + 1)
		print_error("%.*s\n", (int)(nl - p), p);
	print_error("---\n");
}


void vt_fail(const struct vt *vt, const char *file, int line,
	     const char *fmt, ...)
{
	char *all = vt ? vt_rows(vt) : NULL;
	va_list ap;

	print_error("%s:%d: ", file, line);
	va_start(ap, fmt);
	vprint_error(fmt, ap);
	va_end(ap);
	print_error("\n");
	if (all && vt)
		print_screen(vt, all);
	if (vt && vt->saidn)
		print_error("--- said ---\n%s---\n", vt->said);
	if (vt && !vt->pid)
		print_reports(vt);
	free(all);
	_fail(file, line);
	abort();
}


void vt_wait_(struct vt *vt, const char *text, bool there, const char *file,
	      int line)
{
	const uint64_t end = vt_now() + VT_WAIT_MS;

	while (vt_has(vt, text) != there) {

		if (vt_now() > end)
			vt_fail(vt, file, line, "%s: \"%s\"", there ?
				"never seen" : "never gone", text);
		if (!vt->pid)
			vt_fail(vt, file, line, "ended before \"%s\"", text);
		vt_turn(20);
	}
}
