/**
 * @file tests/lib/bench.c  What every benchmark needs
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "tests/lib/bench.h"


static unsigned wishc, reachedc;


static void first_line(char *buf, size_t sz, const char *path,
		       const char *key)
{
	FILE *f = fopen(path, "r");
	char line[256];

	buf[0] = '\0';

	while (f && fgets(line, sizeof(line), f)) {
		const char *p = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, strlen(key)))
			continue;
		str_ncpy(buf, *key && p ? p + 2 : line, sz);
		break;
	}

	if (f)
		(void)fclose(f);
}


void bench_begin(const char *name)
{
	char cpu[128], load[64];
	struct utsname un;

	wishc = reachedc = 0;

	first_line(cpu, sizeof(cpu), "/proc/cpuinfo", "model name");
	first_line(load, sizeof(load), "/proc/loadavg", "");
	load[strcspn(load, " ")] = '\0';
	(void)uname(&un);

	(void)printf("%s: parkdeck " PARKDECK_VERSION ", gcc " __VERSION__
#ifdef __OPTIMIZE__
		     ", optimized"
#else
		     ", NOT OPTIMIZED: the figures say little"
#endif
#ifdef __SANITIZE_ADDRESS__
		     ", SANITIZED: the figures say nothing"
#endif
		     "\n%s: %s, %ld CPUs, %s %s, load %s\n", name, name,
		     cpu[0] ? cpu : un.machine,
		     sysconf(_SC_NPROCESSORS_ONLN), un.sysname, un.release,
		     load);
	(void)fflush(stdout);
}


int bench_end(void)
{
	if (wishc)
		(void)printf("%u of %u wishes reached\n", reachedc, wishc);
	(void)fflush(stdout);

	return 0;
}


void bench_add(struct bench_set *set, double v)
{
	if (set->n >= set->size) {

		const size_t size = set->size ? 2 * set->size : 256;
		double *p = realloc(set->v, size * sizeof(*p));

		if (!p)
			return;

		set->v    = p;
		set->size = size;
	}

	set->v[set->n++] = v;
}


void bench_clear(struct bench_set *set)
{
	free(set->v);
	memset(set, 0, sizeof(*set));
}


static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}


double bench_percentile(struct bench_set *set, double percent)
{
	size_t i;

	if (!set->n)
		return 0;

	qsort(set->v, set->n, sizeof(set->v[0]), compare);
	i = (size_t)((double)set->n * percent / 100);

	return set->v[i < set->n ? i : set->n - 1];
}


double bench_median(struct bench_set *set)
{
	return bench_percentile(set, 50);
}


void bench_row(const char *what, struct bench_set *set, const char *unit)
{
	const double median = bench_median(set);

	(void)printf("  %-42s median %8.2f %s  p99 %8.2f %s  n=%zu\n", what,
		     median, unit, bench_percentile(set, 99), unit, set->n);
	(void)fflush(stdout);
}


void bench_line(const char *what, const char *fmt, ...)
{
	va_list ap;

	(void)printf("  %-42s ", what);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf("\n");
	(void)fflush(stdout);
}


void bench_wish(const char *what, double got, double limit,
		const char *unit)
{
	const bool reached = got <= limit;

	++wishc;
	reachedc += reached;

	(void)printf("> %-42s %8.2f %s  wished: %.2f %s: %s\n", what, got,
		     unit, limit, unit, reached ? "reached" : "MISSED");
	(void)fflush(stdout);
}


static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(id, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}


uint64_t bench_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}


uint64_t bench_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}


uint64_t bench_cpu_ns(pid_t pid)
{
	clockid_t id;

	return clock_getcpuclockid(pid, &id) ? 0 : clock_ns(id);
}


size_t bench_rss(pid_t pid)
{
	char path[64], text[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	first_line(text, sizeof(text), path, "VmRSS");

	return (size_t)strtoul(text, NULL, 10) * 1024;
}
