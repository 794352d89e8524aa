// SPDX-License-Identifier: MIT
/*
 * The work that tracers are measured on: one small call made over and over, in one or more threads, or processes that
 * start and end. Prints one JSON object with what a call cost. It must not know who traces it.
 *
 *   work MODE CALLS [THREADS]         MODE: a row of modes[]
 *   work pairs MODE CALLS [THREADS]   the same, and as much again past a preloaded tracer, taking turns
 *   work latency MODE CALLS           how long single calls took, up to p99.99
 *   work spawn COUNT PROGRAM...   starts PROGRAM so often, one after the other
 *   work threads COUNT CALLS      threads that all live at once, each making CALLS failing calls
 *   work processes COUNT CALLS    the same for processes
 *   work random CALLS             calls whose arguments are all different
 *   work objects MODE COUNT CALLS calls on so many objects of the mode's kind, in turns
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE	    64
#define PIECE	    128
#define THREADS_MAX 2048

extern char **environ;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the calls: `calls` of them at most, on what the thread opened --------------------------------------------- */

struct hands {
	int pair[2];
	int sem, queue, ready;
	unsigned path;
	char bytes[MESSAGE];
};

static void open_nothing(struct hands *hands)
{
}

static void open_pair(struct hands *hands)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, hands->pair))
		die("socketpair");
}

/* One end of a pair that there is something to read from, and an epoll that knows. */
static void open_ready(struct hands *hands)
{
	struct epoll_event event = {.events = EPOLLIN};

	open_pair(hands);
	hands->ready = epoll_create1(0);
	if (hands->ready < 0 || epoll_ctl(hands->ready, EPOLL_CTL_ADD, hands->pair[1], &event) ||
	    write(hands->pair[0], hands->bytes, 1) != 1)
		die("epoll_create1");
}

static void open_semaphore(struct hands *hands)
{
	hands->sem = semget(IPC_PRIVATE, 1, 0600);
	if (hands->sem < 0)
		die("semget");
}

static void close_semaphore(struct hands *hands)
{
	semctl(hands->sem, 0, IPC_RMID);
}

static void open_queue(struct hands *hands)
{
	hands->queue = msgget(IPC_PRIVATE, 0600);
	if (hands->queue < 0)
		die("msgget");
}

static void close_queue(struct hands *hands)
{
	msgctl(hands->queue, IPC_RMID, NULL);
}

/* As a program makes them: through its PLT, where tracers stand. */
#define WAY(name)  seen_##name
#define CALL(name) name
#include "bench/work_calls.h"
#undef WAY
#undef CALL

/* Past whatever was preloaded: the same calls, untraced, in the same process. */
static __typeof__(recv) *libc_recv;
static __typeof__(send) *libc_send;
static __typeof__(writev) *libc_writev;
static __typeof__(readv) *libc_readv;
static __typeof__(semop) *libc_semop;
static __typeof__(msgsnd) *libc_msgsnd;
static __typeof__(msgrcv) *libc_msgrcv;
static __typeof__(sendmsg) *libc_sendmsg;
static __typeof__(recvmsg) *libc_recvmsg;
static __typeof__(epoll_wait) *libc_epoll_wait;
static __typeof__(poll) *libc_poll;
static __typeof__(mmap) *libc_mmap;
static __typeof__(munmap) *libc_munmap;

#define WAY(name)  hidden_##name
#define CALL(name) libc_##name
#include "bench/work_calls.h"

static void libc_find(void)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY);

	if (!libc)
		die("libc.so.6");
	libc_recv = (__typeof__(libc_recv))dlsym(libc, "recv");
	libc_send = (__typeof__(libc_send))dlsym(libc, "send");
	libc_writev = (__typeof__(libc_writev))dlsym(libc, "writev");
	libc_readv = (__typeof__(libc_readv))dlsym(libc, "readv");
	libc_semop = (__typeof__(libc_semop))dlsym(libc, "semop");
	libc_msgsnd = (__typeof__(libc_msgsnd))dlsym(libc, "msgsnd");
	libc_msgrcv = (__typeof__(libc_msgrcv))dlsym(libc, "msgrcv");
	libc_sendmsg = (__typeof__(libc_sendmsg))dlsym(libc, "sendmsg");
	libc_recvmsg = (__typeof__(libc_recvmsg))dlsym(libc, "recvmsg");
	libc_epoll_wait = (__typeof__(libc_epoll_wait))dlsym(libc, "epoll_wait");
	libc_poll = (__typeof__(libc_poll))dlsym(libc, "poll");
	libc_mmap = (__typeof__(libc_mmap))dlsym(libc, "mmap");
	libc_munmap = (__typeof__(libc_munmap))dlsym(libc, "munmap");
}

static const struct mode {
	const char *name;
	int calls; /* made by one `call` */
	void (*open)(struct hands *hands);
	void (*call)(struct hands *hands);
	void (*hidden)(struct hands *hands);
	void (*close)(struct hands *hands);
} modes[] = {
	{"recv", 1, open_nothing, seen_recv, hidden_recv, open_nothing},
	{"ping", 2, open_pair, seen_ping, hidden_ping, open_nothing},
	{"writev", 2, open_pair, seen_vector, hidden_vector, open_nothing},
	{"semop", 2, open_semaphore, seen_semop, hidden_semop, close_semaphore},
	{"msg", 2, open_queue, seen_message, hidden_message, close_queue},
	{"mmap", 2, open_nothing, seen_map, hidden_map, open_nothing},
	{"sendmsg", 2, open_pair, seen_sendmsg, hidden_sendmsg, open_nothing},
	{"epoll", 1, open_ready, seen_epoll, hidden_epoll, open_nothing},
	{"poll", 1, open_ready, seen_poll, hidden_poll, open_nothing},
	{"deep", 1, open_nothing, seen_deep, hidden_deep, open_nothing},
	{"paths", 1, open_nothing, seen_paths, hidden_paths, open_nothing},
};

/* The mode of that name; ends the program when there is none. */
static const struct mode *mode_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	fprintf(stderr, "work: no mode '%s'\n", name);
	exit(2);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* ---- the mean of many calls ------------------------------------------------------------------------------------ */

struct worker {
	const struct mode *mode;
	long calls;
	bool pairs;
	double mean; /* of all calls that were seen, in ns */
	double seen; /* medians over pieces */
	double hidden, added;
	pthread_t thread;
};

static double median(double *values, long count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* One piece of the work, in ns a call. */
static double piece(const struct mode *mode, void (*call)(struct hands *), struct hands *hands)
{
	double start = now();

	for (int i = 0; i < PIECE; i++)
		call(hands);
	return (now() - start) / (double)(PIECE * mode->calls);
}

/*
 * Pieces seen and hidden take turns, about 100 us each: what disturbs the machine disturbs both, and the median of
 * their differences is what seeing costs.
 */
static void *work(void *argument)
{
	struct worker *worker = argument;
	const struct mode *mode = worker->mode;
	struct hands hands = {.bytes = ""};
	long pieces = worker->calls / mode->calls / PIECE + 1;
	double *seen = malloc((size_t)pieces * 3 * sizeof(*seen)), *hidden = seen + pieces, *added = hidden + pieces;

	if (!seen)
		die("malloc");
	mode->open(&hands);
	for (long i = 0; i < pieces; i++) {
		hidden[i] = worker->pairs ? piece(mode, mode->hidden, &hands) : 0;
		seen[i] = piece(mode, mode->call, &hands);
		added[i] = seen[i] - hidden[i];
		worker->mean += seen[i] / (double)pieces;
	}
	mode->close(&hands);
	worker->seen = median(seen, pieces);
	worker->hidden = median(hidden, pieces);
	worker->added = median(added, pieces);
	free(seen);
	return NULL;
}

static double clock_cost(void)
{
	double best = 1e9;

	for (int round = 0; round < 10; round++) {
		double start = now();
		for (int i = 0; i < 10000; i++)
			now();
		double cost = (now() - start) / 10000;
		best = cost < best ? cost : best;
	}
	return best;
}

static int run_work(const char *name, long calls, int threads, bool pairs)
{
	static struct worker workers[THREADS_MAX];
	const struct mode *mode = mode_find(name);
	double mean = 0, seen = 0, hidden = 0, added = 0, clock = clock_cost();
	struct rusage used;

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	for (int i = 0; i < threads; i++) {
		workers[i] = (struct worker){.mode = mode, .calls = calls, .pairs = pairs};
		if (i && pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("pthread_create");
	}
	work(&workers[0]);
	for (int i = 0; i < threads; i++) {
		if (i)
			pthread_join(workers[i].thread, NULL);
		mean += workers[i].mean / threads;
		seen += workers[i].seen / threads;
		hidden += workers[i].hidden / threads;
		added += workers[i].added / threads;
	}
	getrusage(RUSAGE_SELF, &used);
	printf("{\"mean\": %.2f, \"median\": %.2f, \"clock\": %.2f, \"rss\": %ld", mean, seen, clock, used.ru_maxrss);
	if (pairs)
		printf(", \"native\": %.2f, \"added\": %.2f", hidden, added);
	printf("}\n");
	return 0;
}

static int run_calls(int argc, char **argv)
{
	return run_work(argv[1], atol(argv[2]), argc > 3 ? atoi(argv[3]) : 1, false);
}

static int run_pairs(int argc, char **argv)
{
	libc_find();
	return run_work(argv[2], atol(argv[3]), argc > 4 ? atoi(argv[4]) : 1, true);
}

/* ---- single calls ---------------------------------------------------------------------------------------------- */

static int run_latency(int argc, char **argv)
{
	static const double shares[] = {0.5, 0.9, 0.99, 0.999, 0.9999, 1};
	static const char *const names[] = {"p50", "p90", "p99", "p99.9", "p99.99", "max"};
	const struct mode *mode = mode_find(argv[2]);
	long count = argc > 3 ? atol(argv[3]) : 1000000;
	double *took = malloc((size_t)count * sizeof(*took)), before, after;
	struct hands hands = {.bytes = ""};

	if (!took || count < 1)
		return 2;
	/* not with zeros: the compiler would ask for zeroed memory, each page of which is a fault when it is used */
	memset(took, 1, (size_t)count * sizeof(*took));
	mode->open(&hands);
	for (long i = 0; i < count / 10; i++)
		mode->call(&hands);
	before = now();
	for (long i = 0; i < count; i++) {
		mode->call(&hands);
		after = now();
		took[i] = (after - before) / mode->calls;
		before = after;
	}
	mode->close(&hands);
	qsort(took, (size_t)count, sizeof(*took), compare);
	for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		long at = (long)(shares[i] * (double)count);
		printf("%s\"%s\": %.0f", i ? ", " : "{", names[i], took[at < count ? at : count - 1]);
	}
	printf("}\n");
	free(took);
	return 0;
}

/* ---- many threads, many processes ------------------------------------------------------------------------------ */

static int run_spawn(int argc, char **argv)
{
	int count = atoi(argv[2]), status;
	double *took = calloc((size_t)count + 1, sizeof(*took)), begin = now();
	pid_t child;

	for (int i = 0; took && i < count; i++) {
		double start = now();
		if (posix_spawn(&child, argv[3], NULL, NULL, argv + 3, environ) || waitpid(child, &status, 0) != child)
			die(argv[3]);
		took[i] = now() - start;
	}
	if (!took || count < 1)
		return 2;
	double mean = (now() - begin) / count;
	qsort(took, (size_t)count, sizeof(*took), compare);
	printf("{\"mean\": %.0f, \"median\": %.0f}\n", mean, took[count / 2]);
	free(took);
	return 0;
}

static pthread_barrier_t barrier;

static void *thread_calls(void *argument)
{
	struct hands hands = {.bytes = ""};

	pthread_barrier_wait(&barrier);
	for (long i = *(const long *)argument; i > 0; i--)
		seen_recv(&hands);
	return NULL;
}

static int run_threads(int argc, char **argv)
{
	static pthread_t threads[THREADS_MAX];
	int count = atoi(argv[2]);
	long calls = argc > 3 ? atol(argv[3]) : 0;
	pthread_attr_t attributes;
	double start = now();

	if (count < 1 || count > THREADS_MAX)
		return 2;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, thread_calls, &calls))
			die("pthread_create");
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("{\"mean\": %.2f}\n", (now() - start) / ((double)count * (double)(calls ? calls : 1)));
	return 0;
}

static int run_processes(int argc, char **argv)
{
	int count = atoi(argv[2]);
	long calls = argc > 3 ? atol(argv[3]) : 0;
	struct hands hands = {.bytes = ""};
	double start = now();

	for (int i = 0; i < count; i++) {
		pid_t child = fork();
		if (child < 0)
			die("fork");
		for (long call = 0; !child && call < calls; call++)
			seen_recv(&hands);
		if (!child)
			_exit(0);
	}
	while (wait(NULL) > 0)
		;
	printf("{\"mean\": %.2f}\n", (now() - start) / ((double)count * (double)(calls ? calls : 1)));
	return 0;
}

static int run_random(int argc, char **argv)
{
	uint64_t state = 88172645463325252ull;
	long calls = atol(argv[2]);
	double start = now();

	for (long i = 0; i < calls; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		ssize_t got = pread((int)(1000 + state % 7), (void *)(0x10000 + (state >> 30) % 4096 * 8192),
				    512 + state % 8192, (off_t)((state >> 40) * 512));
		if (got >= 0)
			die("pread");
	}
	printf("{\"mean\": %.2f}\n", (now() - start) / (double)calls);
	return 0;
}

static int run_objects(int argc, char **argv)
{
	const struct mode *mode = mode_find(argv[2]);
	long count = atol(argv[3]), calls = argc > 4 ? atol(argv[4]) : 0;
	struct hands *hands = calloc((size_t)(count > 0 ? count : 1), sizeof(*hands));
	struct rlimit files;

	if (!hands || count < 1)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (long i = 0; i < count; i++)
		mode->open(&hands[i]);
	double start = now();
	for (long i = 0; i < calls / mode->calls; i++)
		mode->call(&hands[i % count]);
	printf("{\"mean\": %.2f}\n", (now() - start) / (double)(calls ? calls : 1));
	for (long i = 0; i < count; i++)
		mode->close(&hands[i]);
	free(hands);
	return 0;
}

static const struct job {
	const char *name;
	int arguments;
	int (*run)(int argc, char **argv);
} jobs[] = {
	{"pairs", 2, run_pairs},     {"latency", 1, run_latency},     {"spawn", 2, run_spawn},
	{"threads", 1, run_threads}, {"processes", 1, run_processes}, {"random", 1, run_random},
	{"objects", 2, run_objects},
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 1 && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (!strcmp(argv[1], jobs[i].name) && argc > 1 + jobs[i].arguments)
			return jobs[i].run(argc, argv);
	if (argc < 3) {
		fprintf(stderr, "usage: work MODE CALLS [THREADS]; see the head of bench/work.c\n");
		return 2;
	}
	return run_calls(argc, argv);
}
