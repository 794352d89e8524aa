// SPDX-License-Identifier: MIT
/*
 * Pipes by which a program wakes itself, and connections on which there is something at once, or later.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "luck.h"

static void ring(int fd, char byte)
{
	if (write(fd, &byte, 1) != 1)
		err(1, "write");
}

static void answer(int fd, size_t most)
{
	char bytes[8];

	if (read(fd, bytes, most) < 0)
		err(1, "read");
}

/*
 * A handler of signals says over a pipe to its own process which one has come. Late: both have come when it looks.
 * Wrong: the second one is another. Less: only the first one is heard of.
 */
int luck_bell(const char *event)
{
	bool is_early = !strcmp(event, "early");
	int bell[2], said[2];

	if (pipe(bell) || socketpair(AF_UNIX, SOCK_DGRAM, 0, said))
		err(1, "pipe");
	ring(bell[1], 15);
	if (is_early)
		answer(bell[0], 8);
	(void)!send(said[0], "one has come", 12, 0);
	ring(bell[1], !strcmp(event, "wrong") ? 12 : 17);
	answer(bell[0], !strcmp(event, "less") ? 1 : 8);
	(void)!send(said[0], "both have come", 14, 0);
	return 0;
}

#define WAKES 3

static int waker[2], work[2];
static pthread_barrier_t barrier;

static void *wake(void *argument)
{
	const char *event = argument;

	for (int i = 0; i < WAKES; i++) {
		/* Late: the other one has looked for the last time. */
		if (i == WAKES - 1 && !strcmp(event, "late"))
			pthread_barrier_wait(&barrier);
		ring(waker[1], 'w');
		(void)!send(work[0], "done", 4, 0);
	}
	if (strcmp(event, "late"))
		pthread_barrier_wait(&barrier);
	return NULL;
}

/* Late: the last wake-up comes when nobody looks any more. Less: one is left that was there when somebody looked. */
int luck_left(const char *event)
{
	pthread_t other;

	if (pipe(waker) || socketpair(AF_UNIX, SOCK_DGRAM, 0, work) || pthread_barrier_init(&barrier, NULL, 2) ||
	    pthread_create(&other, NULL, wake, (void *)(uintptr_t)event))
		err(1, "cannot begin");
	if (strcmp(event, "late"))
		pthread_barrier_wait(&barrier);
	for (int i = 0; i < (strcmp(event, "early") ? WAKES - 1 : WAKES); i++)
		answer(waker[0], 1);
	if (!strcmp(event, "late"))
		pthread_barrier_wait(&barrier);
	pthread_join(other, NULL);
	return 0;
}

#define CONNECTIONS 3

static int connect_to(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		err(1, "connect");
	return fd;
}

static int listen_anywhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (listener < 0 || bind(listener, (struct sockaddr *)address, sizeof(*address)) ||
	    listen(listener, CONNECTIONS) || getsockname(listener, (struct sockaddr *)address, &size))
		err(1, "listen");
	return listener;
}

/* Early: the first connection is reset; late: the others are. Wrong: all are. Less: none is closed in any way. */
int luck_farewells(const char *event)
{
	struct linger reset = {.l_onoff = 1};
	struct sockaddr_in address;
	int listener = listen_anywhere(&address), fds[CONNECTIONS];

	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = connect_to(&address);
	for (int i = 0; i < CONNECTIONS; i++) {
		bool is_reset = !strcmp(event, "wrong") || (i == 0) == !strcmp(event, "early");
		if (is_reset && setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
			err(1, "setsockopt");
		if (strcmp(event, "less"))
			close(fds[i]);
	}
	close(listener);
	return 0;
}

/* Takes what a client has said; late: when that has come only after it was asked for. */
static void serve(int epoll, int connection, int client, const char *event)
{
	struct epoll_event wanted = {.events = EPOLLIN};
	bool is_late = !strcmp(event, "late");
	char text[8];

	if (!is_late)
		(void)!send(client, "hello", 5, 0);
	if (is_late && recv(connection, text, sizeof(text), MSG_DONTWAIT) >= 0)
		errx(1, "it came by itself");
	if (is_late || !strcmp(event, "wrong"))
		epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &wanted);
	if (is_late)
		(void)!send(client, "hello", 5, 0);
	if (is_late)
		epoll_wait(epoll, &wanted, 1, -1);
	if (recv(connection, text, sizeof(text), 0) != 5)
		err(1, "recv");
}

/* Late: nothing is there when the connection is looked at first. Wrong: it is waited for all the same. */
int luck_asked(const char *event)
{
	struct sockaddr_in address;
	int listener = listen_anywhere(&address), epoll = epoll_create1(0), client = connect_to(&address);
	int connection = accept(listener, NULL, NULL);

	serve(epoll, connection, client, event);
	close(connection);
	close(client);
	return 0;
}

#define PAGE 64

static void wait_for(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	if (poll(&wanted, 1, -1) != 1)
		err(1, "poll");
}

/* Reads of the file what the connection asks for, and answers. */
static void answer_from(int connection, int file, off_t place)
{
	char text[PAGE];

	wait_for(connection);
	if (recv(connection, text, sizeof(text), 0) < 0 || pread(file, text, PAGE, place) != PAGE ||
	    send(connection, text, PAGE, 0) != PAGE)
		err(1, "cannot answer");
}

/*
 * A file that was opened for one connection is read for another one, too. Late: when the first one is closed already;
 * and what is left is closed in another order. Wrong: another piece of it. Less: the last file stays open.
 */
int luck_served(const char *event)
{
	bool is_late = !strcmp(event, "late");
	struct sockaddr_in address;
	int listener = listen_anywhere(&address), clients[2], connections[2];
	int files[2] = {open("/etc/group", O_RDONLY), open("/etc/passwd", O_RDONLY)};

	for (int i = 0; i < 2; i++) {
		clients[i] = connect_to(&address);
		wait_for(listener);
		connections[i] = accept(listener, NULL, NULL);
		(void)!send(clients[i], i ? "second" : "first", i ? 6 : 5, 0);
	}
	wait_for(connections[0]);
	int file = open("/proc/self/exe", O_RDONLY);
	answer_from(connections[0], file, 0);
	if (is_late)
		close(connections[0]);
	answer_from(connections[1], file, strcmp(event, "wrong") ? 128 : 192);
	if (!is_late)
		close(connections[0]);
	close(connections[1]);
	close(file);
	close(listener);
	for (int i = 0; i < 2; i++)
		close(clients[i]);
	close(files[is_late]);
	if (strcmp(event, "less"))
		close(files[!is_late]);
	return 0;
}
