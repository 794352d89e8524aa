// SPDX-License-Identifier: MIT
/*
 * What posix_trace_event() costs, beside a call through the linkage table that does nothing: ns a call, in rounds in
 * which all take their turn. What a loaded machine adds is not of interest: of many short rounds the tenth of the
 * quickest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trace.h>

#define ROUNDS 201
#define CALLS  10000

static trace_event_id_t event;
static trace_id_t trid;
static char data[64];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* A call through the linkage table that looks at its arguments and does nothing. */
static void empty(void)
{
	for (int i = 0; i < CALLS; i++)
		posix_trace_eventid_equal(trid, event, (trace_event_id_t)i);
}

static void with_16(void)
{
	for (int i = 0; i < CALLS; i++)
		posix_trace_event(event, data, 16);
}

static void with_64(void)
{
	for (int i = 0; i < CALLS; i++)
		posix_trace_event(event, data, sizeof(data));
}

static void with_none(void)
{
	for (int i = 0; i < CALLS; i++)
		posix_trace_event(event, NULL, 0);
}

static void create(void)
{
	posix_trace_create(0, NULL, &trid);
}

static void start(void)
{
	posix_trace_create(0, NULL, &trid);
	posix_trace_start(trid);
}

/* A stream that has gone round already. */
static void start_full(void)
{
	trace_attr_t attr;

	posix_trace_attr_init(&attr);
	posix_trace_attr_setstreamsize(&attr, 64u << 10);
	posix_trace_create(0, &attr, &trid);
	posix_trace_start(trid);
	with_64();
}

static void start_filtered(void)
{
	trace_event_set_t set;

	posix_trace_eventset_fill(&set, POSIX_TRACE_ALL_EVENTS);
	start();
	posix_trace_set_filter(trid, &set, POSIX_TRACE_SET_EVENTSET);
}

static void end(void)
{
	posix_trace_shutdown(trid);
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*before)(void), (*calls)(void), (*after)(void);
} cases[] = {
	{"an empty call", nothing, empty, nothing},   {"no stream", nothing, with_16, nothing},
	{"stream suspended", create, with_16, end},   {"event filtered", start_filtered, with_16, end},
	{"recorded, no data", start, with_none, end}, {"recorded, 16 bytes", start, with_16, end},
	{"recorded, 64 bytes", start, with_64, end},  {"overwriting, 16 bytes", start_full, with_16, end},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static int compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

int main(void)
{
	double times[CASES][ROUNDS];

	posix_trace_eventid_open("bench", &event);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < CASES; i++) {
			cases[i].before();
			double begin = now();
			cases[i].calls();
			times[i][round] = (now() - begin) / CALLS;
			cases[i].after();
		}
	}
	for (size_t i = 0; i < CASES; i++) {
		qsort(times[i], ROUNDS, sizeof(double), compare);
		printf("%-21s %6.1f ns\n", cases[i].name, times[i][ROUNDS / 10]);
	}
	return 0;
}
