/**
 * @file tests/lib/bench.h  What every benchmark needs: figures, wishes, clocks
 *
 * A benchmark says first what it ran on, then a line for each figure: median
 * and 99th percentile of its rounds. Where a figure was wished for, that
 * stands beside it with "reached" or "missed". A missed wish is no failure
 * of the benchmark: machines differ, and a busy one misses times.
 */
#ifndef PARKDECK_TESTS_BENCH_H
#define PARKDECK_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Figures of one thing that was measured again and again */
struct bench_set {
	double *v;
	size_t n;
	size_t size;
};

/** Say name, build and machine, how busy it is, and forget the wishes */
void bench_begin(const char *name);

/** Sum up: how many wishes were reached. @return Exit status, 0 */
int  bench_end(void);

/** Add a figure; without memory it is lost and the row says a lower n */
void bench_add(struct bench_set *set, double v);

/** Begin anew; frees it */
void bench_clear(struct bench_set *set);

/** @return Figure that `percent` of all are not above; 0 of none. Sorts */
double bench_percentile(struct bench_set *set, double percent);
double bench_median(struct bench_set *set);

/** Print a row: what, n, median, p99 */
void bench_row(const char *what, struct bench_set *set, const char *unit);

/** Print a row with a single figure; `fmt` as printf */
void bench_line(const char *what, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Print what a figure should be below (or at most), and whether it is */
void bench_wish(const char *what, double got, double limit,
		const char *unit);

/** Monotonic time [ns] */
uint64_t bench_now_ns(void);

/** Time of the day [ns], in which the kernel says when a datagram came */
uint64_t bench_wall_ns(void);

/** CPU time of a process so far, all its threads [ns]; pid 0: our own */
uint64_t bench_cpu_ns(pid_t pid);

/** Resident memory of a process [bytes] */
size_t bench_rss(pid_t pid);

#endif
