// SPDX-License-Identifier: MIT
/*
 * Ports: those that a program draws by lot, and those that it is told, to which it comes in another order.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "luck.h"

/* Where nobody else listens. */
#define NOWHERE "127.98.76.54"

static struct sockaddr_in address_of(uint16_t port, const char *host)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, host, &address.sin_addr);
	return address;
}

static int listen_at(uint16_t port, const char *host)
{
	struct sockaddr_in address = address_of(port, host);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
		err(1, "cannot listen");
	return listener;
}

/* Says where it listens as FTP does. */
static void announce(int fd, uint16_t port)
{
	char text[60];
	int size =
		snprintf(text, sizeof(text), "227 Entering Passive Mode (127,98,76,54,%u,%u).", port >> 8, port & 255);

	if (write(fd, text, (size_t)size) != size)
		err(1, "write");
}

/*
 * Early and late: two listeners, one after the other, each at a port that is drawn. Wrong: the second one listens
 * elsewhere. Less: the first one is not closed before the second one is there.
 */
int luck_ports(const char *event)
{
	const uint16_t early[] = {21017, 9304}, late[] = {15733, 30211};
	const uint16_t *ports = strcmp(event, "early") ? late : early;
	int pair[2], first = -1;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	for (int i = 0; i < 2; i++) {
		int listener = listen_at(ports[i], i && !strcmp(event, "wrong") ? "127.98.76.55" : NOWHERE);
		announce(pair[0], ports[i]);
		if (!strcmp(event, "less") && !i) {
			first = listener;
			continue;
		}
		close(listener);
	}
	if (first >= 0)
		close(first);
	return 0;
}

struct visit {
	pthread_barrier_t *barrier;
	uint16_t port;
	bool is_first;
};

static void *connect_once(void *argument)
{
	const struct visit *visit = argument;
	struct sockaddr_in address = address_of(visit->port, NOWHERE);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!visit->is_first)
		pthread_barrier_wait(visit->barrier);
	(void)!connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (visit->is_first)
		pthread_barrier_wait(visit->barrier);
	close(fd);
	return NULL;
}

/* Late: the second of two threads connects first. Wrong: likewise, and to another port. */
int luck_visits(const char *event)
{
	bool is_late = strcmp(event, "early") != 0;
	pthread_barrier_t barrier;
	struct visit visits[] = {{&barrier, 7101, !is_late},
				 {&barrier, !strcmp(event, "wrong") ? 7103 : 7102, is_late}};
	pthread_t threads[2];

	pthread_barrier_init(&barrier, NULL, 2);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, connect_once, &visits[i]))
			err(1, "pthread_create");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
