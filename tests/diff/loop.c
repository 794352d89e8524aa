// SPDX-License-Identifier: MIT
/*
 * A server whose loop has a timer, and its client, for the tests of diff: when the timer is served and in which order a
 * long list is said, which is chance elsewhere, is said to it. In the current folder it leaves `ticks` and `loop.sock`.
 *
 *   loop [due=N]... [order=N] [pieces=N] [memory=N] [tick=swapped|shorter] [list=changed] [changed=N] [elsewhere=N]
 *
 * With due=N it works on request N until the timer is due; with memory=N its allocator needs more for it, and with
 * changed=N another answer is given; with elsewhere=N the other client gets it.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS    8
#define CLIENTS	    2
#define PERIOD_MS   400
#define ENTRIES	    200
#define ENTRY_BYTES 60

static int words_count;
static char **words;
static int64_t deadline; /* ms */
static int loop_fd;
static int clients[CLIENTS], clients_count;

static bool has(const char *word)
{
	for (int i = 1; i < words_count; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static int number(const char *name, int otherwise)
{
	for (int i = 1; i < words_count; i++)
		if (!strncmp(words[i], name, strlen(name)))
			return atoi(words[i] + strlen(name));
	return otherwise;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tick(void)
{
	int fd = open("ticks", O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		err(1, "ticks");
	if (has("tick=swapped"))
		(void)!pwrite(fd, "tick", 4, 0);
	fcntl(fd, F_GETFD);
	if (!has("tick=swapped") && !has("tick=shorter"))
		(void)!pwrite(fd, "tick", 4, 0);
	close(fd);
}

/* A list in the order asked for, in three pieces, of which the first two have `pieces` entries. */
static void say_list(int fd)
{
	char list[ENTRIES * ENTRY_BYTES];
	int step = number("order=", 1), piece = number("pieces=", 70) * ENTRY_BYTES;
	struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};

	for (int i = 0; i < ENTRIES; i++) {
		int entry = i * step % ENTRIES;
		char *at = list + i * ENTRY_BYTES;
		memset(at, 'A' + entry / 4, ENTRY_BYTES);
		at[0] = (char)('0' + entry % 10);
		at[ENTRY_BYTES - 1] = '\n';
		if (entry == 77 && has("list=changed"))
			at[30] = '!';
	}
	for (int from = 0, i = 0; from < (int)sizeof(list); from += piece, i++) {
		int size = i == 2 || from + piece > (int)sizeof(list) ? (int)sizeof(list) - from : piece;
		if (send(fd, list + from, (size_t)size, 0) != size)
			err(1, "send");
		epoll_ctl(loop_fd, EPOLL_CTL_MOD, fd, &wanted);
		if (i == 2)
			break;
	}
}

static void answer(int fd, int request)
{
	char due[16];

	if (number("memory=", 0) == request)
		mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (number("elsewhere=", 0) == request)
		fd = clients[fd == clients[0]];
	if (request == REQUESTS)
		say_list(fd);
	else if (send(fd, number("changed=", 0) == request ? "anSwer" : "answer", 6, 0) < 0)
		err(1, "send");
	snprintf(due, sizeof(due), "due=%d", request);
	while (has(due) && now_ms() < deadline)
		usleep(10000);
}

static void take(int fd, int listener, int *closed)
{
	struct epoll_event wanted = {.events = EPOLLIN};
	char text[64] = "";

	if (fd == listener) {
		wanted.data.fd = clients[clients_count++] = accept(listener, NULL, NULL);
		epoll_ctl(loop_fd, EPOLL_CTL_ADD, wanted.data.fd, &wanted);
	} else if (recv(fd, text, sizeof(text) - 1, 0) > 0) {
		answer(fd, atoi(text));
	} else {
		close(fd);
		++*closed;
	}
}

static void serve(int listener)
{
	struct epoll_event ready[4] = {{.events = EPOLLIN, .data.fd = listener}};
	int closed = 0;

	loop_fd = epoll_create1(0);
	epoll_ctl(loop_fd, EPOLL_CTL_ADD, listener, ready);
	deadline = now_ms() + PERIOD_MS;
	while (closed < CLIENTS) {
		int64_t left = deadline - now_ms();
		int count = epoll_wait(loop_fd, ready, 4, left > 0 ? (int)left : 0);
		for (int i = 0; i < count; i++)
			take(ready[i].data.fd, listener, &closed);
		if (now_ms() < deadline)
			continue;
		tick();
		deadline = now_ms() + PERIOD_MS;
	}
}

static void hear_list(int fd)
{
	char text[4096];
	long left = ENTRIES * ENTRY_BYTES;

	while (left > 0) {
		ssize_t got = recv(fd, text, sizeof(text), 0);
		if (got <= 0)
			errx(1, "the list is too short");
		left -= got;
	}
}

static void ask(const struct sockaddr_un *address)
{
	int fds[CLIENTS];
	char text[64];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fds[i], (const struct sockaddr *)address, sizeof(*address)))
			err(1, "connect");
	}
	for (int request = 1; request <= REQUESTS; request++) {
		int fd = fds[request % CLIENTS];
		if (send(fd, text, (size_t)snprintf(text, sizeof(text), "%d", request), 0) < 0)
			err(1, "send");
		if (request == REQUESTS)
			hear_list(fd);
		else if (recv(fds[(request + (number("elsewhere=", 0) == request)) % CLIENTS], text, sizeof(text), 0) <
			 0)
			err(1, "recv");
	}
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

static void *do_nothing(void *argument)
{
	return argument;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "loop.sock"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t thread;

	alarm(30);
	words_count = argc;
	words = argv;
	unlink("loop.sock");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, CLIENTS))
		err(1, "loop.sock");
	pid_t pid = fork();
	if (!pid) {
		alarm(30);
		ask(&address);
		_exit(0);
	}
	if (pthread_create(&thread, NULL, do_nothing, NULL) || pthread_join(thread, NULL))
		errx(1, "no thread");
	serve(listener);
	return waitpid(pid, NULL, 0) != pid;
}
