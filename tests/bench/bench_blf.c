/**
 * @file tests/bench/bench_blf.c  Bench: the phone with its panel of lamps
 *
 * Answers what lamps cost: CPU of a NOTIFY, time until it is answered and
 * until its cell has changed on the terminal, memory, and how long thousands
 * of subscriptions take.
 *
 * What is measured is the whole phone with its screen on, a process of its
 * own on a pseudo terminal that this one drains. Its peer is the bare
 * notifier in this process. Beside it the floor, a third process: a bare
 * libre program that parses the body with libxml2 and answers with
 * sip_treply(), and knows no subscription, lamp or screen.
 *
 * Rounds alternate: floor, phone, floor, phone. CPU is that of the process,
 * all of it since its last round: reading, drawing, flashing, timers.
 *
 * usage: bench_blf [speed|size|memory|list|flood]...
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <re.h>
#include <libxml/parser.h>
#include <vterm.h>
#include "app/app.h"
#include "app/cfg.h"
#include "app/siphook.h"
#include "modules/blf/dialoginfo.h"
#include "modules/blf/multipart_model.h"
#include "modules/blf/rlmi.h"
#include "tests/lib/bench.h"
#include "tests/lib/notifier_bare.h"
#include "tests/lib/notifier_list.h"
#include "tests/lib/vt.h"
#include "ui/term_curses.h"
#include "ui/ui.h"


enum {
	W = 80,
	H = 24,
	FIRST = 100001,        /* number of the first lamp               */
	FEW = 100,
	MANY = 10000,
	HALF = 5000,
	BURST = 50,            /* NOTIFYs on their way at once           */
	ROUND = 500,           /* of a round                             */
	ROUNDS = 60,
	SINGLES = 300,
	LIST = 1000,
	LIST_STEP = 100,       /* that fit a datagram                    */
	FLOODS = 100,
	FLOOD = 1000,
	SOAK = 100000,
	WAIT_MS = 120000,
	LOST_MS = 5000,
	LOOK_US = 500,
	SETTLE_MS = 5500,      /* libre's Timer K, and a little          */
	IDLE_MS = 10000,
	TENTH = 10,
};

/** What a process tells of itself */
struct probe {
	size_t used;           /* malloc'd                               */
	size_t pictures;       /* on its terminal                        */
};

/** A process that is measured */
struct subject {
	struct bare bare;
	struct vt_home home;
	pid_t pid;
	int probefd;
	int master;            /* -1: no terminal                        */
	VTerm *vterm;
	VTermScreen *screen;
	uint64_t read_ns;      /* last output of its terminal            */
	uint64_t cpu_ns;       /* at the end of its last round           */
	size_t next;           /* lamp that is told next                 */
	struct bench_set set;
};

static struct subject *allv[4];    /* that run */
static struct notifier_list resources = {
	.first = FIRST, .count = LIST, .host = "pbx",
};


static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "bench_blf: %s\n", what);

	for (size_t i=0; i<ARRAY_SIZE(allv); i++) {
		if (!allv[i])
			continue;
		(void)kill(allv[i]->pid, SIGKILL);
		vt_home_close(&allv[i]->home);
	}
	exit(1);
}


/* ------------------------------------------------------------------------ */
/* The processes                                                             */

static struct {
	struct sip *sip;
	struct sip_lsnr *lsnr;
	int probefd;
} child;


static void probe(void)
{
	const struct mallinfo2 mi = mallinfo2();
	const struct probe p = {mi.uordblks + mi.hblkhd, term_pictures()};

	if (write(child.probefd, &p, sizeof(p)) != (ssize_t)sizeof(p))
		_exit(2);
}


/* Before all others: the bench asks, nobody else is to know */
static bool probe_hook(const struct sip_msg *msg, void *arg)
{
	(void)arg;

	if (pl_strcmp(&msg->met, "OPTIONS") ||
	    pl_strcmp(&msg->uri.user, "bench"))
		return false;

	probe();

	return true;
}


static bool floor_handler(const struct sip_msg *msg, void *arg)
{
	xmlDocPtr doc;

	if (probe_hook(msg, arg))
		return true;

	doc = xmlReadMemory((char *)mbuf_buf(msg->mb),
			    (int)mbuf_get_left(msg->mb), NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
			    XML_PARSE_NOWARNING);
	xmlFreeDoc(doc);

	(void)sip_treply(NULL, child.sip, msg, 200, "OK");

	return true;
}


static void floor_child(int fd)
{
	struct sockaddr_in sin;
	struct sa laddr;

	if (libre_init() || sa_set_str(&laddr, "127.0.0.1", 0) ||
	    sip_alloc(&child.sip, NULL, 4096, 4096, 16, "floor", NULL,
		      NULL) ||
	    sip_transp_add(child.sip, SIP_TRANSP_UDP, &laddr) ||
	    sip_transp_laddr(child.sip, &laddr, SIP_TRANSP_UDP, &laddr) ||
	    sip_listen(&child.lsnr, child.sip, true, floor_handler, NULL))
		_exit(2);

	sin = laddr.u.in;
	child.probefd = fd;
	if (write(fd, &sin, sizeof(sin)) != (ssize_t)sizeof(sin))
		_exit(2);

	for (;;)
		(void)re_main(NULL);
}


static void phone_child(int fd)
{
	const struct app_prm prm = {0};
	struct cfg *cfg = NULL;

	child.probefd = fd;

	if (libre_init() || siphook_add(true, -1, probe_hook, NULL) ||
	    cfg_load(&cfg, NULL, "/dev/null") || cfg->errorc)
		_exit(2);

	_exit(app_main(cfg, &prm));
}


/* The same program again: nothing of this process's memory is in its own */
static _Noreturn void become(const struct subject *s, int slave, int fd)
{
	char text[16], path[4096] = "";

	(void)re_snprintf(text, sizeof(text), "%d", fd);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);

	if (slave >= 0) {
		(void)login_tty(slave);
		(void)setenv("TERM", "xterm-256color", 1);
		(void)setenv("LC_ALL", "C.UTF-8", 1);
		(void)setenv("HOME", vt_home_path(&s->home, "home"), 1);
		(void)setenv("XDG_CONFIG_HOME",
			     vt_home_path(&s->home, "config"), 1);
		(void)setenv("XDG_STATE_HOME",
			     vt_home_path(&s->home, "state"), 1);
		(void)setenv("XDG_RUNTIME_DIR",
			     vt_home_path(&s->home, "run"), 1);
	}

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) > 0)
		(void)execl(path, path, slave >= 0 ? "--phone" : "--floor",
			    text, NULL);
	_exit(2);
}


static void subject_end(struct subject *s)
{
	for (size_t i=0; i<ARRAY_SIZE(allv); i++) {
		if (allv[i] == s)
			allv[i] = NULL;
	}

	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	if (s->vterm)
		vterm_free(s->vterm);
	if (s->master >= 0)
		(void)close(s->master);
	(void)close(s->probefd);
	bench_clear(&s->set);
	bare_close(&s->bare);
	vt_home_close(&s->home);
}


/* The phone on its terminal, or (-1) the floor */
static void subject_fork(struct subject *s, int slave)
{
	int fdv[2];

	if (pipe(fdv) || fcntl(fdv[0], F_SETFD, FD_CLOEXEC))
		fail("no pipe");

	(void)fflush(NULL);
	s->pid = fork();
	if (s->pid < 0)
		fail("no process");

	if (!s->pid)
		become(s, slave, fdv[1]);

	(void)close(fdv[1]);
	s->probefd = fdv[0];

	for (size_t i=0; i<ARRAY_SIZE(allv); i++) {
		if (!allv[i]) {
			allv[i] = s;
			return;
		}
	}
}


static void floor_start(struct subject *s, size_t lampc)
{
	struct sockaddr_in sin;
	char user[16];

	memset(s, 0, sizeof(*s));
	s->master = -1;

	if (bare_open(&s->bare))
		fail("no socket");

	subject_fork(s, -1);
	if (read(s->probefd, &sin, sizeof(sin)) != (ssize_t)sizeof(sin))
		fail("no floor");

	for (size_t i=0; i<lampc; i++) {
		(void)re_snprintf(user, sizeof(user), "%zu", FIRST + i);
		if (!bare_add(&s->bare, user, &sin))
			fail("no room");
	}
}


/* No lamps: it has a list, of which they grow */
static void phone_start(struct subject *s, size_t lampc)
{
	struct winsize ws = {.ws_row = H, .ws_col = W};
	char text[1024], what[96];
	int slave;

	memset(s, 0, sizeof(*s));

	if (bare_open(&s->bare) || vt_home_init(&s->home) ||
	    openpty(&s->master, &slave, NULL, NULL, &ws) ||
	    fcntl(s->master, F_SETFD, FD_CLOEXEC))
		fail("no terminal");

	if (lampc)
		(void)re_snprintf(what, sizeof(what), "spots %zu-%zu",
				  (size_t)FIRST, FIRST + lampc - 1);
	else
		(void)re_snprintf(what, sizeof(what), "list sip:parking@%s",
				  s->bare.addr);

	(void)re_snprintf(text, sizeof(text),
			  "account <sip:101@%s>;auth_pass=secret\n"
			  "net_interface 127.0.0.1\n%s\n", s->bare.addr,
			  what);
	if (vt_home_write(&s->home, "config/parkdeck/config", text, 0600))
		fail("no configuration");

	s->vterm = vterm_new(H, W);
	vterm_set_utf8(s->vterm, 1);
	s->screen = vterm_obtain_screen(s->vterm);
	vterm_screen_reset(s->screen, 1);

	subject_fork(s, slave);
	(void)close(slave);
}


/* ------------------------------------------------------------------------ */
/* The loop of this process                                                  */

static void turn(int wait_ms)
{
	struct pollfd pfdv[2 * ARRAY_SIZE(allv)];
	struct subject *sv[2 * ARRAY_SIZE(allv)];
	static char buf[65536];
	size_t n = 0;

	for (size_t i=0; i<ARRAY_SIZE(allv); i++) {

		if (!allv[i])
			continue;

		sv[n] = allv[i];
		pfdv[n++] = (struct pollfd){allv[i]->bare.fd, POLLIN, 0};
		if (allv[i]->master < 0)
			continue;
		sv[n] = allv[i];
		pfdv[n++] = (struct pollfd){allv[i]->master, POLLIN, 0};
	}

	if (poll(pfdv, n, wait_ms) <= 0)
		return;

	for (size_t i=0; i<n; i++) {

		struct subject *s = sv[i];
		ssize_t k;

		if (!pfdv[i].revents)
			continue;

		if (pfdv[i].fd == s->bare.fd) {
			bare_read(&s->bare);
			continue;
		}

		k = read(s->master, buf, sizeof(buf));
		if (k <= 0)
			fail("the phone has ended");
		s->read_ns = bench_now_ns();
		(void)vterm_input_write(s->vterm, buf, (size_t)k);
	}
}


static void pause_ms(unsigned ms)
{
	const uint64_t end = bench_now_ns() + ms * 1000000ull;
	uint64_t now;

	while ((now = bench_now_ns()) < end)
		turn((int)((end - now) / 1000000) + 1);
}


#define await(ms, expr, what) do {					\
	const uint64_t end_ = bench_now_ns() + (ms) * 1000000ull;	\
	while (!(expr)) {						\
		if (bench_now_ns() > end_)				\
			fail(what);					\
		turn(100);						\
	}								\
} while (0)


static bool answered(const struct subject *s)
{
	return s->bare.answerc + s->bare.wrongc >= s->bare.notifyc;
}


/* After a burst: look from time to time, so that no answer has to wake us,
   which would cost who sends it more than all the rest */
static void burst_wait(struct subject *s)
{
	const uint64_t end = bench_now_ns() + LOST_MS * 1000000ull;

	while (!answered(s)) {
		if (bench_now_ns() > end)
			fail("NOTIFYs were lost");
		(void)usleep(LOOK_US);
		turn(0);
	}
}


static bool shows(struct subject *s, const char *text)
{
	const VTermRect rect = {0, H, 0, W};
	char buf[H * W * 4];
	size_t n;

	n = vterm_screen_get_text(s->screen, buf, sizeof(buf), rect);

	return memmem(buf, n, text, strlen(text)) != NULL;
}


static struct probe ask(struct subject *s)
{
	struct pollfd pfd = {.fd = s->probefd, .events = POLLIN};
	struct probe p;

	bare_ping(&s->bare, &s->bare.subv[0].peer, "bench");
	for (int i=0; i<500 && poll(&pfd, 1, 0) < 1; i++)
		turn(10);

	if (read(s->probefd, &p, sizeof(p)) != (ssize_t)sizeof(p))
		fail("no probe");

	return p;
}


/* ------------------------------------------------------------------------ */
/* What is measured                                                          */

static void tell_next(struct subject *s)
{
	struct bare_sub *sub = &s->bare.subv[s->next];

	/* each NOTIFY is a change */
	bare_notify(&s->bare, sub, sub->version % 2 ? "confirmed"
		    : "terminated", NULL);
	if (++s->next >= s->bare.subc)
		s->next = 0;
}


/* CPU since the last call, each [us] */
static void account(struct subject *s, unsigned count)
{
	const uint64_t cpu = bench_cpu_ns(s->pid);

	if (count)
		bench_add(&s->set, (double)(cpu - s->cpu_ns) / 1e3 / count);
	s->cpu_ns = cpu;
}


static void round_of(struct subject *s, unsigned count)
{
	for (unsigned i=0; i<count; i += BURST) {

		for (unsigned k=0; k<BURST; k++)
			tell_next(s);
		burst_wait(s);
	}

	account(s, count);
}


/* Floor, phone, floor, phone …; two rounds warm up */
static void rounds(struct subject **sv, size_t n, unsigned count)
{
	for (unsigned r=0; r<count + 2; r++) {
		for (size_t i=0; i<n; i++) {
			round_of(sv[i], ROUND);
			if (r < 2)
				bench_clear(&sv[i]->set);
		}
	}
}


static void phone_wait(struct subject *s, size_t lampc)
{
	await(WAIT_MS, s->bare.livec >= lampc && answered(s),
	      "not all lamps were subscribed");
	pause_ms(SETTLE_MS);
	account(s, 0);
}


static void singles(struct subject *floor, struct subject *phone)
{
	struct subject *sv[] = {floor, phone};
	struct bench_set okv[2] = {{0}}, cell = {0}, drawn[2] = {{0}};
	char who[16] = "";
	unsigned long seed = 1;

	account(floor, 0);
	account(phone, 0);

	for (unsigned r=0; r<SINGLES; r++) {
		for (size_t i=0; i<2; i++) {

			struct subject *s = sv[i];
			struct bare_sub *sub = &s->bare.subv[2];
			uint64_t start, wall;

			bare_notify(&s->bare, sub, "terminated", NULL);
			await(LOST_MS, answered(s), "a NOTIFY was lost");

			/* at any moment between flashes */
			seed = seed * 1103515245 + 12345;
			pause_ms(20 + seed / 65536 % 100);

			(void)re_snprintf(who, sizeof(who), "N%04u", r);

			s->cpu_ns = bench_cpu_ns(s->pid);
			start = bench_now_ns();
			wall  = bench_wall_ns();
			bare_notify(&s->bare, sub, "confirmed", who);
			await(LOST_MS, answered(s), "a NOTIFY was lost");
			bench_add(&okv[i], (double)(s->bare.answer_ns - wall)
				  / 1e6);

			if (i) {
				await(LOST_MS, shows(s, who),
				      "the cell did not change");
				bench_add(&cell, (double)(s->read_ns - start)
					  / 1e6);
			}

			/* what is left to do, before its flash */
			pause_ms(2);
			bench_add(&drawn[i], (double)(bench_cpu_ns(s->pid) -
						      s->cpu_ns) / 1e3);
		}
	}

	bench_row("floor, one at a time: CPU", &drawn[0], "us");
	bench_row("phone, one at a time and drawn: CPU", &drawn[1], "us");
	bench_row("floor: NOTIFY to 200", &okv[0], "ms");
	bench_row("phone: NOTIFY to 200", &okv[1], "ms");
	bench_row("phone: NOTIFY to changed cell", &cell, "ms");
	bench_line("ratio of CPU, one at a time", "%.2f",
		   bench_median(&drawn[1]) / bench_median(&drawn[0]));
	bench_wish("NOTIFY to 200, p50", bench_median(&okv[1]), 0.3, "ms");
	bench_wish("NOTIFY to changed cell, p50", bench_median(&cell), 2,
		   "ms");
	bench_wish("NOTIFY to changed cell, p99",
		   bench_percentile(&cell, 99), 20, "ms");

	for (size_t i=0; i<2; i++) {
		bench_clear(&okv[i]);
		bench_clear(&drawn[i]);
	}
	bench_clear(&cell);
}


static void bench_speed(void)
{
	static struct subject floor, phone;
	struct subject *sv[] = {&floor, &phone};

	(void)printf("100 lamps, screen on\n");
	floor_start(&floor, FEW);
	phone_start(&phone, FEW);
	phone_wait(&phone, FEW);
	account(&floor, 0);

	rounds(sv, 2, ROUNDS);
	bench_row("floor: CPU per NOTIFY, in bursts", &floor.set, "us");
	bench_row("phone: CPU per NOTIFY, in bursts", &phone.set, "us");
	bench_line("ratio of CPU", "%.2f", bench_median(&phone.set) /
		   bench_median(&floor.set));
	bench_wish("CPU per NOTIFY below the floor",
		   bench_median(&phone.set), bench_median(&floor.set), "us");

	singles(&floor, &phone);

	subject_end(&phone);
	subject_end(&floor);
}


/* How long the wave of SUBSCRIBEs takes, and that nothing had to be said
   twice */
static void wave(struct subject *s, const char *what)
{
	uint64_t half_ns = 0;

	while (s->bare.livec < MANY || !answered(s)) {
		turn(100);
		if (!half_ns && s->bare.livec >= HALF)
			half_ns = bench_wall_ns();
		if (s->bare.first_ns && bench_wall_ns() -
		    s->bare.first_ns > WAIT_MS * 1000000ull)
			fail("not all lamps were subscribed");
	}

	bench_line(what, "%.2f s from the first SUBSCRIBE; CPU %.0f us a lamp,"
		   " start of the program included",
		   (double)(s->bare.answer_ns - s->bare.first_ns) / 1e9,
		   (double)bench_cpu_ns(s->pid) / 1e3 / MANY);
	bench_wish("10000 subscribed", (double)(s->bare.answer_ns -
		   s->bare.first_ns) / 1e9, 20, "s");
	bench_wish("5000 of them subscribed", (double)(half_ns -
		   s->bare.first_ns) / 1e9, 5, "s");

	phone_wait(s, MANY);
	bench_line("SUBSCRIBEs, challenged, NOTIFYs", "%u, %u, %u",
		   s->bare.subscribec, s->bare.challengec, s->bare.notifyc);
	bench_wish("SUBSCRIBEs that came again", s->bare.repeatc, 0, "");
	bench_wish("NOTIFYs without a 200", s->bare.notifyc -
		   s->bare.answerc, 0, "");
}


/* @return What refreshes of 10,000 lamps take of a CPU [%], by those of a
   tenth that are due ten times as often */
static double refreshes(void)
{
	static struct subject brief;
	unsigned from;
	uint64_t cpu;
	double percent;

	phone_start(&brief, MANY / TENTH);
	brief.bare.expires_s = BARE_EXPIRES_S / TENTH;
	phone_wait(&brief, MANY / TENTH);

	from = brief.bare.subscribec;
	cpu  = bench_cpu_ns(brief.pid);
	pause_ms(3 * IDLE_MS);
	percent = (double)(bench_cpu_ns(brief.pid) - cpu) / IDLE_MS / 3e4;
	bench_line("1000 lamps, Expires 30", "%.1f refreshes a second",
		   (brief.bare.subscribec - from) / (3e-3 * IDLE_MS));

	subject_end(&brief);

	return percent;
}


static void bench_size(void)
{
	static struct subject floor, few, many, once;
	struct subject *sv[] = {&floor, &few, &many};
	struct probe before, after;
	uint64_t cpu;
	size_t rss0, rss1;
	double ratio;

	(void)printf("10000 lamps, screen on\n");

	/* one of 100 beside it, for the ratio and the memory */
	floor_start(&floor, MANY);
	phone_start(&few, FEW);
	phone_wait(&few, FEW);
	before = ask(&few);
	rss0 = bench_rss(few.pid);

	phone_start(&many, MANY);
	wave(&many, "with digest, one challenge");

	cpu = bench_cpu_ns(many.pid);
	pause_ms(IDLE_MS);
	bench_wish("idle CPU, all free", (double)(bench_cpu_ns(many.pid) -
		   cpu) / IDLE_MS / 1e4, 0.5, "%");

	for (size_t i=0; i<10; i++)
		bare_notify(&many.bare, &many.bare.subv[i], "confirmed",
			    "Anna");
	await(LOST_MS, answered(&many), "NOTIFYs were lost");
	pause_ms(500);
	cpu = bench_cpu_ns(many.pid);
	pause_ms(IDLE_MS);
	bench_wish("idle CPU, 10 parked that flash",
		   (double)(bench_cpu_ns(many.pid) - cpu) / IDLE_MS / 1e4,
		   0.5, "%");

	/* by now it has given back what the wave of SUBSCRIBEs took */
	after = ask(&many);
	rss1 = bench_rss(many.pid);
	bench_line("memory of 100 lamps, of 10000", "%.1f, %.1f MB malloc'd; "
		   "%.1f, %.1f MB resident", (double)before.used / 1e6,
		   (double)after.used / 1e6, (double)rss0 / 1e6,
		   (double)rss1 / 1e6);
	bench_wish("malloc'd memory of a lamp", (double)(after.used -
		   before.used) / (MANY - FEW), 3000, "B");
	bench_wish("resident memory of a lamp", ((double)rss1 - (double)rss0)
		   / (MANY - FEW), 3000, "B");

	for (size_t i=0; i<3; i++)
		account(sv[i], 0);
	rounds(sv, 3, ROUNDS);
	bench_row("floor: CPU per NOTIFY", &floor.set, "us");
	bench_row("phone of 100 lamps: CPU per NOTIFY", &few.set, "us");
	bench_row("phone of 10000 lamps: CPU per NOTIFY", &many.set, "us");
	ratio = bench_median(&many.set) / bench_median(&few.set);
	bench_line("ratio to the floor", "%.2f", bench_median(&many.set) /
		   bench_median(&floor.set));
	bench_wish("ratio of 10000 lamps to 100", ratio, 1.3, "");

	subject_end(&many);
	subject_end(&few);
	subject_end(&floor);

	bench_wish("idle CPU with refreshes", refreshes(), 0.5, "%");

	phone_start(&once, MANY);
	once.bare.once = true;
	wave(&once, "with digest, a challenge each");
	subject_end(&once);
}


static void memory_line(const char *what, const struct probe *p,
			const struct probe *q, size_t r, size_t t)
{
	bench_line(what, "%+.0f kB malloc'd, %+.0f kB resident (of %.1f MB)",
		   ((double)q->used - (double)p->used) / 1e3,
		   ((double)t - (double)r) / 1e3, (double)r / 1e6);
}


static void bench_memory(void)
{
	static struct subject floor, phone;
	struct subject *sv[] = {&floor, &phone};
	struct probe p[2], q[2];
	size_t r[2], t[2];

	(void)printf("memory, 100 lamps, screen on\n");
	floor_start(&floor, FEW);
	phone_start(&phone, FEW);
	phone_wait(&phone, FEW);
	rounds(sv, 2, 4);
	pause_ms(100);

	for (size_t i=0; i<2; i++) {
		p[i] = ask(sv[i]);
		r[i] = bench_rss(sv[i]->pid);
	}

	rounds(sv, 2, SOAK / ROUND - 2);
	pause_ms(100);

	for (size_t i=0; i<2; i++) {
		q[i] = ask(sv[i]);
		t[i] = bench_rss(sv[i]->pid);
	}

	memory_line("floor: after 100000 NOTIFYs", &p[0], &q[0], r[0], t[0]);
	memory_line("phone: after 100000 NOTIFYs", &p[1], &q[1], r[1], t[1]);
	bench_wish("malloc'd more after 100000 NOTIFYs",
		   ((double)q[1].used - (double)p[1].used) / 1e3, 16, "kB");
	bench_wish("resident more after 100000 NOTIFYs",
		   ((double)t[1] - (double)r[1]) / 1e3, 256, "kB");

	subject_end(&phone);
	subject_end(&floor);
}


static void list_first(struct bare *bare, struct bare_sub *sub, void *arg)
{
	(void)arg;

	/* a refresh: the whole list again */
	for (unsigned i=0; i<LIST; i += LIST_STEP) {

		char *body = notifier_list_body(&resources, false, i,
						LIST_STEP);

		bare_notify_body(bare, sub, NOTIFIER_LIST_CTYPE,
				 "Require: eventlist\r\n", body,
				 str_len(body));
		mem_deref(body);
	}
}


/* The bodies are made before, so that a burst comes as fast as others */
static void list_round(struct subject *s)
{
	static char *bodyv[ROUND];
	static unsigned next;

	for (unsigned i=0; i<ROUND; i++) {

		const unsigned k = next++ % LIST;

		resources.parkedv[k] = !resources.parkedv[k];
		bodyv[i] = notifier_list_body(&resources, false, k, 1);
	}

	account(s, 0);

	for (unsigned i=0; i<ROUND; i++) {
		bare_notify_body(&s->bare, &s->bare.subv[0],
				 NOTIFIER_LIST_CTYPE,
				 "Require: eventlist\r\n", bodyv[i],
				 str_len(bodyv[i]));
		bodyv[i] = mem_deref(bodyv[i]);
		if (i % BURST == BURST - 1)
			burst_wait(s);
	}

	account(s, ROUND);
}


static void sip_parse(const char *p, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len);
	struct sip_msg *msg;

	if (!mb || mbuf_write_mem(mb, (const uint8_t *)p, len))
		fail("no memory");
	mb->pos = 0;
	if (sip_msg_decode(&msg, mb))
		fail("the message cannot be parsed");
	mem_deref(msg);
	mem_deref(mb);
}


/* What it takes to parse a message of the list, headers and all parts, more
   than one of a single lamp [us] */
static void list_parse(struct bench_set *set, struct subject *list,
		       struct subject *phone, struct rlmi_decoder *rdec,
		       struct dialoginfo_decoder *ddec)
{
	static struct rlmi rl;
	static struct dialoginfo di;
	static struct multipart_part partv[16];
	static const char params[] = ";type=\"application/rlmi+xml\""
		";boundary=bndry";
	const struct multipart_span span = {params, sizeof(params) - 1};
	const struct multipart_part *root;
	static char a[8192], b[8192];
	static struct notifier_list copy;
	struct bare_sub ls = list->bare.subv[0], ps = phone->bare.subv[0];
	char *body;
	struct multipart mp = {.partv = partv, .size = ARRAY_SIZE(partv)};
	const size_t bn = bare_body(b, sizeof(b), &ps, "confirmed", NULL);
	char *single = NULL;
	const char *reason;
	uint64_t cpu, more, less;
	size_t an, n, k;

	/* nobody gets these: what counts them must not notice */
	copy = resources;
	body = notifier_list_body(&copy, false, 0, 1);
	an = bare_message(a, sizeof(a), &list->bare, &ls,
			  NOTIFIER_LIST_CTYPE, "Require: eventlist\r\n", body,
			  str_len(body));
	(void)re_sdprintf(&single, "%b", b, bn);
	n = bare_message(b, sizeof(b), &phone->bare, &ps,
			 "application/dialog-info+xml", "", single, bn);

	cpu = bench_cpu_ns(0);
	for (unsigned i=0; i<ROUND; i++) {

		sip_parse(a, an);
		mp.partc = 0;
		if (multipart_decode(&mp, span, body, str_len(body),
				     &reason))
			fail("the list's parts cannot be told apart");

		root = multipart_root(&mp, span, "application/rlmi+xml");
		if (!root || rlmi_decode(&rl, rdec, root->body.p,
					 root->body.len))
			fail("the list cannot be parsed");

		k = multipart_find(&mp, rl.instancev[0].cid, 1);
		if (k >= mp.partc ||
		    dialoginfo_decode(&di, ddec, mp.partv[k].body.p,
				      mp.partv[k].body.len))
			fail("the list's body cannot be parsed");
	}
	more = bench_cpu_ns(0) - cpu;

	cpu = bench_cpu_ns(0);
	for (unsigned i=0; i<ROUND; i++) {
		sip_parse(b, n);
		if (dialoginfo_decode(&di, ddec, single, bn))
			fail("the single body cannot be parsed");
	}
	less = bench_cpu_ns(0) - cpu;

	bench_add(set, ((double)more - (double)less) / 1e3 / ROUND);
	mem_deref(body);
	mem_deref(single);
}


static void bench_list(void)
{
	static struct subject phone, list;
	struct bench_set parse = {0};
	struct dialoginfo_decoder *ddec;
	struct rlmi_decoder *rdec;

	(void)printf("a list of 1000, one resource changed, screen on\n");

	if (rlmi_decoder_alloc(&rdec) || dialoginfo_decoder_alloc(&ddec))
		fail("no memory");

	phone_start(&phone, LIST);
	phone_wait(&phone, LIST);

	phone_start(&list, 0);
	list.bare.firsth = list_first;
	phone_wait(&list, 1);
	await(WAIT_MS, shows(&list, "page 1/"), "the list grew no lamps");
	pause_ms(3000);

	for (unsigned r=0; r<ROUNDS + 2; r++) {

		account(&phone, 0);
		round_of(&phone, ROUND);
		list_round(&list);
		list_parse(&parse, &list, &phone, rdec, ddec);

		if (r < 2) {
			bench_clear(&phone.set);
			bench_clear(&list.set);
			bench_clear(&parse);
		}
	}

	if (list.bare.wrongc)
		fail("NOTIFYs of the list were refused");

	bench_row("NOTIFY of one of 1000 single lamps: CPU", &phone.set, "us");
	bench_row("NOTIFY of the list: CPU", &list.set, "us");
	bench_row("parsing of what it has more: CPU", &parse, "us");
	bench_wish("the list's, at most a single one and parsing",
		   bench_median(&list.set), bench_median(&phone.set) +
		   bench_median(&parse), "us");

	bench_clear(&parse);
	rlmi_decoder_free(rdec);
	dialoginfo_decoder_free(ddec);
	subject_end(&list);
	subject_end(&phone);
}


static void bench_flood(void)
{
	static struct subject phone;
	struct bench_set per = {0}, countv = {0};
	struct probe p, q, first;
	size_t rss;
	unsigned right = 0;
	char who[16];

	(void)printf("100 floods of 1000 NOTIFYs for one lamp, screen on\n");
	phone_start(&phone, FEW);
	phone_wait(&phone, FEW);
	round_of(&phone, ROUND);
	pause_ms(200);
	first = p = ask(&phone);
	rss = bench_rss(phone.pid);

	for (unsigned f=0; f<FLOODS; f++) {

		struct bare_sub *sub = &phone.bare.subv[3];
		const uint64_t start = bench_now_ns();
		double frames;

		for (unsigned i=1; i<=FLOOD; i++) {
			(void)re_snprintf(who, sizeof(who), "F%02u-%03u", f,
					  i % 1000);
			bare_notify(&phone.bare, sub, i % 2 ? "terminated"
				    : "confirmed", i % 2 ? NULL : who);
			if (i % BURST == 0)
				burst_wait(&phone);
		}

		/* the state of the last one, as its name shows */
		await(LOST_MS, shows(&phone, who), "another state won");
		++right;

		q = ask(&phone);
		frames = (double)(bench_now_ns() - start) / 1e6 / UI_FRAME_MS
			+ 1;
		bench_add(&countv, (double)(q.pictures - p.pictures));
		bench_add(&per, (double)(q.pictures - p.pictures) / frames);
		pause_ms(50);
		p = ask(&phone);
	}

	bench_row("pictures of a flood", &countv, "");
	bench_row("pictures of a frame", &per, "");
	bench_wish("pictures of a frame, at most",
		   bench_percentile(&per, 100), 1, "");
	bench_wish("floods whose last state did not win", FLOODS - right, 0,
		   "");
	q = ask(&phone);
	bench_wish("malloc'd more after 100 floods",
		   ((double)q.used - (double)first.used) / 1e3, 16, "kB");
	bench_wish("resident more after 100 floods",
		   ((double)bench_rss(phone.pid) - (double)rss) / 1e3, 256,
		   "kB");

	bench_clear(&per);
	bench_clear(&countv);
	subject_end(&phone);
}


int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*h)(void);
	} partv[] = {
		{"speed",  bench_speed},
		{"size",   bench_size},
		{"memory", bench_memory},
		{"list",   bench_list},
		{"flood",  bench_flood},
	};

	(void)signal(SIGPIPE, SIG_IGN);

	if (argc == 3 && !strcmp(argv[1], "--floor"))
		floor_child(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "--phone"))
		phone_child(atoi(argv[2]));

	for (int k=1; k<argc; k++) {

		size_t i = 0;

		while (i < ARRAY_SIZE(partv) && strcmp(argv[k], partv[i].name))
			++i;
		if (i == ARRAY_SIZE(partv))
			fail("there are speed, size, memory, list, flood");
	}

	bench_begin("bench_blf");

	for (size_t i=0; i<ARRAY_SIZE(partv); i++) {

		bool wanted = argc < 2;

		for (int k=1; k<argc; k++)
			wanted |= !strcmp(argv[k], partv[i].name);
		if (wanted)
			partv[i].h();
	}

	return bench_end();
}
