// SPDX-License-Identifier: MIT
/*
 * A loaded program: processes of threads that make numbered calls as fast as they can, and count them in a shared page.
 *
 *   load PAGE THREADS PROCESSES CALLS PAYLOADS ENDING AFTER
 *
 * Each thread makes CALLS calls (0: until the page says stop) of shutdown(-1, NUMBER), which fails at once; after every
 * PAYLOADS of them (0: never) also a send and a recv of 200 bytes. Each process ends by ENDING, when its first thread
 * has made AFTER calls (0: when all its threads have ended).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/load.h"

#define THREADS_MAX 64

static struct load_page *page;
static uint64_t calls, payloads;
static char **arguments;

static struct load_row *row_take(uint64_t first)
{
	uint32_t index = __atomic_fetch_add(&page->rows, 1, __ATOMIC_RELAXED);

	if (index >= LOAD_ROWS)
		abort();
	page->row[index].first = first;
	page->row[index].tid = (uint32_t)gettid();
	__atomic_store_n(&page->row[index].pid, (uint32_t)getpid(), __ATOMIC_RELEASE);
	return &page->row[index];
}

static void talk(const int ends[2])
{
	char bytes[200];

	memset(bytes, 'x', sizeof(bytes));
	if (send(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		recv(ends[1], bytes, sizeof(bytes), MSG_DONTWAIT);
}

/* Makes `count` calls, as far as the page allows. */
static void work(struct load_row *row, uint64_t count)
{
	volatile uint64_t *made = &row->made;
	int ends[2];

	if (payloads && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		abort();
	for (uint64_t i = 0; i < count || !count; i++) {
		if (shutdown(-1, (int)(row->first + i)) != -1 || errno != EBADF)
			abort();
		*made = i + 1;
		if (i == 0)
			__atomic_fetch_add(&page->running, 1, __ATOMIC_RELEASE);
		if (payloads && i % payloads == 0)
			talk(ends);
		if (__atomic_load_n(&page->stop, __ATOMIC_RELAXED))
			break;
	}
}

static void *thread_run(void *unused)
{
	work(row_take(0), calls);
	return NULL;
}

/* By `name`; an exec begins again, with numbers that go on, and its image returns in the end. */
static void process_end(const char *name, const struct load_row *row)
{
	int *volatile nowhere = NULL;
	char first[24];

	if (!strcmp(name, "abort"))
		abort();
	if (!strcmp(name, "segv"))
		*nowhere = 1;
	if (!strcmp(name, "kill"))
		raise(SIGKILL);
	if (!strcmp(name, "_exit"))
		_exit(3);
	if (!strcmp(name, "quick_exit"))
		quick_exit(3);
	if (strcmp(name, "exec"))
		exit(3);
	snprintf(first, sizeof(first), "%llu", (unsigned long long)(row->first + row->made));
	arguments[8] = first;
	execv("/proc/self/exe", arguments);
	abort();
}

static void process_run(unsigned threads, const char *ending, uint64_t after, uint64_t first)
{
	pthread_t started[THREADS_MAX];
	struct load_row *row = row_take(first);

	for (unsigned i = 1; i < threads; i++)
		if (pthread_create(&started[i], NULL, thread_run, NULL))
			abort();
	work(row, after ? after : calls);
	for (unsigned i = 1; i < threads && !after; i++)
		pthread_join(started[i], NULL);
	process_end(ending, row);
}

static void page_map(const char *path)
{
	int fd = open(path, O_RDWR);

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || page == MAP_FAILED)
		abort();
	close(fd);
}

int main(int argc, char **argv)
{
	char *own[] = {argv[0], argv[1], argv[2], argv[3], argv[4], argv[5], argv[6], argv[7], "0", NULL};
	unsigned threads, processes;

	if (argc < 8)
		return 2;
	arguments = own;
	page_map(argv[1]);
	threads = (unsigned)atoi(argv[2]);
	processes = (unsigned)atoi(argv[3]);
	calls = strtoull(argv[4], NULL, 10);
	payloads = strtoull(argv[5], NULL, 10);
	if (threads > THREADS_MAX)
		return 2;
	if (argc > 8)
		process_run(1, "exit", 0, strtoull(argv[8], NULL, 10));
	/* the parent only waits: it survives whatever happens to those that work */
	for (unsigned i = 0; i < processes; i++)
		if (fork() == 0)
			process_run(threads, argv[6], strtoull(argv[7], NULL, 10), 0);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
